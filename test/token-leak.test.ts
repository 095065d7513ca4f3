import { afterAll, beforeAll, expect, test } from "vitest";
import { ask } from "./support/http.ts";
import { customAuthorizer, functionMethod, makeProject, mockMethod, openApi } from "./support/project.ts";
import { startTestServer, type TestServer } from "./support/server.ts";

const JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg";
const QUOTING = `
exports.handler = async (event) => {
  const sent = event.authorizationToken ?? event.headers["X-Who"];
  console.log(event);
  throw new Error(\`Invalid Authorization token - \${sent} does not match "Bearer .*"\`);
};
`;
const project = makeProject({
  "api.json": openApi(
    {
      "/guarded": { get: mockMethod("in", { security: [{ guard: [] }] }) },
      "/proxied": { get: functionMethod("quoting") },
    },
    { guard: customAuthorizer("quoting", { header: "X-Who" }) },
  ),
  "quoting.cjs": QUOTING,
  "gatewarden.yaml": { files: ["api.json"], functions: { quoting: { handler: "quoting.handler" } } },
});
let running: TestServer;
beforeAll(async () => {
  running = await startTestServer(project);
});
afterAll(async () => {
  await running.stop();
  project.remove();
});

test.each([
  ["/guarded", `Bearer ${JWT}`, JWT],
  ["/guarded", JWT, JWT],
  ["/guarded", `Bearer ${"x".repeat(250)}${JWT}`, "eyJzdWIiOiJ4In0"],
  ["/guarded", "opaque-0123456789abcdef", "opaque-0123456789abcdef"],
  ["/guarded", "Bearer opaque-0123456789abcdef", "opaque-0123456789abcdef"],
  ["/proxied", `Bearer ${JWT}`, JWT],
])("an error that quotes the identity keeps it out of the record: %s %s", async (path, who, secret) => {
  const reply = await ask(`${running.url()}${path}`, { headers: ["X-Who", who] });
  expect(reply.status).toBe(path === "/guarded" ? 500 : 502);
  const record = running.record(reply.requestId);
  expect(record?.refusal?.message).toContain("Invalid Authorization token");
  expect(JSON.stringify(record)).not.toContain(secret);
  for (const part of JWT.split(".")) expect(JSON.stringify(record)).not.toContain(part);
});
