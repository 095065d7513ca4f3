import fc from "fast-check";
import { expect, test } from "vitest";
import type { HttpRequest } from "./http-exchange.ts";
import { hostHeader, writeRequest } from "./write-request.ts";

const url = { scheme: "http", hostname: "a.example", port: 80 } as const;
const write = (request: Partial<HttpRequest>) =>
  writeRequest({ method: "GET", url, path: "/", headers: [], timeoutMs: 1, ...request });

function text(request: Partial<HttpRequest>): string {
  const bytes = write(request);
  if (!bytes.ok) throw new Error(bytes.detail);
  return bytes.head.toString("latin1") + (bytes.body?.toString("latin1") ?? "");
}

test("headers go out in their order and casing, after a Host that is derived when absent", () => {
  expect(text({ path: "/a%2F?b", headers: ["x-B", "1", "X-a", "caf\xe9"] })).toBe(
    "GET /a%2F?b HTTP/1.1\r\nHost: a.example\r\nx-B: 1\r\nX-a: caf\xe9\r\n\r\n",
  );
  expect(text({ headers: ["hosT", "other"] })).toBe("GET / HTTP/1.1\r\nhosT: other\r\n\r\n");
});

test("the body's length is the client's own", () => {
  const body = Buffer.from("abc");
  expect(text({ method: "POST", body })).toMatch(/\r\nContent-Length: 3\r\n\r\nabc$/);
  expect(text({ method: "POST", body, headers: ["content-length", "3"] })).toMatch(/\r\ncontent-length: 3\r\n\r\nabc$/);
  expect(text({ method: "POST" })).toMatch(/\r\nContent-Length: 0\r\n\r\n$/);
  expect(text({ method: "DELETE" })).not.toMatch(/Content-Length/);
  expect(text({ method: "PUT", body: Buffer.alloc(100_000, "x") })).toMatch(
    /\r\nContent-Length: 100000\r\n\r\nx{100000}$/,
  );
});

test("the Host names the port when it is not the scheme's own, and brackets IPv6", () => {
  expect(hostHeader({ scheme: "https", hostname: "a", port: 443 })).toBe("a");
  expect(hostHeader({ scheme: "http", hostname: "a", port: 443 })).toBe("a:443");
  expect(hostHeader({ scheme: "http", hostname: "::1", port: 8080 })).toBe("[::1]:8080");
  expect(hostHeader({ scheme: "http", hostname: "[::1]", port: 80 })).toBe("[::1]");
});

const refused: Record<string, Partial<HttpRequest>> = {
  "a line end in the method": { method: "GET / HTTP/1.1\r\nX: y\r\n\r\nGET" },
  CONNECT: { method: "CONNECT" },
  "an empty method": { method: "" },
  "a line end in the path": { path: "/ HTTP/1.1\r\nX: y" },
  "a blank in the path": { path: "/a b" },
  "a path beyond ASCII": { path: "/\xe9" },
  "an absolute path": { path: "http://other/" },
  "an empty path": { path: "" },
  "a line end in a name": { headers: ["X: y\r\nZ", "a"] },
  "an empty name": { headers: ["", "a"] },
  "CR LF in a value": { headers: ["X", "a\r\nY: b"] },
  "a bare LF in a value": { headers: ["X", "a\nY: b"] },
  "a bare CR in a value": { headers: ["X", "a\rb"] },
  "NUL in a value": { headers: ["X", "a\0"] },
  "characters beyond latin1, whose low byte could be a line end": { headers: ["X", "\u010d\u010a"] },
  "a name without value": { headers: ["X"] },
  "two Hosts": { headers: ["Host", "a", "host", "b"] },
  "a line end in a Host": { headers: ["Host", "a\r\n"] },
  "a line end in the host name": { url: { ...url, hostname: "a\r\nX: y" } },
  "a blank in the host name": { url: { ...url, hostname: "a b" } },
  "an empty host name": { url: { ...url, hostname: "" } },
  "port 0": { url: { ...url, port: 0 } },
  "port 65536": { url: { ...url, port: 65_536 } },
  "a length that does not fit": { body: Buffer.from("abc"), headers: ["Content-Length", "2"] },
  "a length without body": { headers: ["Content-Length", "2"] },
  "two lengths": { body: Buffer.from("abc"), headers: ["Content-Length", "3", "content-length", "3"] },
  "a transfer coding": { headers: ["transfer-encoding", "chunked"] },
  "an upgrade": { headers: ["Upgrade", "h2c"] },
  "a Connection that names headers": { headers: ["Connection", "close, Authorization"] },
};

for (const [what, request] of Object.entries(refused)) {
  test(`${what} is refused`, () => expect(write(request).ok).toBe(false));
}

test("what is written never holds a line that was not meant", () => {
  const any = fc.string({ unit: fc.constantFrom("a", " ", "\r", "\n", ":", "\0", "/", "\u010a", "é") });
  fc.assert(
    fc.property(any, any, any, any, (method, path, name, value) => {
      const bytes = write({ method, path: `/${path}`, headers: [name, value] });
      if (bytes.ok) expect(bytes.head.toString("latin1").split(/\r|\n|\0/)).toHaveLength(9);
    }),
  );
});
