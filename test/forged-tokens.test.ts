import { createHmac, createPublicKey, type JsonWebKeyInput, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { Agent } from "node:http";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startGatewarden } from "../src/index.ts";
import type { ReadyFile } from "../src/server/ready-file.ts";
import { gatewarden, type Serving, serve } from "./support/command-line.ts";
import { ask, inParallel, type Reply, until } from "./support/http.ts";
import { makeProject } from "./support/project.ts";

/*
 * Ten thousand tokens that somebody made up, at the demo as it is started from the command line: none gets in, the
 * process does not grow with them, none is to be found anywhere afterwards, and whoever has a good one is served.
 */

const FORGED = 10_000;
/** Until here the process warms up: compiled code, ten environments of the authorizer, a full ring of records. */
const WARM_UP = 5_000;
/** Of the whole process with its ten authorizer environments, whose garbage comes and goes. */
const GROWTH_LIMIT_BYTES = 128 * 1024 * 1024;
/** Of what is still referenced in the gateway itself. */
const HEAP_GROWTH_LIMIT_BYTES = 4 * 1024 * 1024;
/** Processor time: on a machine with other work the clock says little. */
const CPU_LIMIT_SECONDS = 20;
/** Thousands of requests: on a slow, busy machine minutes of them. */
const LONG_MS = 240_000;

const project = makeProject();
let demo: Serving;
let ready: ReadyFile;
let pets: string;
let good: string;
const agent = new Agent({ keepAlive: true, maxSockets: 32 });

beforeAll(async () => {
  demo = await serve(["demo", "--port", "0", "--issuer-port", "0"], { cwd: project.folder });
  ready = demo.json as unknown as ReadyFile;
  pets = `${ready.apis[0]?.stages[0]?.url}/pets`;
  good = (await gatewarden(["token", "--scope", "read:pets"], { cwd: project.folder })).stdout.trim();
});
afterAll(async () => {
  agent.destroy();
  await demo.stop();
  project.remove();
});

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Every kind of forgery in turn, each token another one; answers it with the part that must not be found again. */
async function forger(): Promise<(at: number) => { token: string; secret: string }> {
  const [head = "", body = "", signature = ""] = good.split(".");
  const header = JSON.parse(Buffer.from(head, "base64url").toString()) as Record<string, unknown>;
  const claims = JSON.parse(Buffer.from(body, "base64url").toString()) as Record<string, unknown>;
  const jwks = (await (await fetch(`${ready.issuer}.well-known/jwks.json`)).json()) as {
    keys: JsonWebKeyInput["key"][];
  };
  const pem = createPublicKey({ key: jwks.keys[0] ?? {}, format: "jwk" }).export({
    type: "spki",
    format: "pem",
  });
  const noise = (): string => randomBytes(256).toString("base64url");
  const kinds: ((at: number) => [string, string, string])[] = [
    () => [head, body, noise()],
    (at) => [head, encode({ ...claims, sub: `admin-${at}` }), signature],
    (at) => [encode({ ...header, alg: "none" }), encode({ ...claims, at }), ""],
    (at) => [encode({ ...header, kid: `invented-${at}` }), body, noise()],
    (at) => {
      const signed = `${encode({ ...header, alg: "HS256" })}.${encode({ ...claims, at })}`;
      const [first = "", second = ""] = signed.split(".");
      return [first, second, createHmac("sha256", pem).update(signed).digest("base64url")];
    },
    (at) => [encode({ ...header, jku: `http://127.0.0.1:1/${at}`, jwk: jwks.keys[0] }), body, noise()],
    (at) => [encode({ ...header, crit: ["exp"], at }), body, noise()],
    (at) => [encode({ ...header, kid: `../../etc/passwd-${at}` }), body, noise()],
    (at) => [head, encode({ ...claims, iss: `https://evil-${at}.example/` }), noise()],
    (at) => [head, body, `${signature.slice(0, -6)}${String(at).padStart(6, "0")}`],
    () => [noise(), noise(), noise()],
  ];
  return (at) => {
    const parts = kinds[at % kinds.length]?.(at) ?? ["", "", ""];
    return { token: parts.join("."), secret: parts[2] === "" ? parts[1] : parts[2] };
  };
}

/** Of the demo, all its threads. */
function cpuSeconds(): number {
  if (process.platform !== "linux") return 0;
  const fields = readFileSync(`/proc/${demo.child.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  const TICKS_PER_SECOND = 100;
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function residentBytes(): number {
  if (process.platform !== "linux") return 0;
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${demo.child.pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) * 1024;
}

/**
 * Asks again while the authorizer cannot tell: each of its environments waits 1.5 s for the keys when it begins, which is
 * less than a busy machine may take to give them.
 */
function decided(url: string, token: string): Promise<Reply> {
  return until("the authorizer to have its keys", async () => {
    const reply = await ask(url, { agent, headers: ["Authorization", `Bearer ${token}`] });
    return reply.errorType !== "AuthorizerConfigurationException" && reply;
  });
}

test("ten thousand forged tokens get nowhere, leave nothing behind and keep nobody out", {
  timeout: LONG_MS,
}, async () => {
  const forge = await forger();
  const answers = new Map<string, number>();
  const secrets: string[] = [];
  let warm = 0;
  const began = cpuSeconds();
  await inParallel(FORGED, 32, async (at) => {
    if (at === WARM_UP) warm = residentBytes();
    const { token, secret } = forge(at);
    // The signature that the good token and the tampered ones share is looked for once, below.
    if (token !== good && secret !== good.split(".")[2]) secrets.push(secret);
    const { status, body } = await decided(pets, token);
    const answer = `${status} ${body}`;
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
  });
  const usedSeconds = cpuSeconds() - began;
  const grownBytes = residentBytes() - warm;
  expect([...answers.keys()]).toEqual(['401 {"message":"Unauthorized"}']);
  expect(usedSeconds).toBeLessThan(CPU_LIMIT_SECONDS);
  expect(grownBytes).toBeLessThan(GROWTH_LIMIT_BYTES);

  const served = await ask(pets, { headers: ["Authorization", `Bearer ${good}`] });
  expect(served).toMatchObject({ status: 200, body: expect.stringContaining('"dog"') });

  const projectToken = readFileSync(join(project.folder, ".gatewarden/token"), "utf8").trim();
  const own = async (path: string): Promise<string> =>
    (await ask(`${ready.gateway}/_gatewarden/${path}`, { headers: ["Authorization", `Bearer ${projectToken}`] })).body;
  const requests = await own("requests");
  expect((JSON.parse(requests) as { requests: unknown[] }).requests).toHaveLength(1_000);
  const explained = await gatewarden(["explain"], { cwd: project.folder });
  const everything = [requests, await own("metrics"), await own("health"), explained.stdout, demo.stderr()].join("\n");
  expect(everything.length).toBeGreaterThan(1_000_000);
  secrets.push(good.split(".")[2] ?? "");
  expect(secrets.length).toBeGreaterThan(8_000);
  // What could be a part of a token at all; looking through everything for each would take minutes.
  const suspicious = [...new Set(everything.match(/[\w-]{60,}/g) ?? [])].join("\n");
  expect(secrets.filter((secret) => suspicious.includes(secret.slice(0, 60)))).toEqual([]);
  expect(everything).not.toContain(projectToken);
  expect(demo.stderr()).not.toContain("defect");
});

test("what a gateway remembers of refused tokens is bounded", { timeout: LONG_MS }, async () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  const gateway = await startGatewarden({
    config: join(import.meta.dirname, "../examples/petstore/gatewarden.yaml"),
    dataDir: project.path("in-process"),
  });
  try {
    const signed = gateway.token().split(".").slice(0, 2).join(".");
    const refuse = async (count: number): Promise<number> => {
      await inParallel(count, 32, async () => {
        const token = `${signed}.${randomBytes(256).toString("base64url")}`;
        const { status } = await decided(`${gateway.url()}/pets`, token);
        expect(status).toBe(401);
      });
      collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    const warm = await refuse(1_200);
    const grownBytes = (await refuse(1_200)) - warm;
    expect(gateway.requests()).toHaveLength(1_000);
    expect(grownBytes).toBeLessThan(HEAP_GROWTH_LIMIT_BYTES);
  } finally {
    await gateway.stop();
  }
});
