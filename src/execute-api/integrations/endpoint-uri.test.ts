import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeQueryText, fillEndpointUri, parseEndpointUri } from "./endpoint-uri.ts";

function filled(uri: string, values: Record<string, { text: string; isEncoded?: boolean }>): string | undefined {
  const parsed = parseEndpointUri(uri);
  if (!parsed.ok) throw new Error(parsed.message);
  const result = fillEndpointUri(parsed.uri, (name) => {
    const value = values[name];
    return value && { isEncoded: false, ...value };
  });
  return result.ok ? result.target : undefined;
}

describe("the address of an HTTP integration", () => {
  it("is split into host and path", () => {
    const parsed = parseEndpointUri("https://Example.com:8443/pets/{petId}?x=1");
    expect(parsed).toMatchObject({
      ok: true,
      uri: {
        origin: { scheme: "https", hostname: "example.com", port: 8443 },
        originText: "https://example.com:8443",
        hasQuery: true,
      },
    });
    expect(parseEndpointUri("http://127.0.0.1:3000")).toMatchObject({ uri: { origin: { port: 3000 }, pieces: ["/"] } });
    expect(parseEndpointUri("http://[::1]/a#fragment")).toMatchObject({
      uri: { origin: { hostname: "[::1]", port: 80 }, pieces: ["/a"] },
    });
    expect(parseEndpointUri("https://example.com?a=b")).toMatchObject({ uri: { pieces: ["/?a=b"], hasQuery: true } });
  });

  it.each([
    "https://{host}/",
    "https://{a}.example.com/",
    "https://example.com{proxy}",
    "https://example.com:{port}/x",
  ])("%s lets a request choose the host and is refused", (uri) => {
    expect(parseEndpointUri(uri)).toMatchObject({ ok: false, reason: "placeholder_in_host" });
  });

  it.each([
    "",
    "http://",
    "example.com",
    "ftp://example.com/",
    "https:///x",
    "http://exa mple/",
    "http://a/b c",
    "http://a/ä",
    "http://a/{",
    "http://a\r\n/x",
    "http://a:99999/",
  ])("%j is invalid", (uri) => {
    expect(parseEndpointUri(uri)).toMatchObject({ ok: false, reason: "invalid" });
  });

  it("holds no credentials", () => {
    expect(parseEndpointUri("https://user:pw@example.com/")).toMatchObject({ ok: false, reason: "credentials" });
  });
});

describe("placeholders", () => {
  it("take a path value as it was sent", () => {
    expect(filled("http://a/{proxy}", { proxy: { text: "b//c%2Fd+e@f", isEncoded: true } })).toBe("/b//c%2Fd+e@f");
  });

  it("never let a path value begin a query or fragment", () => {
    expect(filled("http://a/{p}", { p: { text: "x?y#z w\\%zz\u00e9", isEncoded: true } })).toBe(
      "/x%3Fy%23z%20w%5C%25zz%E9",
    );
  });

  it("encode any other value whole", () => {
    expect(filled("http://a/{p}/e", { p: { text: "//host/@?#ä" } })).toBe("/%2F%2Fhost%2F%40%3F%23%C3%A4/e");
    expect(filled("http://a/{p}", { p: { text: "\ud800" } })).toBe("/%EF%BF%BD");
  });

  it("in the query become one value", () => {
    expect(filled("http://a/?q={p}&r=1", { p: { text: "a%26b", isEncoded: true } })).toBe("/?q=a%26b&r=1");
    expect(filled("http://a/?q={p}", { p: { text: "a&b=c" } })).toBe("/?q=a%26b%3Dc");
  });

  it("without a value are named", () => {
    expect(filled("http://a/{p}", {})).toBeUndefined();
  });

  it("never change the host, whatever the value", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.boolean(), (text, isEncoded) => {
        const target = filled("http://backend.example/x/{p}/y", { p: { text, isEncoded } }) ?? "";
        expect(target).toMatch(/^\/[\x21-\x7e]*$/);
        expect(target).not.toMatch(/[?#\s\\]/);
        expect(new URL(`http://backend.example${target}`).host).toBe("backend.example");
      }),
    );
  });
});

it("query text holds nothing that separates", () => {
  expect(encodeQueryText("a b&c=d'(e)+ä")).toBe("a%20b%26c%3Dd%27%28e%29%2B%C3%A4");
});
