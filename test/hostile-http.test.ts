import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Gatewarden, startGatewarden } from "../src/index.ts";
import { ask, inParallel, talk } from "./support/http.ts";
import { makeProject, mockMethod, openApi } from "./support/project.ts";

/*
 * Bytes that no honest client sends, at a whole gateway. What the listener refuses, the API must never see: the records
 * say which requests got through.
 */

/** A mock integration whose request template reads the whole body, as JSON and as a tree. */
const reading = mockMethod("read");
reading["x-amazon-apigateway-integration"].requestTemplates["application/json"] =
  '#set($read = $input.path("$")){"statusCode": 200, "first": "$!read.a", "all": $input.json("$")}';
const project = makeProject({
  "api.json": openApi({
    "/echo": { get: mockMethod("echo"), post: reading },
    "/{proxy+}": { get: mockMethod("proxy") },
  }),
});
let gateway: Gatewarden;
let origin: string;

beforeAll(async () => {
  gateway = await startGatewarden({
    files: [project.path("api.json")],
    dataDir: project.path("data"),
    issuerPort: false,
  });
  origin = new URL(gateway.url()).origin;
});
afterAll(async () => {
  await gateway.stop();
  project.remove();
});

const stage = () => new URL(gateway.url()).pathname;
const statuses = (text: string): string[] => [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => match[1] ?? "");
const recorded = (): number => gateway.requests().length;

describe("a smuggled request is never answered", () => {
  const hidden = () => `GET ${stage()}/echo?smuggled HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`;
  const head = () => `POST ${stage()}/echo HTTP/1.1\r\nHost: 127.0.0.1\r\n`;
  test.each([
    [
      "Content-Length beside Transfer-Encoding",
      () => `${head()}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden()}`,
    ],
    [
      "Transfer-Encoding beside Content-Length",
      () => `${head()}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${hidden()}`,
    ],
    ["two Content-Lengths", () => `${head()}Content-Length: 0\r\nContent-Length: 60\r\n\r\n${hidden()}`],
    ["a coding that only looks like chunked", () => `${head()}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${hidden()}`],
    ["a blank before the colon", () => `${head()}Content-Length : 0\r\n\r\n${hidden()}`],
    ["a folded header", () => `${head()}X: a\r\n Content-Length: 0\r\n\r\n${hidden()}`],
    ["a bare LF as line end", () => `${head()}Content-Length: 0\n\r\n${hidden()}`],
    [
      "a chunk that is longer than it says",
      () => `${head()}Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n${hidden()}`,
    ],
    ["CONNECT", () => `CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n${hidden()}`],
    [
      "an absolute target",
      () => `GET http://petstore.execute-api.localhost/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n${hidden()}`,
    ],
    ["two Hosts", () => `GET ${stage()}/echo HTTP/1.1\r\nHost: a\r\nHost: 127.0.0.1\r\n\r\n${hidden()}`],
  ])("behind %s", async (_name, bytes) => {
    const before = recorded();
    const answered = await talk(origin, bytes());
    expect(statuses(answered)).toEqual(["400"]);
    expect(recorded()).toBe(before);
  });

  test("a body with its length is one request, and the connection is kept for the next", async () => {
    const body = '{"a":1}';
    const good = `${head()}Content-Length: ${body.length}\r\n\r\n${body}`;
    const answered = await talk(
      origin,
      `${good}GET ${stage()}/echo HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`,
    );
    expect(statuses(answered)).toEqual(["200", "200"]);
  });
});

describe("what is too large is refused before the API sees it", () => {
  test.each([
    ["a header of 11 KB", ["X-Large", "x".repeat(11_000)], "", 431],
    ["eleven headers of 1 KB", Array.from({ length: 11 }, (_, at) => [`X-${at}`, "x".repeat(1_024)]).flat(), "", 431],
    ["1,000 headers", Array.from({ length: 1_000 }, (_, at) => [`X-${at}`, ""]).flat(), "", 431],
    ["a target of 11,000 characters", [], `?q=${"x".repeat(11_000)}`, 414],
  ])("%s", async (_name, headers, query, status) => {
    const before = recorded();
    expect(await ask(`${gateway.url()}/echo${query}`, { headers })).toMatchObject({ status });
    expect(recorded()).toBe(before);
  });

  test("a body of 11 MB, whether its length is told or not", async () => {
    const before = recorded();
    const body = Buffer.alloc(11_000_000, "x");
    const told = await ask(`${gateway.url()}/echo`, { method: "POST", body }).catch((error: Error) => error);
    expect(told).toMatchObject({ status: 413, body: "HTTP content length exceeded 10485760 bytes." });
    const head = `POST ${stage()}/echo HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const untold = await talk(origin, `${head}${body.length.toString(16)}\r\n${body.toString("latin1")}\r\n0\r\n\r\n`);
    expect(statuses(untold)).toEqual(["413"]);
    expect(recorded()).toBe(before);
  });
});

describe("what is odd and allowed is answered, and is never a defect", () => {
  const reasonOf = (requestId: string) =>
    gateway.requests().find((each) => each.requestId === requestId)?.refusal?.reason;

  test.each([
    ["JSON 100,000 levels deep", `${"[".repeat(100_000)}${"]".repeat(100_000)}`, 200],
    ["10 MB of opening brackets", "[".repeat(10_000_000), 500],
    ["10 MB of text", "x".repeat(10_000_000), 500],
    ["100,000 equal keys", `{${Array(100_000).fill('"k":1').join()}}`, 200],
    ["a __proto__ key", '{"__proto__": {"a": 1}, "constructor": {"prototype": {"a": 1}}}', 200],
    ["bytes that are no UTF-8", Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x7d]), 200],
    ["a lone surrogate", '{"a": "\\ud800"}', 200],
    ["a number of 100,000 digits", `{"a": ${"9".repeat(100_000)}}`, 200],
    ["nothing", "", 200],
  ])("a body of %s, read by a mapping template", async (_name, body, status) => {
    const headers = ["Content-Type", "application/json"];
    const answered = await ask(`${gateway.url()}/echo`, { method: "POST", body, headers });
    expect(answered.status).toBe(status);
    expect(reasonOf(answered.requestId)).toBe(status === 200 ? undefined : "mock_status_unparsable");
    expect(Object.prototype).not.toHaveProperty("a");
  });

  test.each([
    ["/echo?q=%ff%fe", 200],
    ["/echo?__proto__=1&constructor=2", 200],
    ["/echo?q=%00%0d%0a", 200],
    ["/%2e%2e/etc/passwd", 200],
    ["/..%2f..%2f", 200],
    ["/%00", 200],
    ["/;/;", 200],
    ["/\\\\..\\\\..", 200],
    ["/%C0%AE%C0%AE", 200],
    ["/__proto__/x", 200],
    ["//////", 403],
  ])("a target of %s", async (target, status) => {
    const answered = await talk(
      origin,
      `GET ${stage()}${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`,
    );
    expect(statuses(answered)).toEqual([String(status)]);
  });

  test.each(["/echo?%", "/echo?q=%zz&q=%ff%fe", "/%2e%2e/%2e%2e/etc/passwd", "/../../x", "/%zz", "/%"])(
    "a target of %s is the front end's to refuse",
    async (target) => {
      const answered = await talk(
        origin,
        `GET ${stage()}${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`,
      );
      expect(statuses(answered)).toEqual(["400"]);
      const requestId = /x-amzn-requestid: (\S+)/i.exec(answered)?.[1] ?? "";
      expect(reasonOf(requestId)).toBe("target_malformed");
    },
  );

  test.each([
    ["constructor", 403],
    ["__proto__", 403],
    ["execute-api.localhost", 404],
    ["api.execute-api.localhost.evil.example", 403],
    ["a".repeat(255), 403],
  ])("a Host of %s", async (host, status) => {
    expect(await ask(`${origin}/`, { headers: ["Host", host] })).toMatchObject({ status });
  });

  test.each(["TRACE", "get", "constructor", "GET /x HTTP/1.1", "\x9b2J"])(
    "a verb overridden by %j is a route that does not exist",
    async (verb) => {
      const answered = await ask(`${gateway.url()}/echo`, { headers: ["X-HTTP-Method-Override", verb] });
      expect(answered).toMatchObject({ status: 403, body: '{"message":"Missing Authentication Token"}' });
      expect(reasonOf(answered.requestId)).toBe("route_not_found");
    },
  );

  test("clients that go away in the middle leave nothing behind that keeps others waiting", async () => {
    const { hostname, port } = new URL(origin);
    const leave = (bytes: string): Promise<void> =>
      new Promise((resolve) => {
        const socket = connect(Number(port), hostname, () => socket.write(bytes, () => socket.resetAndDestroy()));
        socket.on("error", () => {});
        socket.on("close", () => resolve());
      });
    const head = `POST ${stage()}/echo HTTP/1.1\r\nHost: 127.0.0.1\r\n`;
    await inParallel(200, 20, (at) =>
      leave(
        [head, `${head}Content-Length: 100\r\n\r\nhalf`, `${head}Transfer-Encoding: chunked\r\n\r\n5\r\nab`][at % 3] ??
          "",
      ),
    );
    expect(await ask(`${gateway.url()}/echo`)).toMatchObject({ status: 200, body: "echo" });
  });
});
