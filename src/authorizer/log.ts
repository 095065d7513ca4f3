/** Writes one line of JSON to the function's log. */
export const log = (level: "info" | "error", event: string, message: string, details?: object): void =>
  console.log(JSON.stringify({ level, event, message, ...details }));

/** Ends an invocation for what is not the caller's fault: an error in the log, and one that API Gateway answers with 500. */
export function stop(event: string, message: string, details?: object): never {
  log("error", event, message, details);
  throw new Error(message);
}
