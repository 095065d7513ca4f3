import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parse } from "yaml";
import { StartError } from "../server/start-error.ts";
import { prepareDemoTenant, startDemoApp } from "./demo-app.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gatewarden-demo-app-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const application = (file: string) => parse(readFileSync(file, "utf8")).applications[0];

test("the tenant's file is the example's on the first start, with the app's port, for its owner only", () => {
  const file = prepareDemoTenant(folder, "http://localhost:5000");
  expect(file).toBe(join(folder, "issuer/tenant.yaml"));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(application(file)).toMatchObject({
    name: "Pets SPA",
    callbacks: ["http://localhost:5000", "http://127.0.0.1:5000"],
    web_origins: ["http://localhost:5000", "http://127.0.0.1:5000"],
    allowed_logout_urls: ["http://localhost:5000", "http://127.0.0.1:5000"],
  });
});

test("later it is the user's: only the app's port follows", () => {
  const file = prepareDemoTenant(folder, "http://localhost:5000");
  const edited = readFileSync(file, "utf8").replace("users:", "# mine: http://localhost:50001/\nusers:");
  writeFileSync(file, edited);
  prepareDemoTenant(folder, "http://localhost:6000");
  expect(readFileSync(file, "utf8")).toBe(edited.replaceAll(":5000,", ":6000,").replaceAll(":5000]", ":6000]"));
});

test.each([
  ["cannot be parsed", "applications: ["],
  ["is empty", ""],
  ["has no such application any more", "applications: [{ client_id: other, callbacks: [http://localhost:5000] }]\n"],
  [
    "names no loopback address",
    "applications: [{ client_id: petsSpaPetsSpaPetsSpaPetsSpaPets, callbacks: [https://a.example] }]\n",
  ],
  ["is of another shape", "applications: nothing\n"],
])("a file that %s stays as it is", (_, text) => {
  const file = prepareDemoTenant(folder, "http://localhost:5000");
  writeFileSync(file, text);
  prepareDemoTenant(folder, "http://localhost:6000");
  expect(readFileSync(file, "utf8")).toBe(text);
});

test("a taken port is a start error that names the flag", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await expect(startDemoApp(port)).rejects.toThrow(StartError);
    await expect(startDemoApp(port)).rejects.toThrow(`127.0.0.1:${port}: the port is in use`);
    await expect(startDemoApp(port)).rejects.toThrow("--spa-port");
  } finally {
    server.close();
  }
});
