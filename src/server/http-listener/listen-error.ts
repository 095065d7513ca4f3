/** The listener could not start. The message says where and what to do; `code` is Node's or OpenSSL's, e.g. `EADDRINUSE`. */
export class ListenError extends Error {
  override readonly name = "ListenError";
  /** `host:port` as asked for. */
  readonly address: string;
  readonly code: string;

  constructor(address: string, cause: unknown) {
    const code = codeOf(cause);
    super(`cannot listen on ${address}: ${explain(code, cause)}`, { cause });
    this.address = address;
    this.code = code;
  }
}

function codeOf(cause: unknown): string {
  if (cause instanceof Error && "code" in cause && typeof cause.code === "string") return cause.code;
  return "UNKNOWN";
}

function explain(code: string, cause: unknown): string {
  switch (code) {
    case "EADDRINUSE":
      return "the port is taken by another program (EADDRINUSE)";
    case "EACCES":
      return "this user may not use that port; choose one above 1023 (EACCES)";
    case "EADDRNOTAVAIL":
      return "this machine has no such address (EADDRNOTAVAIL)";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `the host name does not resolve (${code})`;
    case "ERR_SOCKET_BAD_PORT":
      return "the port is not between 0 and 65535 (ERR_SOCKET_BAD_PORT)";
    default:
      return cause instanceof Error ? cause.message : String(cause);
  }
}
