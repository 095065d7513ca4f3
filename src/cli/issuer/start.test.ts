import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { commandLine, serve } from "../../../test/support/command-line.ts";

test("the issuer alone answers at both addresses, until it is stopped", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "gatewarden-issuer-start-"));
  const serving = await serve(["issuer", "start", "--issuer-port", "0"], { cwd });
  try {
    const { issuer, issuerHttp, issuerTls } = serving.json as Record<string, string>;
    expect(issuer).toBe(issuerHttp);
    const discovery = await fetch(`${issuer}.well-known/openid-configuration`);
    expect(await discovery.json()).toMatchObject({ issuer });
    const { stdout } = await commandLine(["issuer", "api", "list", "--json"], { cwd });
    expect(JSON.parse(stdout).apis.map((api: { identifier: string }) => api.identifier)).toContain(`${issuer}api/v2/`);
    expect(issuerTls).toMatch(/^https:\/\/localhost:\d+\/$/);
    expect(await serving.stop()).toBe(0);
  } finally {
    await serving.stop();
    rmSync(cwd, { recursive: true });
  }
});

test("a port that is taken is told with the flag that chooses another, and is no defect", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "gatewarden-issuer-start-"));
  const other = createServer();
  try {
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    const { code, stderr } = await commandLine(["issuer", "start", "--issuer-port", String(port)], { cwd });
    expect(stderr).toMatch(new RegExp(`^[^\\n]*127.0.0.1:${port}[^\\n]*--issuer-port[^\\n]*\\n$`));
    expect(code).toBe(3);
  } finally {
    other.close();
    rmSync(cwd, { recursive: true });
  }
});

test("it does not start where the environment looks like production", async () => {
  const env = { NODE_ENV: "production" };
  const { code, stderr } = await commandLine(["issuer", "start"], { cwd: tmpdir(), env });
  expect(stderr).toContain("does not run in production");
  expect(code).toBe(3);
});
