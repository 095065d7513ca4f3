import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const module = new URL("./stray-errors.ts", import.meta.url).href;

/** A process of its own: what is tested here would otherwise end the test's. */
async function outputOf(code: string): Promise<string> {
  const script = `import { catchStrayErrors } from ${JSON.stringify(module)};
    const act = (body) => catchStrayErrors(body, (error) => console.log("stray", error?.message ?? error));
    ${code}
    setTimeout(() => console.log("alive"), 50);`;
  const run = promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script]);
  const { stdout } = await run.catch((error: { readonly stdout: string }) => error);
  return stdout.trim();
}

test.each([
  ["a rejection", 'act(async () => void Promise.reject(new Error("oops")));'],
  ["a timer's throw", 'act(() => void setTimeout(() => { throw new Error("oops"); }, 1));'],
  ["what follows later", 'act(async () => void (async () => { await 1; throw new Error("oops"); })());'],
  ["no error at all", 'act(async () => void Promise.reject("oops"));'],
])("%s that nobody waits for is told and ends nothing", async (_, code) => {
  expect(await outputOf(code)).toBe("stray oops\nalive");
});

test.each([
  ["rejection", 'setTimeout(() => Promise.reject(new Error("ours")), 1);'],
  ["throw", 'setTimeout(() => { throw new Error("ours"); }, 1);'],
])("a %s from elsewhere ends the process as ever", async (_, code) => {
  expect(await outputOf(`act(async () => {}); ${code}`)).toBe("");
});

test("what somebody else listens for is theirs", async () => {
  const listeners = 'process.on("uncaughtException", (e) => console.log("theirs", e.message));';
  expect(await outputOf(`${listeners} act(async () => {}); setTimeout(() => { throw new Error("ours"); }, 1);`)).toBe(
    "theirs ours\nalive",
  );
});
