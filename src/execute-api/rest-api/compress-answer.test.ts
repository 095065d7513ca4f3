import { gunzipSync, inflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { compressAnswer, preferredCoding } from "./compress-answer.ts";

const answer = { status: 200, headers: ["Content-Type", "application/json"], body: "x".repeat(100) };

describe("compression of answers", () => {
  it("compresses what is at least as large as the API's minimum", () => {
    const compressed = compressAnswer(answer, 100, "gzip");
    expect(compressed.headers).toEqual(["Content-Type", "application/json", "Content-Encoding", "gzip"]);
    expect(gunzipSync(compressed.body as Buffer).toString()).toBe(answer.body);
    expect(compressAnswer(answer, 101, "gzip")).toBe(answer);
  });

  it("speaks deflate as zlib", () => {
    expect(inflateSync(compressAnswer(answer, 0, "deflate").body as Buffer).toString()).toBe(answer.body);
  });

  it("is off without a minimum, without Accept-Encoding, and for answers that are encoded already", () => {
    expect(compressAnswer(answer, undefined, "gzip")).toBe(answer);
    expect(compressAnswer(answer, 0, undefined)).toBe(answer);
    const encoded = { ...answer, headers: ["content-encoding", "br"] };
    expect(compressAnswer(encoded, 0, "gzip")).toBe(encoded);
    const empty = { status: 204, headers: [], body: "" };
    expect(compressAnswer(empty, 0, "gzip")).toBe(empty);
  });

  it.each([
    ["gzip, deflate, br", "gzip"],
    ["deflate, gzip", "deflate"],
    ["deflate;q=0.5, gzip;q=0.8", "gzip"],
    ["gzip;q=0.5, br", undefined],
    ["br, gzip", undefined],
    ["identity", undefined],
    ["*", undefined],
    ["gzip;q=0", undefined],
    ["GZIP", "gzip"],
    ["gzip;q=x", undefined],
  ])("Accept-Encoding %s chooses %s", (header, coding) => {
    expect(preferredCoding(header)).toBe(coding);
  });
});
