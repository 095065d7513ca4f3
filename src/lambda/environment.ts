import type { EnvironmentExit } from "./error-shapes.ts";

/**
 * One execution environment, as in Lambda: it loads a handler once and then runs one invocation at a time. A worker
 * thread and a child process implement this for Node; another language, or a remote endpoint, would implement the same.
 */
export interface Environment {
  /** Hands over one invocation. Only called after `onReady`, and only while no other invocation runs. */
  run(invocation: Invocation): void;
  /** Ends it at once, whatever it is doing. Resolves when it is gone; `onExit` is called as well. */
  kill(): Promise<void>;
}

export interface Invocation {
  readonly requestId: string;
  /** Epoch milliseconds. */
  readonly deadlineMs: number;
  /** As the caller wrote it, with version or alias. */
  readonly invokedFunctionArn: string;
  /** JSON text; empty for none. */
  readonly clientContext: string;
  /** JSON text. */
  readonly payload: string;
}

/** What an environment says to its pool. Nothing is said after `onExit`, which comes exactly once. */
export interface EnvironmentEvents {
  onReady(): void;
  /** The handler could not be loaded; `payload` is the error's JSON. The environment ends by itself. */
  onInitFailed(payload: string): void;
  /** `requestId` is empty outside an invocation. */
  onLog(line: EnvironmentLogLine): void;
  onAnswer(answer: EnvironmentAnswer): void;
  onExit(exit: EnvironmentExit): void;
}

export interface EnvironmentAnswer {
  readonly requestId: string;
  /** `fatal` is an error after which the environment ends, e.g. an uncaught exception. */
  readonly kind: "success" | "error" | "fatal";
  readonly payload: string;
}

/** Lambda's log levels. */
export type LogLevel = "TRACE" | "DEBUG" | "INFO" | "WARN" | "ERROR" | "FATAL";

export interface EnvironmentLogLine {
  readonly requestId: string;
  /** Only for `console.*`; a line written to stdout or stderr has none. */
  readonly level: LogLevel | undefined;
  readonly text: string;
}

/** What an environment needs to start. */
export interface EnvironmentSpec {
  readonly boot: EnvironmentBoot;
  readonly environmentVariables: Readonly<Record<string, string>>;
  readonly memoryMb: number;
}

/** What the code inside the environment needs to load the handler. */
export interface EnvironmentBoot {
  /** The file to load: the user's, or what was made of it. */
  readonly codeFile: string;
  /** The user's file, for messages and for resolving packages. */
  readonly handlerFile: string;
  readonly handlerExport: string;
  readonly runtime: string;
  /** Set on the one environment that a debugger attaches to. 0 means any free port. */
  readonly inspectPort: number | undefined;
  /** Ours only; the function's own `NODE_OPTIONS` for a worker thread, where Node would refuse most of them. */
  readonly nodeOptions: string | undefined;
}

/** Starts one environment. Never throws: what goes wrong is told through `onExit`. */
export type StartEnvironment = (spec: EnvironmentSpec, events: EnvironmentEvents) => Environment;
