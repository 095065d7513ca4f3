import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { run } from "../../src/cli/main.ts";

const BIN = join(import.meta.dirname, "../../bin/gatewarden.js");

/** What a finished command line printed. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `gatewarden …` to its end. */
export async function gatewarden(
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv; readonly stdin?: string },
): Promise<Finished> {
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: "pipe",
  });
  child.stdin.end(options.stdin ?? "");
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  await once(child, "close");
  return { code: child.exitCode, stdout: stdout(), stderr: stderr() };
}

/** The same without a process of its own: quick, for command lines that start nothing. */
export async function commandLine(
  args: readonly string[],
  { cwd, env = {}, stdin = "" }: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv; readonly stdin?: string },
): Promise<Finished> {
  let stdout = "";
  let stderr = "";
  const code = await run(args, {
    out: (text) => (stdout += text),
    err: (text) => (stderr += text),
    env,
    cwd,
    stdin: async () => stdin,
  });
  return { code, stdout, stderr };
}

/** A serving command in its own process; `json` is the line it prints when ready. */
export interface Serving {
  readonly json: Record<string, unknown>;
  readonly stderr: () => string;
  readonly child: ChildProcess;
  stop(): Promise<number | null>;
}

/** Starts a serving command with `--json` and waits for its line. */
export async function serve(
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): Promise<Serving> {
  const child = spawn(process.execPath, [BIN, ...args, "--json"], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stderr = collect(child.stderr);
  let text = "";
  for await (const chunk of child.stdout) {
    text += chunk;
    if (text.includes("\n")) break;
  }
  if (!text.includes("\n")) throw new Error(`the command ended before it was ready: ${stderr()}`);
  return {
    json: JSON.parse(text.split("\n", 1)[0] ?? ""),
    stderr,
    child,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGTERM");
        await once(child, "exit");
      }
      return child.exitCode;
    },
  };
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let text = "";
  stream.on("data", (chunk) => {
    text += chunk;
  });
  return () => text;
}
