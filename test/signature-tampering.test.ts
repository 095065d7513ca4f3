import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, type Reply } from "./support/http.ts";
import { makeProject, mockMethod, openApi, type Project } from "./support/project.ts";
import { startTestServer, type TestServer } from "./support/server.ts";
import { headerOf, presignedBySdk, type Signed, signedBySdk, withHeader } from "./support/signers.ts";

/*
 * A request is signed, and somebody on the way changes it. Whatever the signature speaks of cannot be changed; what it
 * does not speak of must not change who is let in, either.
 */

const SIGV4 = { type: "apiKey", name: "Authorization", in: "header", "x-amazon-apigateway-authtype": "awsSigv4" };
const signedOnly = { security: [{ sigv4: [] }] };
const WHAT =
  '{"what": "$context.httpMethod $context.resourcePath", "caller": "$context.identity.userArn", "query": "$input.params().querystring"}';

let project: Project;
let server: TestServer;
let base: string;
const sign = async (path: string, unsigned: Parameters<typeof signedBySdk>[2] = {}): Promise<Signed> =>
  signedBySdk(await server.server.credentialsOf("alice"), `${base}${path}`, unsigned);

beforeAll(async () => {
  const path = (...verbs: string[]) => Object.fromEntries(verbs.map((verb) => [verb, mockMethod(WHAT, signedOnly)]));
  project = makeProject({
    "shop.json": openApi(
      {
        "/pets": path("get", "post", "put", "delete"),
        "/pets/{name}": path("get"),
        "/files/{proxy+}": path("get"),
        "/secret": path("get"),
      },
      { sigv4: SIGV4 },
    ),
    "gatewarden.yaml": "files: [shop.json]\nstages: {shop: {name: prod}}\n",
    "iam.yaml": `
users:
  alice: {policies: [most]}
policies:
  most:
    Version: "2012-10-17"
    Statement:
      - {Effect: Allow, Action: "execute-api:Invoke", Resource: ["arn:aws:execute-api:*:*:shop/*/GET/*", "arn:aws:execute-api:*:*:shop/*/POST/*"]}
      - {Effect: Deny, Action: "execute-api:Invoke", Resource: "arn:aws:execute-api:*:*:shop/*/GET/secret"}
`,
  });
  server = await startTestServer(project);
  base = server.url();
});
afterAll(async () => {
  await server?.stop();
  project?.remove();
});

const send = (request: Signed): Promise<Reply> => ask(request.url, request);
const reasonOf = ({ requestId }: Reply): string | undefined => server.record(requestId)?.refusal?.reason;

/** Not as signed: and no more is said than AWS says. */
async function expectMismatch(request: Signed, reason = "signature_mismatch"): Promise<void> {
  const reply = await send(request);
  expect(reply).toMatchObject({ status: 403, errorType: "InvalidSignatureException" });
  expect(reply.body).toContain("The request signature we calculated does not match");
  expect(reasonOf(reply)).toBe(reason);
}

test("as it was signed it is let in", async () => {
  const reply = await send(await sign("/pets", { method: "POST", body: '{"pet":1}' }));
  expect(JSON.parse(reply.body)).toMatchObject({ what: "POST /pets", caller: expect.stringMatching(/user\/alice$/) });
});

describe("the body", () => {
  const body = '{"price":1}';

  test.each([
    ["another value", '{"price":9}'],
    ["one byte more", `${body} `],
    ["nothing", ""],
  ])("%s", async (_change, other) => {
    const signed = await sign("/pets", { method: "POST", body });
    await expectMismatch({ ...signed, body: other });
    // The hash is of the body that came, whatever a header declares.
    const declared = (hash: string): Signed => withHeader({ ...signed, body: other }, "x-amz-content-sha256", hash);
    await expectMismatch(declared(createHash("sha256").update(other).digest("hex")));
    await expectMismatch(declared("UNSIGNED-PAYLOAD"), "payload_unsigned");
  });

  test("of a link, which was signed without one", async () => {
    const link = await presignedBySdk(await server.server.credentialsOf("alice"), `${base}/pets`, 60, {
      method: "POST",
    });
    expect((await send(link)).status).toBe(200);
    await expectMismatch({ ...link, body });
  });
});

describe("a header", () => {
  const headers = ["X-Customer", "ann"];

  test("that was signed cannot be changed, taken away or doubled", async () => {
    const signed = await sign("/pets", { headers });
    expect((await send(signed)).status).toBe(200);
    await expectMismatch(withHeader(signed, "x-customer", "mallory"));
    await expectMismatch(withHeader(signed, "x-customer"));
    await expectMismatch({ ...signed, headers: [...signed.headers, "X-Customer", "mallory"] });
  });

  test("that was not signed may come: proxies add theirs", async () => {
    const signed = await sign("/pets");
    expect((await send({ ...signed, headers: [...signed.headers, "X-Trace", "1"] })).status).toBe(200);
    expect((await send(withHeader(signed, "Accept-Language", "de"))).status).toBe(200);
  });

  test("may differ in the case of its name and the blanks around its value, which nobody signs", async () => {
    const signed = await sign("/pets", { headers: ["X-Customer", "ann  b"] });
    expect((await send(withHeader(signed, "X-CUSTOMER", "   ann b "))).status).toBe(200);
  });

  test("x-amz-date cannot be moved on", async () => {
    const signed = await sign("/pets");
    const later = new Date(Date.now() + 60_000).toISOString().replace(/[-:]|\.\d+/g, "");
    await expectMismatch(withHeader(signed, "x-amz-date", later));
  });

  test("Host cannot be another name of the same API", async () => {
    const signed = await sign("/pets");
    await expectMismatch(withHeader(signed, "Host", `localhost:${new URL(base).port}`));
  });
});

describe("the query", () => {
  test("may come in another order and another spelling of the same values", async () => {
    const signed = await sign("/pets?b=2&a=x%20y&a=1");
    for (const query of ["b=2&a=x%20y&a=1", "a=1&a=x%20y&b=2", "a=x+y&a=1&b=%32", "&a=1&&a=x%20y&b=2&"]) {
      const reply = await send({ ...signed, target: signed.target.replace(/\?.*/, `?${query}`) });
      expect([query, reply.status]).toEqual([query, 200]);
    }
  });

  test.each(["b=2&a=x%20y", "b=2&a=x%20y&a=1&c=", "b=2&a=x%2520y&a=1", "B=2&a=x%20y&a=1", "b=2&a=x%20y&a=1%26c%3D1"])(
    "cannot become %s",
    async (query) => {
      const signed = await sign("/pets?b=2&a=x%20y&a=1");
      await expectMismatch({ ...signed, target: signed.target.replace(/\?.*/, `?${query}`) });
    },
  );
});

describe("the path", () => {
  const to = (signed: Signed, path: string): Signed => ({
    ...signed,
    target: `${new URL(base).pathname}${path}`,
  });

  test.each(["/pets/b", "/secret", "/pets/%61", "/pets/a/", "/pets/a%2F", "/pets/A", "/pets/a%00", "/pets/a;x=1"])(
    "of /pets/a cannot become %s",
    async (path) => {
      const signed = await sign("/pets/a");
      expect((await send(signed)).status).toBe(200);
      const reply = await send(to(signed, path));
      expect(reply.status).toBe(403);
      expect(reply.body).toContain("The request signature we calculated does not match");
    },
  );

  // A signature speaks of the path without dot segments and doubled slashes (D), a route of the path as it was sent.
  test.each(["/files/../secret", "/files/a/../../secret", "/./secret", "/secret/.", "/files/../pets", "/pets/./a"])(
    "%s has another meaning to the signature than to the routes, and is not let in whoever signed it so",
    async (path) => {
      const reply = await send(await sign(path));
      expect(reply.status).toBe(403);
      expect(reply.body).not.toContain('"what"');
    },
  );

  test.each(["/files/%2e%2e/open", "/files/..%2Fopen", "/files/.%2e/open", "/files/..;/secret"])(
    "%s is a file, and authorised as one",
    async (path) => {
      const reply = await send(await sign(path));
      expect(JSON.parse(reply.body)).toMatchObject({ what: "GET /files/{proxy+}" });
      expect(server.record(reply.requestId)?.route?.methodArn).toMatch(/:shop\/prod\/GET\/files\/./);
    },
  );

  test.each(["/files/%2e%2e/secret", "/files/..%2Fsecret", "/files/.%2e/secret"])(
    "%s is a file, and closed by a Deny of what a backend may take it for",
    async (path) => expect(reasonOf(await send(await sign(path)))).toBe("iam_explicit_deny"),
  );

  test("that an explicit Deny closes is not let in by a detour that the signature does not see", async () => {
    const signed = await sign("/secret");
    expect(reasonOf(await send(signed))).toBe("iam_explicit_deny");
    for (const path of ["//secret", "///secret", "/./secret", "/files/../secret", "/secret/../secret"]) {
      const reply = await send(to(signed, path));
      expect([path, reply.status]).toEqual([path, 403]);
    }
  });

  test("of one resource cannot take a detour through another", async () => {
    const signed = await sign("/pets");
    for (const path of ["/files/../pets", "/pets/a/..", "/files/a/../../pets"]) {
      const reply = await send(to(signed, path));
      expect([path, reply.status, reply.body.includes('"what"')]).toEqual([path, 403, false]);
    }
  });

  test("signed for a file, it is not let in to the file above", async () => {
    const signed = await sign("/files/a/b");
    expect((await send(signed)).status).toBe(200);
    for (const path of ["/files/b", "/files/a", "/files/a%2Fb"]) await expectMismatch(to(signed, path));
  });
});

describe("the verb", () => {
  test("cannot be another", async () => {
    const signed = await sign("/pets");
    await expectMismatch({ ...signed, method: "DELETE" });
    await expectMismatch({ ...signed, method: "POST" });
  });

  test("that X-HTTP-Method-Override names is authorised, and the signature speaks of the one on the wire", async () => {
    const allowed = await send(await sign("/pets", { method: "POST", headers: ["X-HTTP-Method-Override", "GET"] }));
    expect(JSON.parse(allowed.body)).toMatchObject({ what: "GET /pets" });
    const denied = await send(await sign("/pets", { method: "POST", headers: ["X-HTTP-Method-Override", "DELETE"] }));
    expect(denied).toMatchObject({ status: 403, errorType: "AccessDeniedException" });
    expect(denied.body).toContain("/prod/DELETE/pets");
  });

  test("is not won by an override that somebody adds, whatever the signer may do", async () => {
    for (const verb of ["DELETE", "GET"]) {
      const added = withHeader(await sign("/pets", { method: "POST" }), "X-HTTP-Method-Override", verb);
      await expectMismatch(added, "signature_routed_otherwise");
    }
  });
});

describe("two answers to who signed", () => {
  test("of two Authorization headers neither is let in by the other", async () => {
    const good = await sign("/pets");
    const bad = `${headerOf(good, "authorization").slice(0, -64)}${"0".repeat(64)}`;
    for (const values of [
      [bad, headerOf(good, "authorization")],
      [headerOf(good, "authorization"), bad],
      [headerOf(good, "authorization"), "Bearer x.y.z"],
    ]) {
      const bare = withHeader(good, "authorization");
      const headers = [...bare.headers, ...values.flatMap((value) => ["Authorization", value])];
      const reply = await send({ ...bare, headers });
      // Of several the last counts (?).
      expect([reply.status, reply.body.includes("alice")]).toEqual(
        values[1] === headerOf(good, "authorization") ? [200, true] : [403, false],
      );
    }
  });

  test("header and link at once are refused", async () => {
    const alice = await server.server.credentialsOf("alice");
    const link = await presignedBySdk(alice, `${base}/pets`, 60);
    const reply = await send({ ...link, headers: [...link.headers, "Authorization", "AWS4-HMAC-SHA256 x=y"] });
    expect(reply.status).toBe(403);
    expect(reasonOf(reply)).toBe("signature_twice");
  });
});

describe("time", () => {
  const minutesAgo = (minutes: number): Date => new Date(Date.now() - minutes * 60_000);

  test.each([
    [4, 200, undefined],
    [6, 403, "signature_expired"],
    [-4, 200, undefined],
    [-6, 403, "signature_not_yet_current"],
  ])("signed %d minutes ago: %d", async (minutes, status, reason) => {
    const reply = await send(await sign("/pets", { date: minutesAgo(minutes) }));
    expect([reply.status, reasonOf(reply)]).toEqual([status, reason]);
  });

  test.each([
    [6, 600, 200, undefined],
    [6, 300, 403, "signature_expired"],
    [-6, 600, 403, "signature_not_yet_current"],
  ])("a link of %d minutes ago for %d s: %d", async (minutes, seconds, status, reason) => {
    const alice = await server.server.credentialsOf("alice");
    const reply = await send(await presignedBySdk(alice, `${base}/pets`, seconds, { date: minutesAgo(minutes) }));
    expect([reply.status, reasonOf(reply)]).toEqual([status, reason]);
  });

  test("a link cannot be made to last longer", async () => {
    const alice = await server.server.credentialsOf("alice");
    const link = await presignedBySdk(alice, `${base}/pets`, 60);
    await expectMismatch({ ...link, target: link.target.replace("X-Amz-Expires=60", "X-Amz-Expires=600") });
  });

  test("within the window a request may come again, as on AWS", async () => {
    const signed = await sign("/pets");
    expect([(await send(signed)).status, (await send(signed)).status]).toEqual([200, 200]);
  });
});

test("nothing that is kept of all this holds a signature or a secret", async () => {
  const { secretAccessKey } = await server.server.credentialsOf("alice");
  const signed = await sign("/pets");
  const { requestId } = await send({ ...signed, method: "DELETE" });
  const signature = /Signature=([0-9a-f]{64})/.exec(headerOf(signed, "authorization"))?.[1] ?? "none";
  const kept = JSON.stringify([server.record(requestId), server.told]);
  expect(kept).toContain("signature_mismatch");
  for (const secret of [secretAccessKey, signature]) expect(kept).not.toContain(secret);
  expect(server.told.defects).toEqual([]);
});
