import { writeSync } from "node:fs";
import { Socket } from "node:net";
import { isMainThread, parentPort } from "node:worker_threads";
import { captureOutput } from "./capture-output.ts";
import type { EnvironmentBoot } from "./environment.ts";
import { errorLogText, errorPayload, RuntimeError } from "./error-shapes.ts";
import {
  answerFrame,
  CHANNEL_IN_FD,
  CHANNEL_OUT_FD,
  createFrameReader,
  initFailedFrame,
  logFrame,
  packFrame,
  READY_FRAME,
  readFrameIn,
} from "./frames.ts";
import { MAX_FRAME_BYTES } from "./limits.ts";
import { hasCallbacks, loadHandler } from "./load-handler.ts";
import { createHandlerRunner, type HandlerRunner } from "./run-handler.ts";

// The code that runs inside an environment: a worker thread or a child process, the same for both but for the channel.

interface Channel {
  send(frame: string): void;
  onFrame(listener: (frame: string) => void): void;
  /** Whether the channel keeps the event loop alive. */
  keepAlive(alive: boolean): void;
}

/** Exit codes of Lambda's own runtime after an error that nobody caught (D: its source). */
const EXIT_UNCAUGHT = 129;
const EXIT_UNHANDLED_REJECTION = 128;

start(isMainThread ? pipeChannel() : portChannel());

function start(channel: Channel): void {
  let current = "";
  let isReady = false;
  let runner: HandlerRunner | undefined;
  const output = captureOutput((level, text) => channel.send(logFrame(current, level, text)));

  function reply(kind: "success" | "error", payload: string): void {
    output.flush();
    channel.send(answerFrame(kind, current, payload));
    current = "";
    channel.keepAlive(true);
  }

  function die(label: string, error: unknown, exitCode: number): void {
    output.log("ERROR", `${label} ${errorLogText(error)}`);
    output.flush();
    const payload = JSON.stringify(errorPayload(error));
    if (!isReady) channel.send(initFailedFrame(payload));
    else if (current !== "") channel.send(answerFrame("fatal", current, payload));
    process.exit(exitCode);
  }
  process.on("uncaughtException", (error) => die("Uncaught Exception", error, EXIT_UNCAUGHT));
  process.on("unhandledRejection", (reason) =>
    die(
      "Unhandled Promise Rejection",
      new RuntimeError(
        "UnhandledPromiseRejection",
        String(reason),
        reason instanceof Error ? `Runtime.UnhandledPromiseRejection: ${reason.stack}` : undefined,
      ),
      EXIT_UNHANDLED_REJECTION,
    ),
  );
  process.on("exit", () => output.flush());
  // Without the channel nothing keeps the loop alive during an invocation, so this is the empty event loop that a
  // callback waits for. Answering takes the channel back, and the environment goes on.
  process.on("beforeExit", () => runner?.onEmptyEventLoop());

  async function boot(settings: EnvironmentBoot): Promise<void> {
    process.argv = [process.argv[0] ?? "node", settings.handlerFile];
    process.execArgv = [];
    if (settings.nodeOptions !== undefined) process.env.NODE_OPTIONS = settings.nodeOptions;
    if (settings.codeFile !== settings.handlerFile || /--enable-source-maps/.test(process.env.NODE_OPTIONS ?? "")) {
      process.setSourceMapsEnabled(true);
    }
    try {
      if (settings.inspectPort !== undefined) await openInspector(settings.inspectPort);
      const caFile = process.env.NODE_EXTRA_CA_CERTS;
      if (caFile !== undefined && !isMainThread) await trustExtraCa(caFile);
      const loaded = await loadHandler(settings);
      runner = createHandlerRunner(
        loaded,
        hasCallbacks(settings.runtime),
        {
          functionName: process.env.AWS_LAMBDA_FUNCTION_NAME ?? "",
          functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION ?? "",
          memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE ?? "",
          logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME ?? "",
          logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME ?? "",
        },
        { reply, logError: (error) => output.log("ERROR", `Invoke Error ${errorLogText(error)}`) },
      );
    } catch (error) {
      die("Uncaught Exception", error, EXIT_UNCAUGHT);
      return;
    }
    output.flush();
    isReady = true;
    channel.send(READY_FRAME);
  }

  /** A port that is taken must not keep the function from running. */
  async function openInspector(port: number): Promise<void> {
    const { open } = await import("node:inspector");
    try {
      open(port, "127.0.0.1");
    } catch (error) {
      output.log("WARN", `No inspector on port ${port}: ${String(error)}`);
    }
  }

  /** As at the start of a process: certificates that cannot be had are warned of. */
  async function trustExtraCa(file: string): Promise<void> {
    try {
      const { trustExtraCaCertificates } = await import("./extra-ca-certificates.ts");
      trustExtraCaCertificates(file);
    } catch (error) {
      output.log("WARN", `Ignoring extra certs from ${file}: ${String(error)}`);
    }
  }

  channel.onFrame((text) => {
    const frame = readFrameIn(text);
    if (frame.kind === "boot") {
      void boot(frame.boot);
      return;
    }
    output.reset();
    current = frame.invocation.requestId;
    channel.keepAlive(false);
    runner?.run(frame.invocation);
  });
}

function portChannel(): Channel {
  const port = parentPort;
  if (port === null) throw new Error("not inside a worker thread");
  return {
    send: (frame) => port.postMessage(frame),
    onFrame: (listener) => port.on("message", listener),
    keepAlive: (alive) => (alive ? port.ref() : port.unref()),
  };
}

function pipeChannel(): Channel {
  const input = new Socket({ fd: CHANNEL_IN_FD, readable: true, writable: false });
  // The gateway is gone, and this process with it: nobody is left to ask for an answer.
  input.on("error", () => process.exit(0));
  input.on("close", () => process.exit(0));
  return {
    send: (frame) => writeAll(packFrame(frame)),
    onFrame: (listener) => {
      input.on(
        "data",
        createFrameReader(MAX_FRAME_BYTES, listener, () => process.exit(1)),
      );
    },
    keepAlive: (alive) => (alive ? input.ref() : input.unref()),
  };
}

/** Synchronous, so that nothing is lost when the function exits right after, and a flood of log lines has to wait. */
function writeAll(bytes: Buffer): void {
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(CHANNEL_OUT_FD, bytes, written);
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EAGAIN") continue;
      process.exit(0);
    }
  }
}
