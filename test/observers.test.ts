import { rmSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Gatewarden, startGatewarden } from "../src/index.ts";
import { ask } from "./support/http.ts";
import { makeProject, mockMethod, openApi } from "./support/project.ts";
import { startTestServer } from "./support/server.ts";
import { waitFor } from "./support/wait-for.ts";

/* Those who look on decide nothing: whatever happens to them, requests are answered as before. */
const project = makeProject({
  "api.json": openApi({ "/pets": { get: mockMethod("pets") } }),
  "gatewarden.yaml": { files: ["api.json"] },
});
let gateway: Gatewarden;
const warned: string[] = [];
const onWarning = (warning: Error): void => void warned.push(warning.message);

beforeAll(async () => {
  process.on("warning", onWarning);
  gateway = await startGatewarden({
    files: [project.path("api.json")],
    dataDir: project.path("data"),
    issuerPort: false,
    onRecord: () => {
      throw new Error("the observer is broken");
    },
  });
});
afterAll(async () => {
  await gateway.stop();
  process.off("warning", onWarning);
  project.remove();
});

test("a program whose onRecord throws gets its answers, its records, and a warning", async () => {
  expect(await ask(`${gateway.url()}/pets`)).toMatchObject({ status: 200, body: "pets" });
  expect(await ask(`${gateway.url()}/none`)).toMatchObject({ status: 403 });
  expect(gateway.requests().map(({ answer }) => answer.status)).toEqual([403, 200]);
  await waitFor(() => expect(warned).toContain("the observer is broken"));
});

test("a ready file that can no longer be written is told, and the reload holds", async () => {
  const running = await startTestServer(project);
  try {
    rmSync(project.path(".gatewarden"), { recursive: true });
    project.write("api.json", openApi({ "/toys": { get: mockMethod("toys") } }));
    running.server.reload();
    expect(await ask(`${running.url()}/toys`)).toMatchObject({ status: 200, body: "toys" });
    expect(running.told.troubles).toEqual([expect.stringContaining("cannot write the ready file")]);
    expect(running.told.reloads).toEqual(["deployed anew, authorizer caches flushed"]);
  } finally {
    await running.stop();
  }
});
