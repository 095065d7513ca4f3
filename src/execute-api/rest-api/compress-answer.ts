import { deflateSync, gzipSync } from "node:zlib";
import type { Answer, RawHeaders } from "../transport.ts";

/*
 * Payload compression of REST APIs: on when minimumCompressionSize is set, for answers at least that large whose
 * integration sent no Content-Encoding, when the client's preferred coding is one we have (D).
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-receive-response-with-compressed-payload.html
 * conformance/rest-api/compression
 */

type Coding = "gzip" | "deflate";

/** Speed over size: an answer is compressed on the event loop. */
const COMPRESSION_LEVEL = 1;

/** The answer, compressed when API and client want it so. */
export function compressAnswer(
  answer: Answer,
  minimumCompressionSize: number | undefined,
  acceptEncoding: string | undefined,
): Answer {
  if (minimumCompressionSize === undefined || acceptEncoding === undefined) return answer;
  if (answer.status < 200 || answer.status === 204 || answer.status === 304) return answer;
  const coding = preferredCoding(acceptEncoding);
  if (coding === undefined || hasContentEncoding(answer.headers)) return answer;
  const bytes = typeof answer.body === "string" ? Buffer.byteLength(answer.body) : answer.body.length;
  if (bytes === 0 || bytes < minimumCompressionSize) return answer;
  const options = { level: COMPRESSION_LEVEL };
  const body = coding === "gzip" ? gzipSync(answer.body, options) : deflateSync(answer.body, options);
  return { status: answer.status, headers: [...answer.headers, "Content-Encoding", coding], body };
}

/**
 * The coding with the highest priority; the first named wins a tie. Undefined when that one is not ours (identity, br,
 * `*`): "The highest-priority content encoding must be one supported by API Gateway" (D).
 */
export function preferredCoding(acceptEncoding: string): Coding | undefined {
  let best: string | undefined;
  let bestQuality = 0;
  for (const piece of acceptEncoding.split(",")) {
    const [name = "", ...parameters] = piece.split(";");
    const quality = qualityOf(parameters);
    if (quality > bestQuality) {
      best = name.trim().toLowerCase();
      bestQuality = quality;
    }
  }
  return best === "gzip" || best === "deflate" ? best : undefined;
}

function qualityOf(parameters: readonly string[]): number {
  for (const parameter of parameters) {
    const [key = "", value = ""] = parameter.split("=");
    if (key.trim().toLowerCase() !== "q") continue;
    const quality = Number(value.trim());
    return Number.isNaN(quality) ? 0 : quality;
  }
  return 1;
}

function hasContentEncoding(headers: RawHeaders): boolean {
  for (let at = 0; at < headers.length; at += 2) {
    if ((headers[at] as string).length === 16 && (headers[at] as string).toLowerCase() === "content-encoding")
      return true;
  }
  return false;
}
