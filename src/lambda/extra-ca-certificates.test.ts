import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tls from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { signCertificate, toPem } from "../issuer/tls/certificate.ts";
import { createNodeFunctions } from "./node-functions.ts";

const folder = mkdtempSync(join(tmpdir(), "gatewarden-extra-ca-"));
const NAME = "an authority of this test";
const caFile = join(folder, "ca.pem");
beforeAll(() => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const [validFrom, validTo] = [new Date(), new Date(Date.now() + 3_600_000)];
  const ca = signCertificate({ publicKey, subject: NAME, issuer: NAME, issuerKey: privateKey, validFrom, validTo });
  writeFileSync(caFile, toPem("CERTIFICATE", ca));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Whether a function trusts the authority, and what it logged. */
async function trusted(isolation: "worker" | "process", environment: Record<string, string>) {
  const handlerFile = join(folder, "trusts.js");
  writeFileSync(
    handlerFile,
    `exports.handler = async () => require("node:tls").getCACertificates("default")
       .some((pem) => new (require("node:crypto").X509Certificate)(pem).subject === "CN=${NAME}")`,
  );
  const arn = "arn:aws:lambda:eu-west-1:123456789012:function:trusts";
  const lines: string[] = [];
  const functions = createNodeFunctions({
    functions: [
      {
        arn,
        name: "trusts",
        handlerFile,
        handlerExport: "handler",
        runtime: "nodejs22.x",
        environment,
        timeoutSeconds: 30,
        memoryMb: 128,
        concurrency: 1,
      },
    ],
    isolation,
    region: "eu-west-1",
    accountId: "123456789012",
    log: (line) => lines.push(line.text),
  });
  try {
    const result = await functions.invoke(arn, "{}");
    return { isTrusted: result.outcome === "success" ? JSON.parse(result.payload) : result, log: lines.join("\n") };
  } finally {
    await functions.stop();
  }
}

test.each(["worker", "process"] as const)(
  "a function in a %s trusts what NODE_EXTRA_CA_CERTS names",
  async (isolation) => {
    if (isolation === "worker" && tls.setDefaultCACertificates === undefined) return; // Node.js before 22.19
    expect((await trusted(isolation, {})).isTrusted).toBe(false);
    expect((await trusted(isolation, { NODE_EXTRA_CA_CERTS: caFile })).isTrusted).toBe(true);
    const own = tls.getCACertificates("default").map((pem) => new X509Certificate(pem).subject);
    expect(own).not.toContain(`CN=${NAME}`);
  },
);

test("a file that cannot be read is warned of, and the function runs without it", async () => {
  const missing = join(folder, "missing.pem");
  const { isTrusted, log } = await trusted("worker", { NODE_EXTRA_CA_CERTS: missing });
  expect(isTrusted).toBe(false);
  expect(log).toContain(`Ignoring extra certs from ${missing}: Error: ENOENT`);
});
