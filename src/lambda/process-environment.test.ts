import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createNodeFunctions, type NodeFunctions } from "./node-functions.ts";

// What a child process must contain. Each row does its worst while another function, and this process, go on.

let folder = "";
let functions: NodeFunctions;
const arn = (name: string) => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;

const ATTACKER = `
const { spawn } = require("node:child_process");
const ways = {
  exit: () => process.exit(7),
  abort: () => process.abort(),
  throwLater: () => setTimeout(() => { throw new Error("later") }, 1),
  killSelf: () => process.kill(process.pid, "SIGKILL"),
  termSelf: () => process.kill(process.pid, "SIGTERM"),
  killGroup: () => process.kill(0, "SIGKILL"),
  endlessLoop: () => { for (;;); },
  heapHog: () => { const all = []; for (;;) all.push(new Array(100000).fill(all.length)); },
  bufferHog: () => { const all = []; for (;;) all.push(Buffer.alloc(8 * 1024 * 1024, 1)); },
  floodChannel: () => { const { writeSync } = require("node:fs"); for (;;) writeSync(4, Buffer.alloc(65536, 255)); },
  closeChannel: () => { const { closeSync } = require("node:fs"); closeSync(4); },
};
exports.handler = async ({ way }) => { ways[way](); await new Promise((resolve) => setTimeout(resolve, 60000)); };
exports.spawner = async ({ exit }) => {
  const child = spawn("/bin/sleep", ["300"], { stdio: "ignore" });
  if (exit) { console.log("pid " + child.pid); process.exit(); }
  return child.pid;
};
exports.bystander = async () => "unharmed";
`;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "gatewarden-test-"));
  const handlerFile = join(folder, "index.js");
  writeFileSync(handlerFile, ATTACKER);
  const common = { handlerFile, runtime: "nodejs22.x", environment: {}, memoryMb: 128, concurrency: 12 };
  functions = createNodeFunctions({
    functions: [
      { ...common, arn: arn("attacker"), name: "attacker", handlerExport: "handler", timeoutSeconds: 50 },
      { ...common, arn: arn("looper"), name: "looper", handlerExport: "handler", timeoutSeconds: 0.3 },
      { ...common, arn: arn("spawner"), name: "spawner", handlerExport: "spawner", timeoutSeconds: 50 },
      { ...common, arn: arn("bystander"), name: "bystander", handlerExport: "bystander", timeoutSeconds: 50 },
    ],
    isolation: "process",
    region: "us-east-1",
    accountId: "000000000000",
    stopGraceMs: 50,
  });
});
afterAll(async () => {
  await functions.stop();
  rmSync(folder, { recursive: true, force: true });
});

test.each([
  ["exit", "attacker", "Runtime.ExitError", /exit status 7$/],
  ["abort", "attacker", "Runtime.ExitError", /signal: aborted$/],
  ["throwLater", "attacker", "Error", /^later$/],
  ["killSelf", "attacker", "Runtime.ExitError", /signal: killed$/],
  ["termSelf", "attacker", "Runtime.ExitError", /signal: terminated$/],
  ["killGroup", "attacker", "Runtime.ExitError", /signal: killed$/],
  ["endlessLoop", "looper", "Sandbox.Timedout", /timed out after 0\.30 seconds$/],
  ["heapHog", "attacker", "Runtime.(OutOfMemory|ExitError)", /signal: (killed|aborted)$/],
  ["floodChannel", "attacker", "Runtime.ExitError", /signal: killed$/],
  ["closeChannel", "looper", "Runtime.ExitError|Sandbox.Timedout", /./],
])("%s harms nobody else", async (way, name, errorType, errorMessage) => {
  const attack = functions.invoke(arn(name), JSON.stringify({ way }));
  const during = functions.invoke(arn("bystander"), "{}");
  expect(await attack).toMatchObject({
    outcome: "function_error",
    errorType: expect.stringMatching(new RegExp(`^(${errorType})$`)),
    errorMessage: expect.stringMatching(errorMessage),
  });
  expect(await during).toMatchObject({ payload: '"unharmed"' });
  expect(await functions.invoke(arn("bystander"), "{}")).toMatchObject({ payload: '"unharmed"', cold: false });
});

test.runIf(process.platform === "linux")("memory of Buffers counts too", async () => {
  expect(await functions.invoke(arn("attacker"), '{"way":"bufferHog"}')).toMatchObject({
    errorType: "Runtime.OutOfMemory",
    errorMessage: expect.stringMatching(/signal: killed$/),
  });
});

test.runIf(process.platform === "linux")("what a function started ends with its environment", async () => {
  const left = await functions.invoke(arn("spawner"), '{"exit":true}');
  const kept = await functions.invoke(arn("spawner"), "{}");
  if (kept.outcome !== "success" || left.outcome !== "function_error") expect.unreachable(JSON.stringify([kept, left]));
  await expect.poll(() => isRunning(Number(/pid (\d+)/.exec(left.logs[0] ?? "")?.[1]))).toBe(false);
  const pid = Number(kept.payload);
  expect(isRunning(pid)).toBe(true);
  functions.replaceFunctions([]);
  await expect.poll(() => isRunning(pid)).toBe(false);
});

test.runIf(process.platform === "linux")("children end when the gateway is killed", async () => {
  const lambda = {
    arn: arn("pid"),
    name: "pid",
    handlerFile: join(folder, "pid.js"),
    handlerExport: "handler",
    ...{ runtime: "nodejs22.x", environment: {}, memoryMb: 128, concurrency: 1, timeoutSeconds: 50 },
  };
  writeFileSync(lambda.handlerFile, "setInterval(() => {}, 1000); exports.handler = async () => process.pid");
  const options = { functions: [lambda], isolation: "process", region: "us-east-1", accountId: "000000000000" };
  const gateway = spawn(
    process.execPath,
    [
      "--input-type=module",
      "--eval",
      `import { createNodeFunctions } from ${JSON.stringify(new URL("./node-functions.ts", import.meta.url))};
       const result = await createNodeFunctions(${JSON.stringify(options)}).invoke("pid", "{}");
       console.log(result.payload);`,
    ],
    { stdio: ["ignore", "pipe", "ignore"] },
  );
  const [pid] = await once(gateway.stdout, "data");
  expect(isRunning(Number(pid))).toBe(true);
  gateway.kill("SIGKILL");
  await expect.poll(() => isRunning(Number(pid))).toBe(false);
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // A zombie answers signals until its parent has collected it.
  return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
}
