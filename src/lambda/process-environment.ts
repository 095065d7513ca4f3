import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Environment, EnvironmentEvents, EnvironmentSpec, StartEnvironment } from "./environment.ts";
import { nodeFlags } from "./environment-variables.ts";
import type { EnvironmentExit } from "./error-shapes.ts";
import { bootFrame, createFrameReader, invokeFrame, packFrame, tellFrame } from "./frames.ts";
import { hostFile } from "./host-file.ts";
import { IDLE_MEMORY_POLLS, MAX_FRAME_BYTES, MEMORY_POLL_MS } from "./limits.ts";
import { passLines } from "./pass-lines.ts";

/**
 * Environments in child processes. A crash, an abort, an endless loop, used-up memory or a signal to itself ends the
 * child and nothing else; it leads its own process group, so a signal to "the group" stays in it and its own children
 * end with it. It still runs as the same user: it can read that user's files, open connections and signal other
 * processes, the gateway included (`process.kill(process.ppid)`). Code that nobody trusts belongs under another user
 * or into a container.
 */
export function createProcessEnvironments(): StartEnvironment {
  const watched = new Set<WatchedProcess>();
  let poll = 0;
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    poll += 1;
    for (const each of watched) {
      if (!each.isBusy() && poll % IDLE_MEMORY_POLLS !== 0) continue;
      if (privateMemoryBytes(each.pid) > each.limitBytes) each.onExceeded();
    }
  }

  return (spec, events) =>
    startProcessEnvironment(spec, events, (process) => {
      watched.add(process);
      timer ??= setInterval(look, MEMORY_POLL_MS).unref();
      return () => {
        watched.delete(process);
        if (watched.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
    });
}

interface WatchedProcess {
  readonly pid: number;
  readonly limitBytes: number;
  isBusy(): boolean;
  onExceeded(): void;
}

function startProcessEnvironment(
  spec: EnvironmentSpec,
  events: EnvironmentEvents,
  watch: (process: WatchedProcess) => () => void,
): Environment {
  const { runtime, handlerFile } = spec.boot;
  const flags = nodeFlags(runtime, spec.environmentVariables.NODE_OPTIONS ?? "");
  flags.push(`--max-old-space-size=${spec.memoryMb}`);
  let isBusy = true;
  let exit: EnvironmentExit | undefined;
  let gone: () => void = () => {};
  const whenGone = new Promise<void>((resolve) => {
    gone = resolve;
  });
  let unwatch: () => void = () => {};
  let isOver = false;
  function end(how: EnvironmentExit): void {
    if (isOver) return;
    isOver = true;
    unwatch();
    gone();
    events.onExit(exit ?? how);
  }

  let child: ChildProcess;
  try {
    child = spawn(process.execPath, [...flags, fileURLToPath(hostFile())], {
      cwd: dirname(handlerFile),
      env: spec.environmentVariables,
      stdio: ["ignore", "pipe", "pipe", "pipe", "pipe"],
      detached: process.platform !== "win32",
      windowsHide: true,
    });
  } catch {
    queueMicrotask(() => end({ kind: "code", code: 1 }));
    return { run: () => {}, kill: async () => {} };
  }
  passLines(child.stdout, events);
  passLines(child.stderr, events);
  const toChild = child.stdio[3] as Writable; // both are pipes by the stdio option above
  const fromChild = child.stdio[4] as Readable;
  toChild.on("error", () => {});
  fromChild.on("error", () => {});
  fromChild.on(
    "data",
    createFrameReader(
      MAX_FRAME_BYTES,
      (frame) => {
        if (isOver) return;
        if (!frame.startsWith("L")) isBusy = false;
        tellFrame(frame, events);
      },
      () => kill({ kind: "signal", signal: "SIGKILL" }),
    ),
  );
  // "close" comes after the pipes are drained, so no log line or answer is lost. A grandchild may hold the pipes open.
  child.on("error", () => end({ kind: "code", code: 1 }));
  child.on("exit", (code, signal) => {
    const how: EnvironmentExit = signal !== null ? { kind: "signal", signal } : { kind: "code", code: code ?? 1 };
    signalGroup(child);
    child.on("close", () => end(how));
    setTimeout(() => end(how), PIPE_DRAIN_MS).unref();
  });

  function kill(how: EnvironmentExit): void {
    exit ??= how;
    signalGroup(child);
  }
  if (child.pid !== undefined) {
    unwatch = watch({
      pid: child.pid,
      limitBytes: spec.memoryMb * 1024 * 1024,
      isBusy: () => isBusy,
      onExceeded: () => kill({ kind: "out_of_memory" }),
    });
  }
  toChild.write(packFrame(bootFrame(spec.boot)));

  return {
    run: (invocation) => {
      isBusy = true;
      toChild.write(packFrame(invokeFrame(invocation)));
    },
    kill: async () => {
      kill({ kind: "signal", signal: "SIGKILL" });
      await whenGone;
    },
  };
}

/** How long after a child's end its pipes may stay open. */
const PIPE_DRAIN_MS = 500;

/** Kills the child and everything it started. */
function signalGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === "win32") child.kill("SIGKILL");
    else process.kill(-child.pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}

const PAGE_BYTES = 4096;

/**
 * Memory that belongs to the process alone: resident without what is shared with other processes, such as Node's own
 * code. Linux only; elsewhere only the JavaScript heap is bounded, by V8 itself.
 */
function privateMemoryBytes(pid: number): number {
  if (process.platform !== "linux") return 0;
  try {
    const [, resident, shared] = readFileSync(`/proc/${pid}/statm`, "latin1").split(" ");
    return (Number(resident) - Number(shared)) * PAGE_BYTES;
  } catch {
    return 0;
  }
}
