import { TenantError } from "../tenant/tenant-store.ts";
import type { MANAGEMENT_REASONS } from "./reasons.ts";

type ManagementReason = keyof typeof MANAGEMENT_REASONS;

/** A refusal of the Management API: what the answer says, and our code for it. */
export class ManagementError extends Error {
  readonly statusCode: number;
  /** Absent where Auth0 writes none. */
  readonly errorCode: string | undefined;
  readonly reason: ManagementReason;
  readonly evidence: { readonly expected?: unknown; readonly actual?: unknown };

  constructor(
    reason: ManagementReason,
    statusCode: number,
    message: string,
    errorCode?: string,
    evidence: ManagementError["evidence"] = {},
  ) {
    super(message);
    this.name = "ManagementError";
    this.reason = reason;
    this.statusCode = statusCode;
    this.errorCode = errorCode;
    this.evidence = evidence;
  }

  /** The shape that all its errors have (R). */
  body(): Readonly<Record<string, unknown>> {
    const { errorCode, message, statusCode } = this;
    return {
      statusCode,
      error: STATUS_TEXTS[statusCode] ?? "Error",
      message,
      // Authentication errors repeat their text so (C), the habit of the framework that Auth0's API is built with.
      ...(statusCode === 401 && { attributes: { error: message } }),
      ...(errorCode !== undefined && { errorCode }),
    };
  }
}

const STATUS_TEXTS: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  409: "Conflict",
  413: "Request Entity Too Large",
  415: "Unsupported Media Type",
  501: "Not Implemented",
};

/** Texts of things that do not exist. Those of resource server, client, user and action are (R), the others (?). */
const INEXISTENT = {
  resourceServer: ["The resource server does not exist", "inexistent_resource_server"],
  client: ["The client does not exist", "inexistent_client"],
  user: ["The user does not exist.", "inexistent_user"],
  action: ["That action does not exist.", undefined],
  clientGrant: ["The client grant does not exist", "inexistent_client_grant"],
  role: ["The role does not exist.", "inexistent_role"],
  signingKey: ["The signing key does not exist.", "inexistent_signing_key"],
  log: ["The log event does not exist.", "inexistent_log"],
} as const;

export function inexistent(what: keyof typeof INEXISTENT): ManagementError {
  const [message, errorCode] = INEXISTENT[what];
  return new ManagementError("management_not_found", 404, message, errorCode);
}

/** `problem` in the words of Auth0's validator (R, C): "Missing required property: name", on a property or the whole body. */
export function invalidBody(problem: string, property = ""): ManagementError {
  const where = property === "" ? "" : ` on property ${property}`;
  return invalid(`Payload validation error: '${problem}'${where}.`, "invalid_body");
}

export function invalidQuery(problem: string, property = ""): ManagementError {
  const where = property === "" ? "" : ` on property ${property}`;
  return invalid(`Query validation error: '${problem}'${where}.`, "invalid_query_string");
}

export function invalid(message: string, errorCode: string): ManagementError {
  return new ManagementError("management_request_invalid", 400, message, errorCode);
}

/** What Auth0 can do and this issuer cannot; the sentence is ours, the code Auth0's for things that do not go together (R). */
export function notSupported(message: string, statusCode: 400 | 501 = 400): ManagementError {
  return new ManagementError("management_not_supported", statusCode, message, "operation_not_supported");
}

export function conflict(message: string, errorCode: string): ManagementError {
  return new ManagementError("management_conflict", 409, message, errorCode);
}

/** A refusal of the tenant's store. Its sentences name the thing and the next move. */
function fromTenantError({ code, message }: TenantError): ManagementError {
  switch (code) {
    case "invalid":
      return invalid(message, "invalid_body");
    case "unknown":
      return new ManagementError("management_not_found", 404, message, "inexistent_resource");
    case "conflict":
      return conflict(message, "conflict");
    case "derived":
      return notSupported(message);
  }
}

export function asManagementError(error: unknown): ManagementError {
  if (error instanceof ManagementError) return error;
  if (error instanceof TenantError) return fromTenantError(error);
  throw error;
}
