import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";

const START_TIMEOUT_MS = 60_000;
const WANTED_STATUSES = [200, 201, 400, 401, 403, 404];

/**
 * Starts a demo, waits for what `--json` prints, runs each of its curl lines in a shell and compares the statuses with
 * what the demo promises in text; then stops it. Throws on the first thing that is not so.
 */
export async function checkDemo(command: string, args: readonly string[], cwd: string): Promise<number> {
  const child = spawn(command, [...args, "--json", "--port", "0", "--issuer-port", "0"], {
    cwd,
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const ready = JSON.parse(await jsonLine(child)) as {
      curls: string[];
      gateway: string;
      issuer: string;
      apis: unknown[];
    };
    if (ready.curls.length < 14 || ready.apis.length < 2)
      throw new Error(`the demo offers too little: ${JSON.stringify(ready)}`);
    const seen = new Map<number, number>();
    for (const line of ready.curls) {
      if (!line.startsWith("curl ")) throw new Error(`not a curl line: ${line.slice(0, 60)}`);
      const { stdout } = await promisify(execFile)("sh", ["-c", `${line} -s`]);
      const status = Number(/^HTTP\/1\.1 (\d{3})/m.exec(stdout)?.[1]);
      if (!/x-amzn-requestid: [0-9a-f-]{36}|apigw-requestid: [\w-]{15}=/i.test(stdout))
        throw new Error(`no request id in the answer: ${stdout}`);
      seen.set(status, (seen.get(status) ?? 0) + 1);
      if (status === 200 && !/"type":\s*"dog"|"caller":/.test(stdout))
        throw new Error(`a 200 without its answer: ${stdout}`);
    }
    for (const status of WANTED_STATUSES)
      if (!seen.has(status)) throw new Error(`no curl line answered ${status}; statuses seen: ${[...seen]}`);
    return ready.curls.length;
  } finally {
    child.kill("SIGTERM");
    if (child.exitCode === null) await once(child, "exit");
  }
}

async function jsonLine(child: ChildProcess): Promise<string> {
  let text = "";
  const deadline = setTimeout(() => child.kill("SIGKILL"), START_TIMEOUT_MS);
  try {
    for await (const chunk of child.stdout ?? []) {
      text += chunk;
      const line = text.split("\n").find((each) => each.startsWith("{") && each.endsWith("}"));
      if (line !== undefined) return line;
    }
  } finally {
    clearTimeout(deadline);
  }
  throw new Error(`the demo ended without its JSON line; it printed: ${text}`);
}

/** The `version` in package.json of the folder. */
export function versionOf(folder: string): string {
  return (JSON.parse(readFileSync(`${folder}/package.json`, "utf8")) as { version: string }).version;
}
