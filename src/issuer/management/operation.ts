import type { IssuerContext } from "../issuer-context.ts";
import type { Tenant } from "../tenant/tenant.ts";

/** One operation of the Management API. */
export interface Operation {
  readonly method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** Below /api/v2/, `{}` for an id: `users/{}/roles`. */
  readonly path: string;
  /** The token needs one of them. */
  readonly scopes: readonly string[];
  /** Names that its query may have. Others are refused, as Auth0 does. */
  readonly query?: readonly string[];
  /** Throws ManagementError, or TenantError of the store. */
  answer(call: ManagementCall): ManagementAnswer | Promise<ManagementAnswer>;
}

export interface ManagementCall {
  /** The path's ids in their order, decoded. */
  readonly ids: readonly string[];
  readonly query: URLSearchParams;
  /** Of JSON; undefined when there is none. */
  readonly body: unknown;
  /** Of the token. */
  readonly scopes: readonly string[];
  /** As it is when the call's turn has come: writes are answered one after the other. */
  readonly tenant: Tenant;
  readonly context: IssuerContext;
}

export interface ManagementAnswer {
  readonly status: number;
  /** Absent: none. */
  readonly body?: unknown;
}

export const NO_CONTENT: ManagementAnswer = { status: 204 };

export function ok(body: unknown): ManagementAnswer {
  return { status: 200, body };
}

export function created(body: unknown): ManagementAnswer {
  return { status: 201, body };
}
