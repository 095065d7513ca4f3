import { gunzipSync, inflateSync } from "node:zlib";
import { RestApiRefusal } from "./refusal.ts";
import type { RestRequest } from "./request.ts";

/** A payload may be this large after decompression, in bytes: the limit that holds for any payload (D: 10 MB). */
export const DECOMPRESSED_BODY_LIMIT_BYTES = 10_485_760;

/**
 * A request whose body is compressed by its Content-Encoding, decompressed before anything reads it; on for every API
 * (D: "By default, API Gateway supports decompression of the method request payload"). A coding other than gzip, deflate
 * and identity, or a body that is not so encoded, answers 415 (D). An empty body is left alone (R). The header stays, as
 * a proxy event shows it (R).
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-make-request-with-compressed-payload.html
 */
export function decompressRequest(request: RestRequest): RestRequest {
  if (request.body.length === 0) return request;
  const coding = request.headers.last("content-encoding")?.trim().toLowerCase();
  if (coding === undefined || coding === "" || coding === "identity") return request;
  if (coding !== "gzip" && coding !== "deflate") {
    throw unsupported(
      `Content-Encoding ${JSON.stringify(coding.slice(0, 40))} is none of gzip, deflate, identity`,
      coding.slice(0, 40),
    );
  }
  const options = { maxOutputLength: DECOMPRESSED_BODY_LIMIT_BYTES };
  try {
    return {
      ...request,
      body: coding === "gzip" ? gunzipSync(request.body, options) : inflateSync(request.body, options),
    };
  } catch (error) {
    if (error instanceof RangeError) {
      throw new RestApiRefusal("REQUEST_TOO_LARGE", {
        reason: "request_body_too_large",
        message: `the ${coding} body of ${request.body.length} bytes is larger than ${DECOMPRESSED_BODY_LIMIT_BYTES} bytes once decompressed`,
        expected: `≤ ${DECOMPRESSED_BODY_LIMIT_BYTES} bytes`,
      });
    }
    throw unsupported(`the body is not ${coding}, as Content-Encoding says`, "undecodable body");
  }
}

function unsupported(message: string, actual: string): RestApiRefusal {
  return new RestApiRefusal("UNSUPPORTED_MEDIA_TYPE", {
    reason: "media_type_unsupported",
    message,
    expected: "gzip, deflate or identity",
    actual,
  });
}
