import type { HeaderFields } from "../execute-api/header-fields.ts";
import type { Answer, IncomingRequest } from "../execute-api/transport.ts";

const CREDENTIAL_SCOPE = /^AWS4-HMAC-SHA256 .*Credential=[^/\s,]+\/\d{8}\/[^/\s,]+\/([^/\s,]+)\/aws4_request/;

/**
 * Management calls (AWS CLI, SDKs, Terraform) are not built yet: each answers 501 naming the operation. A request
 * without a well-formed SigV4 Authorization header is no management call: 404 saying what is served.
 */
export function answerManagement(incoming: IncomingRequest, headers: HeaderFields): Answer {
  const service = CREDENTIAL_SCOPE.exec(headers.last("authorization") ?? "")?.[1];
  if (service === undefined) {
    return json(
      404,
      "Served here: APIs at /_aws/execute-api/{apiId}/{stage}/… or by Host {apiId}.execute-api.localhost, and /_gatewarden/health, /_gatewarden/requests, /_gatewarden/metrics.",
    );
  }
  const path = incoming.target.split("?", 1)[0] ?? "/";
  const action =
    headers.last("x-amz-target") ??
    /(?:^|&)Action=([A-Za-z]+)/.exec(incoming.body.subarray(0, 10_000).toString("latin1"))?.[1];
  return json(
    501,
    `Management calls are not served yet: ${service} ${action ?? `${incoming.method} ${path}`}. Describe the API in files instead.`,
    ["x-amzn-ErrorType", "NotImplementedException"],
  );
}

function json(status: number, message: string, errorType: readonly string[] = []): Answer {
  return {
    status,
    headers: ["Content-Type", "application/json", ...errorType],
    body: JSON.stringify({ message }),
  };
}
