import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeJwt, MAX_JSON_DEPTH, MAX_TOKEN_CHARS } from "./decode-jwt.ts";
import { MAX_REMEMBERED_HEADERS, readRememberedHeader } from "./remember-headers.ts";

const encode = (text: string | Buffer) => Buffer.from(text).toString("base64url");
const token = (header: string | Buffer, payload: string | Buffer = "{}") => `${encode(header)}.${encode(payload)}.AAAA`;
const reasonOf = (jwt: string) => {
  const decoded = decodeJwt(jwt);
  return decoded.ok ? "ok" : decoded.reason;
};

test("a token is taken apart into header, claims, signed part and signature", () => {
  const jwt = token('{"alg":"RS256"}', '{"sub":"ä€😀"}');
  expect(decodeJwt(jwt)).toEqual({
    ok: true,
    header: { alg: "RS256" },
    claims: { sub: "ä€😀" },
    signed: jwt.slice(0, jwt.lastIndexOf(".")),
    signature: Buffer.from([0, 0, 0]),
  });
});

test("any other number of segments than three is refused, five as an encrypted token", () => {
  for (const [jwt, actual] of [
    ["", 1],
    ["opaque", 1],
    ["a.b", 2],
    [".", 2],
    ["a.b.c.d", 4],
    ["......", 7],
  ] as const) {
    expect(decodeJwt(jwt)).toEqual({ ok: false, reason: "not_a_jwt", expected: 3, actual });
  }
  expect(decodeJwt("a.b.c.d.e")).toEqual({ ok: false, reason: "jwe_token", expected: 3, actual: 5 });
  expect(reasonOf("..")).toBe("malformed_json");
  expect(reasonOf(undefined as unknown as string)).toBe("not_a_jwt");
});

test("a token longer than the limit is not looked at", () => {
  const pad = (chars: number) => `${"A".repeat(chars - 4)}.e.A`;
  expect(reasonOf(pad(MAX_TOKEN_CHARS))).not.toBe("token_too_large");
  expect(decodeJwt(pad(MAX_TOKEN_CHARS + 1))).toEqual({
    ok: false,
    reason: "token_too_large",
    expected: MAX_TOKEN_CHARS,
    actual: MAX_TOKEN_CHARS + 1,
  });
});

describe("base64url is strict", () => {
  const good = token('{"a":1}', '{"b":2}');
  const [header = "", payload = "", signature = ""] = good.split(".");

  test.each([
    ["padding", "="],
    ["a space", " "],
    ["a line break", "\n"],
    ["the standard alphabet's plus", "+"],
    ["the standard alphabet's slash", "/"],
    ["a quote", '"'],
    ["NUL", "\0"],
    ["a character beyond ASCII", "é"],
    ["a character that is a letter in its low byte", "\u0141"],
    ["half a surrogate pair", "\ud800"],
  ])("%s is refused in every segment, wherever it stands", (_name, foreign) => {
    const places = { header, payload, signature };
    for (const [segment, value] of Object.entries(places)) {
      for (const changed of [
        `${value}${foreign}`,
        `${foreign}${value}`,
        `${value.slice(0, 2)}${foreign}${value.slice(2)}`,
        `${value.slice(0, 2)}${foreign}${value.slice(3)}`,
      ]) {
        const jwt = Object.entries(places)
          .map(([name, each]) => (name === segment ? changed : each))
          .join(".");
        expect(decodeJwt(jwt)).toEqual({ ok: false, reason: "malformed_encoding", segment, expected: "base64url" });
      }
    }
  });

  test("left-over bits and a lone last character are refused", () => {
    expect(reasonOf(`${header}.${payload}.AA`)).toBe("ok");
    expect(reasonOf(`${header}.${payload}.AB`)).toBe("malformed_encoding");
    expect(reasonOf(`${header}.${payload}.AAA`)).toBe("ok");
    expect(reasonOf(`${header}.${payload}.AAB`)).toBe("malformed_encoding");
    expect(reasonOf(`${header}.${payload}.A`)).toBe("malformed_encoding");
  });

  test("exactly the strings that encode back to themselves are accepted", () => {
    const alphabet = [..."ABCXYZabcxyz0189-_+/= \n\0é\u0141"];
    const segments = fc.oneof(
      fc.string({ unit: fc.constantFrom(...alphabet), maxLength: 12 }),
      fc.base64String({ maxLength: 40 }),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString("base64url")),
    );
    fc.assert(
      fc.property(segments, (segment) => {
        const isExact = Buffer.from(segment, "base64url").toString("base64url") === segment;
        expect(reasonOf(`${header}.${payload}.${segment}`)).toBe(isExact ? "ok" : "malformed_encoding");
      }),
      { numRuns: 3000 },
    );
  });
});

describe("UTF-8 is strict", () => {
  test.each([
    ["a lone continuation byte", [0x80]],
    ["a cut sequence", [0xe2, 0x82]],
    ["an overlong form", [0xc0, 0xaf]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["beyond the last code point", [0xf4, 0x90, 0x80, 0x80]],
  ])("%s is refused", (_name, bytes) => {
    const bad = Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes), Buffer.from('"}')]);
    expect(decodeJwt(token(bad))).toMatchObject({ reason: "malformed_encoding", segment: "header", expected: "utf-8" });
    expect(decodeJwt(token("{}", bad))).toMatchObject({ reason: "malformed_encoding", segment: "payload" });
  });

  test("a written U+FFFD is a character like any other", () => {
    expect(decodeJwt(token("{}", '{"a":"\ufffd"}'))).toMatchObject({ ok: true, claims: { a: "\ufffd" } });
  });
});

describe("JSON is strict", () => {
  test.each(["", " ", "{", "{}{}", "{'a':1}", '{"a":01}', "\ufeff{}", "{}\0", '{"a":NaN}', '{"a":1,}', "undefined"])(
    "%j is not JSON",
    (text) => {
      expect(decodeJwt(token("{}", text))).toMatchObject({
        reason: "malformed_json",
        segment: "payload",
        expected: "json",
      });
      expect(decodeJwt(token(text))).toMatchObject({ reason: "malformed_json", segment: "header" });
    },
  );

  test.each(["null", "[]", '"{}"', "1", "true", "[{}]"])("%s is not an object", (text) => {
    expect(decodeJwt(token("{}", text))).toMatchObject({ reason: "malformed_json", expected: "object" });
  });

  test("whitespace between tokens is allowed", () => {
    expect(decodeJwt(token(' {\n"alg" :\t"RS256" } ', '{ "a" : [ { "b" : 1 } ] }'))).toMatchObject({
      ok: true,
      header: { alg: "RS256" },
      claims: { a: [{ b: 1 }] },
    });
  });

  test("nesting ends at the limit, in objects and in arrays", () => {
    const nested = (open: string, close: string, depth: number) =>
      `{"a":${open.repeat(depth - 1)}1${close.repeat(depth - 1)}}`;
    for (const [open, close] of [
      ["[", "]"],
      ['{"a":', "}"],
    ] as const) {
      expect(reasonOf(token("{}", nested(open, close, MAX_JSON_DEPTH)))).toBe("ok");
      expect(decodeJwt(token("{}", nested(open, close, MAX_JSON_DEPTH + 1)))).toMatchObject({
        reason: "malformed_json",
        expected: "depth",
      });
    }
    expect(reasonOf(token("{}", `{"a":${"[".repeat(5000)}${"]".repeat(5000)}}`))).toBe("malformed_json");
    expect(reasonOf(token("{}", JSON.stringify({ a: "[".repeat(100), b: new Array(50).fill([]) })))).toBe("ok");
  });
});

describe("duplicate members", () => {
  test.each([
    ['{"a":1,"a":1}', 1, 2],
    ['{"alg":"none","alg":"RS256"}', 1, 2],
    ['{"alg":"none","\\u0061lg":"RS256"}', 1, 2],
    ['{"a":{"b":1,"b":2}}', 2, 3],
    ['{"a":[[{"b":1,"b":2}]]}', 2, 3],
    ['{"a" :1 , "a"\n:2}', 1, 2],
    ['{"__proto__":1,"__proto__":2}', 1, 2],
    ['{"":1,"":2}', 1, 2],
    ['{"1":1,"1":2}', 1, 2],
    ['{"a\\"":1,"a\\u0022":2}', 1, 2],
    ['{"a":":","a":"\\":"}', 1, 2],
  ])("%s is refused in header and payload", (text, expected, actual) => {
    expect(decodeJwt(token(text))).toEqual({
      ok: false,
      reason: "duplicate_member",
      segment: "header",
      expected,
      actual,
    });
    expect(decodeJwt(token("{}", text))).toMatchObject({ reason: "duplicate_member", segment: "payload" });
  });

  test.each([
    '{"a":{"a":1},"b":{"a":1}}',
    '{"a":"b\\":\\"c","c":":::"}',
    '{"a\\\\":"\\\\","b":"{[:"}',
    '{"a":"\\\\\\":","b":[":",{":":":"}]}',
    '{"A":1,"a":2}',
  ])("%s has none", (text) => {
    expect(decodeJwt(token("{}", text))).toMatchObject({ ok: true, claims: JSON.parse(text) });
  });

  test("no JSON value is mistaken for one with duplicates, whatever its spacing", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })),
        fc.constantFrom(0, 1, "\t"),
        (value, space) => {
          const text = JSON.stringify(value, undefined, space);
          fc.pre(text.length < 8000);
          expect(decodeJwt(token("{}", text))).toMatchObject({ ok: true });
        },
      ),
    );
  });

  test("a member added twice is always found", () => {
    const names = fc.string({ minLength: 1 });
    fc.assert(
      fc.property(
        fc.dictionary(names, fc.jsonValue({ maxDepth: 2 }), { minKeys: 1 }),
        fc.nat(),
        fc.boolean(),
        (value, pick, escape) => {
          const keys = Object.keys(value);
          const name = keys[pick % keys.length] ?? "";
          const units = Array.from({ length: name.length }, (_, at) =>
            name.charCodeAt(at).toString(16).padStart(4, "0"),
          );
          const again = escape ? `"${units.map((unit) => `\\u${unit}`).join("")}"` : JSON.stringify(name);
          const text = `${JSON.stringify(value).slice(0, -1)},${again}:0}`;
          fc.pre(text.length < 8000);
          expect(reasonOf(token("{}", text))).toBe("duplicate_member");
        },
      ),
    );
  });
});

test("a __proto__ member is data and changes no prototype", () => {
  const text = '{"__proto__":{"alg":"none","admin":true}}';
  const decoded = decodeJwt(token(text, text));
  if (!decoded.ok) throw new Error(decoded.reason);
  expect(decoded.header.alg).toBeUndefined();
  expect(decoded.claims.admin).toBeUndefined();
  expect(Object.getPrototypeOf(decoded.claims)).toBe(Object.prototype);
  expect(({} as { admin?: unknown }).admin).toBeUndefined();
});

test("remembered headers answer the same, cannot be changed and do not pile up", () => {
  for (let round = 0; round < 2; round++) {
    for (let number = 0; number < 3 * MAX_REMEMBERED_HEADERS; number++) {
      const decoded = decodeJwt(token(`{"alg":"RS256","kid":"${number}"}`), readRememberedHeader);
      expect(decoded).toMatchObject({ ok: true, header: { kid: String(number) } });
      expect(decoded.ok && Object.isFrozen(decoded.header)).toBe(true);
    }
  }
});
