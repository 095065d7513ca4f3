import { newTraceId } from "../request-ids.ts";
import type { HttpApiRequest } from "./request.ts";

/** Fields the gateway adds to what the client sent (R); those it brings itself replace the client's. */
export interface GatewayHeaders {
  readonly "x-amzn-trace-id": string;
  readonly "x-forwarded-for": string;
  readonly "x-forwarded-port": string;
  readonly "x-forwarded-proto": string;
}

/** The client's chain of `X-Forwarded-For` with its own address behind it, as load balancers do (?). */
export function gatewayHeaders({ headers, sourceIp, scheme, requestTimeEpoch }: HttpApiRequest): GatewayHeaders {
  const chain = headers.all("x-forwarded-for").join(", ");
  const port = /:(\d+)$/.exec(headers.last("host") ?? "")?.[1] ?? (scheme === "https" ? "443" : "80");
  return {
    "x-amzn-trace-id": headers.last("x-amzn-trace-id") ?? newTraceId(requestTimeEpoch),
    "x-forwarded-for": chain === "" ? sourceIp : `${chain}, ${sourceIp}`,
    "x-forwarded-port": port,
    "x-forwarded-proto": scheme,
  };
}
