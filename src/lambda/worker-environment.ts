import { Worker } from "node:worker_threads";
import type { Environment, EnvironmentEvents, EnvironmentSpec } from "./environment.ts";
import { nodeFlags } from "./environment-variables.ts";
import type { EnvironmentExit } from "./error-shapes.ts";
import { bootFrame, invokeFrame, tellFrame } from "./frames.ts";
import { hostFile } from "./host-file.ts";
import { passLines } from "./pass-lines.ts";

/** Memory of the JavaScript heap that is not the old generation, in MB. */
const YOUNG_GENERATION_MB = 32;

/**
 * An environment in a worker thread: the fastest, for development. It contains endless loops, heap use and
 * `process.exit`. It does not contain what belongs to the whole process: `process.kill`, crashes of native code, memory
 * of Buffers, files, `fs.writeSync(1, …)`, the time zone and the working directory.
 */
export function startWorkerEnvironment(spec: EnvironmentSpec, events: EnvironmentEvents): Environment {
  // Node would read NODE_OPTIONS and refuse whatever is not for threads, so it is set inside instead.
  const { NODE_OPTIONS: nodeOptions, ...env } = spec.environmentVariables;
  let worker: Worker;
  try {
    worker = new Worker(hostFile(), {
      env,
      argv: [],
      execArgv: nodeFlags(spec.boot.runtime, nodeOptions ?? ""),
      stdin: false,
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: spec.memoryMb, maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
  } catch {
    queueMicrotask(() => events.onExit({ kind: "code", code: 1 }));
    return { run: () => {}, kill: async () => {} };
  }

  let exit: EnvironmentExit | undefined;
  passLines(worker.stdout, events);
  passLines(worker.stderr, events);
  worker.on("message", (frame: unknown) => {
    if (typeof frame === "string") tellFrame(frame, events);
  });
  worker.on("error", (error) => {
    const isMemory = error instanceof Error && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";
    exit = isMemory ? { kind: "out_of_memory" } : { kind: "code", code: 1 };
  });
  worker.on("exit", (code) => events.onExit(exit ?? { kind: "code", code }));
  worker.postMessage(bootFrame({ ...spec.boot, nodeOptions }));

  return {
    run: (invocation) => worker.postMessage(invokeFrame(invocation)),
    kill: async () => {
      exit ??= { kind: "signal", signal: "SIGKILL" };
      await worker.terminate();
    },
  };
}
