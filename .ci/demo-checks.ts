import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;
const WANTED_STATUSES = [200, 201, 400, 401, 403, 404];
const WANTED_REFUSALS = [
  "AccessDeniedException",
  "IncompleteSignatureException",
  "MissingAuthenticationTokenException",
];

/**
 * Starts a demo, waits for what `--json` prints, runs each of its curl lines in a shell and compares the statuses with
 * what the demo promises in text; then stops it. Throws on the first thing that is not so.
 */
export async function checkDemo(command: string, args: readonly string[], cwd: string): Promise<number> {
  const child = spawn(command, [...args, "--json", "--port", "0", "--issuer-port", "0"], {
    cwd,
    stdio: ["ignore", "pipe", "inherit"],
    detached: true, // a group of its own: npm ends without ending what its shell has started
  });
  try {
    const ready = JSON.parse(await jsonLine(child)) as {
      curls: string[];
      gateway: string;
      issuer: string;
      apis: unknown[];
    };
    if (ready.curls.length < 23 || ready.apis.length < 3)
      throw new Error(`the demo offers too little: ${JSON.stringify(ready)}`);
    const seen = new Map<number, number>();
    const errorTypes = new Set<string>();
    let signed = 0;
    for (const line of ready.curls) {
      if (!line.startsWith("curl ")) throw new Error(`not a curl line: ${line.slice(0, 60)}`);
      const { stdout } = await promisify(execFile)("sh", ["-c", `${line} -s`]);
      const status = Number(/^HTTP\/1\.1 (\d{3})/m.exec(stdout)?.[1]);
      if (!/x-amzn-requestid: [0-9a-f-]{36}|apigw-requestid: [\w-]{15}=/i.test(stdout))
        throw new Error(`no request id in the answer: ${stdout}`);
      seen.set(status, (seen.get(status) ?? 0) + 1);
      errorTypes.add(/^x-amzn-errortype: (\w+)/im.exec(stdout)?.[1] ?? "");
      if (line.includes("--aws-sigv4 ") && status < 300) signed++;
      if (status === 200 && !/"type":\s*"dog"|"caller":/.test(stdout))
        throw new Error(`a 200 without its answer: ${stdout}`);
    }
    for (const status of WANTED_STATUSES)
      if (!seen.has(status)) throw new Error(`no curl line answered ${status}; statuses seen: ${[...seen]}`);
    for (const type of WANTED_REFUSALS)
      if (!errorTypes.has(type)) throw new Error(`no curl line was refused with ${type}; seen: ${[...errorTypes]}`);
    if (signed < 2) throw new Error(`${signed} signed curl lines were let in, wanted 2`);
    return ready.curls.length;
  } finally {
    await endGroup(child);
  }
}

async function endGroup(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  process.kill(-pid, "SIGTERM");
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  while (isGroupAlive(pid)) {
    if (Date.now() > deadline) {
      process.kill(-pid, "SIGKILL");
      throw new Error(`the demo did not stop within ${STOP_TIMEOUT_MS} ms of SIGTERM`);
    }
    await setTimeout(20);
  }
}

function isGroupAlive(pid: number): boolean {
  try {
    return process.kill(-pid, 0);
  } catch {
    return false;
  }
}

async function jsonLine(child: ChildProcess): Promise<string> {
  let text = "";
  const controller = new AbortController();
  const late = setTimeout(START_TIMEOUT_MS, undefined, { signal: controller.signal });
  late.then(() => child.kill("SIGKILL")).catch(() => {});
  try {
    for await (const chunk of child.stdout ?? []) {
      text += chunk;
      const line = text.split("\n").find((each) => each.startsWith("{") && each.endsWith("}"));
      if (line !== undefined) return line;
    }
  } finally {
    controller.abort();
  }
  throw new Error(`the demo ended without its JSON line; it printed: ${text}`);
}

/** The `version` in package.json of the folder. */
export function versionOf(folder: string): string {
  return (JSON.parse(readFileSync(`${folder}/package.json`, "utf8")) as { version: string }).version;
}
