import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/** A child process with a channel, kept to some processors where the system can do that (Linux with taskset). */
export interface PinnedProcess {
  readonly child: ChildProcess;
  /** The next message of the child. Rejects when it ends first or says `{ error }`. */
  next<Message>(): Promise<Message>;
  /** User and system time of the process and its threads so far, in milliseconds; without its children. */
  cpuMs(): number;
  stop(): Promise<void>;
}

/** Whether processes can be kept to processors here: else everything still runs, on whatever processor is free. */
export const canPin: boolean = availableParallelism() >= 4 && hasTaskset();

/** The load generator's processor, a server's one processor, and those of a server with workers of its own. */
export const CORES = { load: "0", server: "1", servers: "1-3", backend: "2" } as const;

export function startPinned(
  cores: string,
  args: readonly string[],
  options: {
    readonly cwd?: string;
    readonly env?: NodeJS.ProcessEnv;
    readonly isQuiet?: boolean;
    /** Another program than Node.js: it has no use for the channel and is ended by a signal. */
    readonly program?: string;
  } = {},
): PinnedProcess {
  const program = options.program ?? process.execPath;
  const command = canPin ? ["taskset", "-c", cores, program, ...args] : [program, ...args];
  const output = options.isQuiet ? "ignore" : "inherit";
  const child = spawn(command[0]!, command.slice(1), {
    stdio: ["ignore", output, output, "ipc"],
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
  });
  const waiting: { resolve(message: unknown): void; reject(error: Error): void }[] = [];
  const received: unknown[] = [];
  let ended: Error | undefined;
  child.on("message", (message) => {
    const next = waiting.shift();
    if (next === undefined) received.push(message);
    else next.resolve(message);
  });
  const end = (error: Error): void => {
    ended = error;
    for (const each of waiting.splice(0)) each.reject(error);
  };
  child.on("error", end);
  const exited = new Promise<void>((resolve) => {
    child.on("exit", (code, signal) => {
      end(new Error(`${args.join(" ")} ended (${signal ?? code})`));
      resolve();
    });
  });
  return {
    child,
    next: async <Message>() => {
      const message =
        received.shift() ??
        (await new Promise<unknown>((resolve, reject) => {
          if (ended === undefined) waiting.push({ resolve, reject });
          else reject(ended);
        }));
      if (typeof message === "object" && message !== null && "error" in message) throw new Error(String(message.error));
      return message as Message;
    },
    cpuMs: () => cpuMsOf(child.pid ?? 0),
    stop: async () => {
      if (ended !== undefined) return;
      if (child.connected) child.disconnect();
      if (options.program !== undefined) child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_WAIT_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}

const STOP_WAIT_MS = 5000;
const TICK_MS = 10;

/** From /proc, in steps of 10 ms; NaN where there is none. */
export function cpuMsOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]!.split(" ");
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return Number.NaN;
  }
}

/** Resident memory in MB, from /proc; NaN where there is none. */
export function residentMb(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}

function hasTaskset(): boolean {
  try {
    execFileSync("taskset", ["-c", "0-3", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
