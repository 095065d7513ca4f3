import { once } from "node:events";
import { renameSync, rmSync } from "node:fs";
import { Agent, createServer, type Server, type ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ask, until } from "./support/http.ts";
import { customAuthorizer, functionMethod, makeProject, mockMethod, openApi, type Project } from "./support/project.ts";
import { startTestServer, type TestServer } from "./support/server.ts";

/*
 * The files change while requests are under way. A request sees one deployment from its beginning to its end; nobody
 * sees anything between two, and what cannot be loaded changes nothing.
 */

const COUNTING = `
let asked = 0;
exports.handler = async (event) => {
  if (event.authorizationToken !== "good") throw new Error("Unauthorized");
  return {
    principalId: "user",
    policyDocument: { Version: "2012-10-17", Statement: [{ Action: "execute-api:Invoke", Effect: "Allow", Resource: "*" }] },
    context: { asked: ++asked },
  };
};
`;
const GUARD = { security: [{ guard: [] }] };
const countedBody = '{"asked": "$context.authorizer.asked"}';
const api = (version: string, ttl = 300, more: Record<string, Record<string, unknown>> = {}) =>
  openApi(
    { "/version": { get: mockMethod(version) }, "/counted": { get: mockMethod(countedBody, GUARD) }, ...more },
    { guard: customAuthorizer("counting", { authorizerResultTtlInSeconds: ttl }) },
  );

let project: Project;
let running: TestServer;
const agent = new Agent({ keepAlive: true });

beforeEach(async () => {
  project = makeProject({
    "api.json": api("one"),
    "counting.cjs": COUNTING,
    "gatewarden.yaml": {
      files: ["api.json"],
      functions: { counting: { handler: "counting.handler", runtime: "nodejs22.x" } },
    },
  });
  running = await startTestServer(project, { watch: true });
});
afterEach(async () => {
  const { defects } = running.told;
  await running.stop();
  agent.destroy();
  project.remove();
  expect(defects).toEqual([]);
});

/** The stage's address stays the same whatever is deployed. */
let stage = "";
beforeEach(() => {
  stage = running.url("api");
});
const get = (path: string, authorization?: string) =>
  ask(`${stage}${path}`, { agent, headers: authorization === undefined ? [] : ["Authorization", authorization] });
const body = async (path: string, authorization?: string): Promise<string> => (await get(path, authorization)).body;

/** Writes the file as editors do: beside it, then over it. */
function replace(name: string, content: unknown): void {
  project.write(`.${name}.new`, content);
  renameSync(project.path(`.${name}.new`), project.path(name));
}

const reloaded = (message: string): Promise<boolean> =>
  until(message, () => running.told.reloads.splice(0).some((each) => each.startsWith(message)));

describe("an edit", () => {
  test("reaches every request at once, and fails none that is under way", async () => {
    const seen: { status: number; body: string }[] = [];
    let isOver = false;
    const clients = Array.from({ length: 8 }, async () => {
      while (!isOver) {
        const [version, counted] = await Promise.all([get("/version"), get("/counted", "good")]);
        seen.push({ status: version.status, body: version.body }, { status: counted.status, body: "" });
      }
    });
    try {
      await until("version one at a client", () => seen.some((each) => each.body === "one"));
      for (const [at, version] of ["two", "three", "four", "five"].entries()) {
        if (at % 2 === 0) replace("api.json", api(version));
        else project.write("api.json", api(version));
        await until(`version ${version} at a client`, () => seen.some((each) => each.body === version));
      }
      await until("a hundred answers", () => seen.length > 100);
    } finally {
      isOver = true;
      await Promise.all(clients);
    }
    expect(new Set(seen.map(({ status }) => status))).toEqual(new Set([200]));
    expect([...new Set(seen.map((each) => each.body))].filter(Boolean)).toEqual([
      "one",
      "two",
      "three",
      "four",
      "five",
    ]);
  });

  test("that is broken changes nothing, and says so with its place", async () => {
    for (const broken of ['{"openapi": "3.0.1", "paths": {', "", "[]", '{"openapi": "9.9"}']) {
      running.told.findings.splice(0);
      replace("api.json", broken);
      await reloaded("not reloaded");
      expect(running.told.findings).toContainEqual(
        expect.objectContaining({
          effect: "load",
          at: expect.objectContaining({ file: project.path("api.json"), line: 1 }),
        }),
      );
      expect(await get("/version")).toMatchObject({ status: 200, body: "one" });
      expect(await get("/counted")).toMatchObject({ status: 401 });
    }
    replace("api.json", api("mended"));
    await until("the mended file", async () => (await body("/version")) === "mended");
  });

  test("that removes the file changes nothing until there is one again", async () => {
    rmSync(project.path("api.json"));
    await reloaded("not reloaded: cannot read");
    expect(await get("/version")).toMatchObject({ status: 200, body: "one" });
    project.write("api.json", api("back"));
    await until("the file's return", async () => (await body("/version")) === "back");
  });

  test("that breaks the project file changes nothing", async () => {
    replace("gatewarden.yaml", "files: [api.json\n");
    await reloaded("not reloaded");
    expect(await get("/counted")).toMatchObject({ status: 401 });
    expect(await get("/counted", "good")).toMatchObject({ status: 200 });
  });

  test("that removes a route makes it AWS's 403, and leaves the others", async () => {
    replace("api.json", openApi({ "/other": { get: mockMethod("other") } }));
    await reloaded("deployed anew");
    expect(await get("/version")).toMatchObject({ status: 403, body: '{"message":"Missing Authentication Token"}' });
    expect(await get("/other")).toMatchObject({ status: 200 });
  });

  test("that names what nobody understands about access takes the API out of service, and opens nothing", async () => {
    replace(
      "api.json",
      openApi(
        { "/counted": { get: mockMethod("in", GUARD) } },
        { guard: customAuthorizer("counting", { allowEverybody: true }) },
      ),
    );
    await reloaded("deployed anew");
    expect(await get("/counted", "good")).toMatchObject({ status: 404 });
    expect(running.told.findings).toContainEqual(expect.objectContaining({ rule: "authorizer-property-unknown" }));
    replace("api.json", api("mended"));
    await reloaded("deployed anew");
    expect(await get("/counted")).toMatchObject({ status: 401 });
    expect(await get("/version")).toMatchObject({ status: 200, body: "mended" });
  });
});

describe("an edit of the authorizer", () => {
  test("does not reuse what was cached under its earlier settings", async () => {
    expect(await body("/counted", "good")).toBe('{"asked": "1"}');
    expect(await body("/counted", "good")).toBe('{"asked": "1"}');
    replace("api.json", api("one", 299));
    await reloaded("deployed anew");
    expect(await body("/counted", "good")).toBe('{"asked": "2"}');
    replace("api.json", api("one", 0));
    await reloaded("deployed anew");
    expect(await body("/counted", "good")).toBe('{"asked": "3"}');
    expect(await body("/counted", "good")).toBe('{"asked": "4"}');
    replace("api.json", api("one", 300));
    await reloaded("deployed anew");
    expect(await body("/counted", "good")).toBe('{"asked": "5"}');
  });

  test("taken from a route opens that route only, put back closes it at once", async () => {
    const two = (guard: object) =>
      api("one", 300, { "/second": { get: mockMethod("second", guard as Record<string, unknown>) } });
    replace("api.json", two(GUARD));
    await reloaded("deployed anew");
    expect(await get("/second")).toMatchObject({ status: 401 });
    replace("api.json", two({}));
    await reloaded("deployed anew");
    expect(await get("/second")).toMatchObject({ status: 200, body: "second" });
    expect(await get("/counted")).toMatchObject({ status: 401 });
    replace("api.json", two(GUARD));
    await reloaded("deployed anew");
    expect(await get("/second")).toMatchObject({ status: 401 });
  });

  test("whose function is taken away answers 501, never 200", async () => {
    replace("gatewarden.yaml", { files: ["api.json"] });
    await reloaded("deployed anew");
    expect(await get("/counted", "good")).toMatchObject({ status: 501 });
    expect(await get("/counted")).toMatchObject({ status: 501 });
  });
});

describe("a function's code", () => {
  test("is replaced when its file changes, without a deployment", async () => {
    expect(await body("/counted", "good")).toBe('{"asked": "1"}');
    replace("counting.cjs", COUNTING.replace("let asked = 0", "let asked = 40").replaceAll('"good"', '"better"'));
    await until("the new code", async () => (await body("/counted", "better")) === '{"asked": "41"}');
  });

  test("that was missing is served once it is there", async () => {
    const functions = { counting: { handler: "counting.handler" }, late: { handler: "late.handler" } };
    replace("api.json", api("one", 300, { "/late": { get: functionMethod("late") } }));
    replace("gatewarden.yaml", { files: ["api.json"], functions });
    await until("the finding", () => running.told.findings.some(({ rule }) => rule === "function-handler-missing"));
    await until("the route", async () => (await get("/late")).status === 501);
    project.write("late.mjs", 'export const handler = async () => ({ statusCode: 200, body: "late" });');
    await until("the function", async () => (await body("/late")) === "late");
  });
});

describe("a function that is taken away", () => {
  let backend: Server;
  let waiting: ServerResponse[];
  beforeEach(async () => {
    waiting = [];
    backend = createServer((_request, response) => void waiting.push(response)).listen(0, "127.0.0.1");
    await once(backend, "listening");
  });
  afterEach(() => {
    backend.closeAllConnections();
    backend.close();
  });

  test("finishes what it was asked before", async () => {
    const address = backend.address();
    const port = typeof address === "object" ? address?.port : 0;
    project.write(
      "slow.cjs",
      `exports.handler = async () => ({ statusCode: 200, body: await (await fetch("http://127.0.0.1:${port}/")).text() });`,
    );
    const counting = { handler: "counting.handler", runtime: "nodejs22.x" };
    replace("gatewarden.yaml", {
      files: ["api.json"],
      functions: { counting, slow: { handler: "slow.handler", timeout: 50 } },
    });
    await reloaded("deployed anew");
    replace("api.json", api("one", 300, { "/slow": { get: functionMethod("slow") } }));
    await reloaded("deployed anew");
    const answers = Array.from({ length: 5 }, () => ask(`${stage}/slow`));
    await until("the calls", () => waiting.length === 5);
    replace("gatewarden.yaml", { files: ["api.json"], functions: { counting } });
    await until("the route to be gone", async () => (await get("/slow")).status === 501);
    for (const response of waiting) response.end("late");
    expect((await Promise.all(answers)).map(({ status, body: text }) => `${status} ${text}`)).toEqual(
      Array(5).fill("200 late"),
    );
  });
});

test("an iam.yaml that is made after the start is noticed, and so is its end", async () => {
  const who = () => running.server.credentialsOf("alice").then(({ arn }) => arn, String);
  const alice = "arn:aws:iam::000000000000:user/alice";
  expect(await who()).toContain("the files declare nobody");
  replace("iam.yaml", "users: {alice: {policies: []}}");
  await until("alice to be known", async () => (await who()) === alice);
  rmSync(project.path("iam.yaml"));
  await until("alice to be gone", async () => (await who()) !== alice);
  expect(await who()).toContain("the files declare nobody");
});
