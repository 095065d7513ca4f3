import { describe, expect, it } from "vitest";
import {
  convertRequestBody,
  convertResponseBody,
  decodeBase64,
  firstMediaType,
  isBinaryMediaType,
} from "./binary-media.ts";

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff]);
const ok = (body: Buffer | string) => ({ ok: true, body });

describe("binary media types", () => {
  it("match exactly, by subtype wildcard, or everything", () => {
    expect(isBinaryMediaType("image/png", ["image/png"])).toBe(true);
    expect(isBinaryMediaType("IMAGE/PNG; q=1", ["image/png"])).toBe(true);
    expect(isBinaryMediaType("image/png", ["image/*"])).toBe(true);
    expect(isBinaryMediaType("imagex/png", ["image/*"])).toBe(false);
    expect(isBinaryMediaType(undefined, ["*/*"])).toBe(true);
    expect(isBinaryMediaType(undefined, ["image/png"])).toBe(false);
    expect(isBinaryMediaType("image/png", [])).toBe(false);
  });

  it("with a wildcard on the left match nothing, not even themselves", () => {
    expect(isBinaryMediaType("random/test", ["*/test"])).toBe(false);
    expect(isBinaryMediaType("*/test", ["*/test"])).toBe(false);
  });

  it("count only the first media type of a list", () => {
    expect(isBinaryMediaType("text/html, image/png", ["image/png"])).toBe(false);
    expect(firstMediaType(" Image/PNG ;q=0.5, text/html")).toBe("image/png");
    expect(firstMediaType(";")).toBeUndefined();
  });
});

describe("request payloads", () => {
  it("text without handling or as text is a string", () => {
    expect(convertRequestBody(Buffer.from("häh"), false, undefined)).toEqual(ok("häh"));
    expect(convertRequestBody(Buffer.from("a"), false, "CONVERT_TO_TEXT")).toEqual(ok("a"));
  });
  it("text converted to binary is decoded from base64", () => {
    expect(convertRequestBody(Buffer.from("iVBOR/8="), false, "CONVERT_TO_BINARY")).toEqual(
      ok(Buffer.from("iVBOR/8=", "base64")),
    );
    expect(convertRequestBody(Buffer.from("not base64!"), false, "CONVERT_TO_BINARY").ok).toBe(false);
  });
  it("binary without handling or as binary stays raw", () => {
    expect(convertRequestBody(PNG, true, undefined)).toEqual(ok(PNG));
    expect(convertRequestBody(PNG, true, "CONVERT_TO_BINARY")).toEqual(ok(PNG));
  });
  it("binary converted to text is base64", () => {
    expect(convertRequestBody(PNG, true, "CONVERT_TO_TEXT")).toEqual(ok(PNG.toString("base64")));
  });
});

describe("response payloads", () => {
  const none = { handling: undefined, hasBinaryTypes: true };
  it("without binary media types text stays text unless it is converted", () => {
    const off = { hasBinaryTypes: false, isBinary: false, acceptsBinary: false };
    expect(convertResponseBody("a", { ...off, handling: undefined })).toEqual(ok("a"));
    expect(convertResponseBody("aGk=", { ...off, handling: "CONVERT_TO_BINARY" })).toEqual(ok(Buffer.from("hi")));
    expect(convertResponseBody("aGk=", { ...off, handling: "CONVERT_TO_TEXT" })).toEqual(ok("aGk="));
  });
  it("text for a client that accepts binary is decoded from base64", () => {
    expect(convertResponseBody("aGk=", { ...none, isBinary: false, acceptsBinary: true })).toEqual(
      ok(Buffer.from("hi")),
    );
    expect(convertResponseBody("a b?", { ...none, isBinary: false, acceptsBinary: true }).ok).toBe(false);
  });
  it("text for a client that accepts text stays text", () => {
    expect(convertResponseBody("aGk=", { ...none, isBinary: false, acceptsBinary: false })).toEqual(ok("aGk="));
  });
  it("binary for a client that accepts text is base64", () => {
    expect(convertResponseBody(PNG, { ...none, isBinary: true, acceptsBinary: false })).toEqual(
      ok(PNG.toString("base64")),
    );
  });
  it("binary for a client that accepts binary stays raw", () => {
    expect(convertResponseBody(PNG, { ...none, isBinary: true, acceptsBinary: true })).toEqual(ok(PNG));
  });
  it("contentHandling decides over Accept", () => {
    expect(
      convertResponseBody(PNG, {
        hasBinaryTypes: true,
        isBinary: true,
        acceptsBinary: true,
        handling: "CONVERT_TO_TEXT",
      }),
    ).toEqual(ok(PNG.toString("base64")));
    expect(
      convertResponseBody(PNG, {
        hasBinaryTypes: true,
        isBinary: true,
        acceptsBinary: false,
        handling: "CONVERT_TO_BINARY",
      }),
    ).toEqual(ok(PNG));
  });
  it("bytes that are no UTF-8 are mangled when they count as text", () => {
    expect(convertResponseBody(PNG, { ...none, isBinary: false, acceptsBinary: false })).toEqual(
      ok(PNG.toString("utf8")),
    );
  });
});

it("base64 may be wrapped but nothing else", () => {
  expect(decodeBase64("aG\r\nk=")).toEqual(ok(Buffer.from("hi")));
  expect(decodeBase64("this is text").ok).toBe(false);
  expect(decodeBase64("aGk").ok).toBe(true);
  expect(decodeBase64("aGkaa").ok).toBe(false);
  expect(decodeBase64("a-_=").ok).toBe(false);
});
