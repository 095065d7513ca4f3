/**
 * What the development issuer costs: a token signed beside the bare signature, and a start of the same gateway with and
 * without it, keys present.
 */
import { spawn } from "node:child_process";
import { sign } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fixedTenantStore } from "../src/issuer/fixtures/fixed-tenant-store.ts";
import { createIssuer } from "../src/issuer/issuer.ts";
import { openKeyRing } from "../src/issuer/keys/keys.ts";
import { openStateFolder } from "../src/issuer/state-folder.ts";
import { deriveTenant } from "../src/issuer/tenant/derived-tenant.ts";
import { createMemoryDocuments } from "../src/store/memory-documents.ts";
import { residentMb } from "./load/pinned-process.ts";
import { type BenchOptions, type Figure, ratios, samplesOf, spreadOf, takeTurns } from "./measurement.ts";

const BIN = join(import.meta.dirname, "../bin/gatewarden.js");
/** Names no issuer, so that it starts with and without one. */
const API = `openapi: 3.0.1
info: { title: pets, version: "1" }
paths:
  /pets:
    get:
      responses: { "200": { description: pets } }
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: { application/json: '{"statusCode": 200}' }
        responses: { default: { statusCode: "200" } }
`;
const AUDIENCE = "https://bench.example";
const SCOPES = ["read:pets", "create:pets"];

export async function measure(options: BenchOptions): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "gatewarden-bench-"));
  try {
    return [...(await measureSigning(folder, options)), ...(await measureStart(folder, options))];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureSigning(dataDir: string, { quick }: BenchOptions): Promise<Figure[]> {
  const folder = openStateFolder(dataDir);
  const keys = await openKeyRing(folder);
  const tenant = await deriveTenant(folder, { project: "bench", apis: [{ identifier: AUDIENCE, scopes: SCOPES }] });
  const issuer = createIssuer({
    issuerUrl: "http://localhost:4567/",
    tenants: fixedTenantStore(tenant),
    keys,
    folder,
    documents: createMemoryDocuments,
  });
  const token = issuer.mint();
  const data = Buffer.from(token.slice(0, token.lastIndexOf(".")));
  const { clientId, clientSecret } = tenant.clients[0]!;
  const asked = {
    method: "POST",
    target: "/oauth/token",
    headers: ["Host", "localhost:4567", "Content-Type", "application/json"],
    body: Buffer.from(
      JSON.stringify({
        grant_type: "client_credentials",
        client_id: clientId,
        client_secret: clientSecret,
        audience: AUDIENCE,
      }),
    ),
  };
  const per = quick ? 20 : 100;
  /** Microseconds of processor time for one, over `per` of them. */
  const timed = (one: () => unknown) => async (): Promise<number> => {
    const before = process.cpuUsage();
    for (let index = 0; index < per; index++) await one();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / per;
  };
  const contenders = [
    { name: "raw", measure: timed(() => sign("sha256", data, keys.current.privateKey)) },
    { name: "minted", measure: timed(() => issuer.mint()) },
    {
      name: "asked for",
      measure: timed(async () => {
        const { status } = await issuer.handle(asked);
        if (status !== 200) throw new Error(`the token endpoint answered ${status}`);
      }),
    },
  ];
  for (const contender of contenders) for (let turn = 0; turn < 4; turn++) await contender.measure();
  const samples = await takeTurns<number>(contenders, quick ? 3 : 31);
  const raw = samplesOf(samples, "raw");
  return [
    { name: "crypto.sign alone, RS256", unit: "µs CPU", spread: spreadOf(raw) },
    {
      name: "a token minted ÷ crypto.sign alone, by rate",
      unit: "×",
      spread: spreadOf(ratios(raw, samplesOf(samples, "minted"))),
      must: { atLeast: 0.8 },
    },
    {
      name: "a token from /oauth/token ÷ crypto.sign alone, by rate",
      unit: "×",
      spread: spreadOf(ratios(raw, samplesOf(samples, "asked for"))),
      must: { atLeast: 0.8 },
      note: "without the transport",
    },
  ];
}

interface Start {
  readonly readyMs: number;
  readonly residentMb: number;
}

async function measureStart(folder: string, { quick }: BenchOptions): Promise<Figure[]> {
  const contenders = [
    { name: "with", measure: () => startOnce(folder, ["--issuer-port", "0"]) },
    { name: "without", measure: () => startOnce(folder, ["--no-issuer"]) },
  ];
  writeFileSync(join(folder, "api.yaml"), API);
  // The first start makes the keys and fills the compile cache.
  for (const contender of contenders) await contender.measure();
  const samples = await takeTurns<Start>(contenders, quick ? 3 : 31);
  const difference = (of: keyof Start): number[] =>
    samplesOf(samples, "with").map((sample, round) => sample[of] - samplesOf(samples, "without")[round]![of]);
  return [
    {
      name: "the issuer's part of a start, keys present",
      unit: "ms",
      spread: spreadOf(difference("readyMs")),
      must: { atMost: 50 },
    },
    {
      name: "the issuer's part of resident memory, idle",
      unit: "MB",
      spread: spreadOf(difference("residentMb")),
      must: { atMost: 20 },
    },
  ];
}

async function startOnce(folder: string, flags: readonly string[]): Promise<Start> {
  const began = performance.now();
  const child = spawn(
    process.execPath,
    [BIN, "dev", join(folder, "api.yaml"), "--json", "--quiet", "--port", "0", "--data-dir", folder, ...flags],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let text = "";
  for await (const chunk of child.stdout) {
    text += chunk;
    if (text.includes("\n")) break;
  }
  const readyMs = performance.now() - began;
  if (!text.includes("\n")) throw new Error("the gateway did not start");
  const resident = residentMb(child.pid ?? 0);
  child.kill("SIGTERM");
  await once(child, "exit");
  return { readyMs, residentMb: resident };
}
