import { AsyncLocalStorage } from "node:async_hooks";

/** Told of what went wrong behind an Action's back. */
type OnStray = (error: unknown) => void;

const running = new AsyncLocalStorage<OnStray>();
let isInstalled = false;

/**
 * Runs an Action's code so that what it leaves behind (a promise that nobody awaits, a timer that throws) is told, and does
 * not end the process: on Auth0 it ends no tenant either. Errors from elsewhere end it as ever.
 */
export function catchStrayErrors<Result>(act: () => Result, onStray: OnStray): Result {
  install();
  return running.run(onStray, act);
}

function install(): void {
  if (isInstalled) return;
  isInstalled = true;
  process.on("unhandledRejection", (reason) => {
    const onStray = running.getStore();
    if (onStray) onStray(reason);
    // Without this listener Node.js would throw it; where somebody else listens it is theirs.
    else if (process.listenerCount("unhandledRejection") === 1) throw reason;
  });
  process.on("uncaughtException", onUncaught);
}

function onUncaught(error: unknown): void {
  const onStray = running.getStore();
  if (onStray) onStray(error);
  else if (process.listenerCount("uncaughtException") === 1) {
    process.off("uncaughtException", onUncaught);
    throw error; // ends the process, with the stack
  }
}
