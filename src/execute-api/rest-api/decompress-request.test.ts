import { deflateSync, gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { sampleRequest } from "../../../test/rest-api-samples.ts";
import { DECOMPRESSED_BODY_LIMIT_BYTES, decompressRequest } from "./decompress-request.ts";
import { RestApiRefusal } from "./refusal.ts";

function refusalOf(run: () => unknown): RestApiRefusal {
  try {
    run();
  } catch (error) {
    if (error instanceof RestApiRefusal) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

it.each([
  ["gzip", gzipSync("hello")],
  ["deflate", deflateSync("hello")],
  ["GZIP", gzipSync("hello")],
  ["identity", Buffer.from("hello")],
])("a body in %s is read", (coding, body) => {
  expect(decompressRequest(sampleRequest({ headers: ["Content-Encoding", coding], body })).body.toString()).toBe(
    "hello",
  );
});

it("a body without Content-Encoding and an empty one are left alone", () => {
  const plain = sampleRequest({ body: "x" });
  expect(decompressRequest(plain)).toBe(plain);
  const empty = sampleRequest({ headers: ["Content-Encoding", "compress"] });
  expect(decompressRequest(empty)).toBe(empty);
});

it("an unknown coding and a body that is not so coded answer 415", () => {
  expect(
    refusalOf(() => decompressRequest(sampleRequest({ headers: ["Content-Encoding", "br"], body: "x" }))).responseType,
  ).toBe("UNSUPPORTED_MEDIA_TYPE");
  expect(
    refusalOf(() => decompressRequest(sampleRequest({ headers: ["Content-Encoding", "gzip"], body: "x" })))
      .responseType,
  ).toBe("UNSUPPORTED_MEDIA_TYPE");
});

it("a small body that would become huge answers 413", () => {
  const bomb = gzipSync(Buffer.alloc(DECOMPRESSED_BODY_LIMIT_BYTES + 1));
  expect(bomb.length).toBeLessThan(20_000);
  expect(
    refusalOf(() => decompressRequest(sampleRequest({ headers: ["Content-Encoding", "gzip"], body: bomb })))
      .responseType,
  ).toBe("REQUEST_TOO_LARGE");
});
