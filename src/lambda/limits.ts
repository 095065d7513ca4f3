/** The bounds of the function runner. Those that are Lambda's own carry a label and a source; the rest are ours. */

/** Payload of a synchronous call, in bytes (D: Lambda quotas; C: text "(limit 6291456 bytes)"). */
export const SYNC_PAYLOAD_LIMIT_BYTES = 6_291_456;
/** Payload of an `Event` call, in bytes: 1 MB since October 2025, 262144 before (C: text "(limit 1048576 bytes)"). */
export const EVENT_PAYLOAD_LIMIT_BYTES = 1_048_576;
/** Result of a synchronous call, in bytes (C: text of `Function.ResponseSizeTooLarge`). */
export const RESPONSE_LIMIT_BYTES = 6_291_556;
/** Loading the handler's module may take this long (D: "The Init phase is limited to 10 seconds"). */
export const INIT_TIMEOUT_MS = 10_000;

/** Invocations of one function that may wait for an environment; the next one is throttled. Lambda itself keeps no queue. */
export const MAX_WAITING_INVOCATIONS = 1_000;
/** An environment without work for this long is closed. Lambda does not document its own figure (?). */
export const IDLE_ENVIRONMENT_MS = 5 * 60_000;
/** How long `stop()` lets running invocations finish before it kills their environments. */
export const STOP_GRACE_MS = 2_000;
/** How long `stop()` waits for a killed environment to be gone. */
export const KILL_WAIT_MS = 2_000;

/** Log lines kept and passed on per invocation; one more line says that the rest was dropped. */
export const MAX_LOG_LINES = 1_000;
/** Log characters kept and passed on per invocation. */
export const MAX_LOG_CHARACTERS = 256 * 1024;
/** A longer line is cut. */
export const MAX_LOG_LINE_CHARACTERS = 16 * 1024;

/** One message from a child process may be this long; a longer one ends the environment. */
export const MAX_FRAME_BYTES = 8 * 1024 * 1024;
/** How often the memory of a busy child process is looked at. */
export const MEMORY_POLL_MS = 50;
/** An idle child process is looked at once in this many polls. */
export const IDLE_MEMORY_POLLS = 20;

/** Files of one function that are watched for changes. */
export const MAX_WATCHED_FILES = 512;
/** Changes this close together are one change. */
export const WATCH_DEBOUNCE_MS = 50;
