import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:https";
import { type AddressInfo, isIP } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openStateFolder, type StateFolder } from "../state-folder.ts";
import { extension, keyIdentifier, signCertificate, toPem } from "./certificate.ts";
import { primitive, sequence } from "./der.ts";
import { CA_VALID_YEARS, openLocalCa, RENEW_DAYS, SERVER_VALID_DAYS } from "./local-ca.ts";

const DAY_MS = 86_400_000;
let folder: StateFolder;
beforeEach(() => {
  folder = openStateFolder(mkdtempSync(join(tmpdir(), "gatewarden-ca-")));
});
afterEach(() => rmSync(join(folder.path, ".."), { recursive: true }));

const clockAt = (ms: number) => () => ms;
const serverOf = async (clock?: () => number) =>
  new X509Certificate((await openLocalCa(folder, clock)).serverCertificate.cert);
const authority = () => new X509Certificate(readFileSync(join(folder.path, "local-ca.pem")));

describe("the authority", () => {
  test("is made once, is one, and has a name of its own", async () => {
    const { certificateFile } = await openLocalCa(folder);
    expect(certificateFile).toBe(join(folder.path, "local-ca.pem"));
    const made = authority();
    await openLocalCa(folder);
    expect(authority().fingerprint256).toBe(made.fingerprint256);
    expect(made.ca).toBe(true);
    expect(made.subject).toMatch(/^CN=gatewarden local CA [0-9a-f]{8}$/);
    expect(made.verify(made.publicKey)).toBe(true);
    const years = (Date.parse(made.validTo) - Date.now()) / (365.25 * DAY_MS);
    expect(years).toBeCloseTo(CA_VALID_YEARS, 1);
  });

  test.skipIf(process.platform === "win32")("keeps its key to its owner and shows its certificate", async () => {
    await serverOf();
    const modeOf = (name: string) => statSync(join(folder.path, name)).mode & 0o777;
    expect([modeOf("local-ca.json"), modeOf("tls-server.json"), modeOf("local-ca.pem")]).toEqual([0o600, 0o600, 0o644]);
    expect(readFileSync(join(folder.path, "local-ca.pem"), "utf8")).not.toContain("PRIVATE");
    chmodSync(join(folder.path, "local-ca.json"), 0o644);
    await expect(openLocalCa(folder)).rejects.toMatchObject({ code: "not_private" });
  });

  test("a certificate file that somebody changed or removed is written again", async () => {
    const { certificateFile } = await openLocalCa(folder);
    const pem = readFileSync(certificateFile, "utf8");
    writeFileSync(certificateFile, "spoilt");
    await openLocalCa(folder);
    expect(readFileSync(certificateFile, "utf8")).toBe(pem);
    rmSync(certificateFile);
    await openLocalCa(folder);
    expect(readFileSync(certificateFile, "utf8")).toBe(pem);
  });

  test.each(["", "{}", '{"privateKey":"AAAA","certificate":"AAAA"}'])(
    "a damaged one is an error that names the file and what to do: %j",
    async (content) => {
      folder.write("local-ca.json", content);
      const error = await openLocalCa(folder).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "malformed", message: expect.stringMatching(/local-ca.json .*Delete it/) });
      expect((error as Error).cause).toBeUndefined();
    },
  );

  test("a certificate of another key is refused", async () => {
    await serverOf();
    const [ca, server] = ["local-ca.json", "tls-server.json"].map((name) => JSON.parse(folder.read(name) as string));
    folder.write("local-ca.json", JSON.stringify({ ...ca, certificate: server.certificate }));
    await expect(openLocalCa(folder)).rejects.toMatchObject({ code: "malformed" });
  });

  test("one that is about to end is made anew, with the server's", async () => {
    const before = (await serverOf()).fingerprint256;
    const made = authority().fingerprint256;
    const almost = Date.now() + CA_VALID_YEARS * 365.25 * DAY_MS - (RENEW_DAYS - 2) * DAY_MS;
    const server = await serverOf(clockAt(almost));
    expect(authority().fingerprint256).not.toBe(made);
    expect(server.fingerprint256).not.toBe(before);
    expect(server.checkIssued(authority())).toBe(true);
  });
});

describe("the server's certificate", () => {
  test("is for this machine and nothing else, signed by the authority, for at most 397 days", async () => {
    const server = await serverOf();
    expect(server.subjectAltName?.split(", ")).toEqual(
      expect.arrayContaining([
        "DNS:localhost",
        "DNS:*.localhost",
        "IP Address:127.0.0.1",
        "IP Address:0:0:0:0:0:0:0:1",
      ]),
    );
    expect(server.ca).toBe(false);
    expect(server.verify(authority().publicKey)).toBe(true);
    expect(server.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
    const days = (Date.parse(server.validTo) - Date.parse(server.validFrom)) / DAY_MS;
    expect(days).toBeGreaterThan(SERVER_VALID_DAYS);
    expect(days).toBeLessThanOrEqual(397);
    expect(Date.parse(server.validFrom)).toBeLessThan(Date.now());
  });

  test("stays the same from start to start, until it is about to end", async () => {
    const made = (await serverOf()).fingerprint256;
    const endsMs = Date.parse((await serverOf()).validTo);
    expect((await serverOf(clockAt(endsMs - (RENEW_DAYS + 1) * DAY_MS))).fingerprint256).toBe(made);
    expect((await serverOf(clockAt(endsMs - (RENEW_DAYS - 1) * DAY_MS))).fingerprint256).not.toBe(made);
  });

  test("of another authority, damaged or open to others, it is made anew", async () => {
    const made = (await serverOf()).fingerprint256;
    folder.remove("local-ca.json");
    const next = await serverOf();
    expect(next.fingerprint256).not.toBe(made);
    expect(next.checkIssued(authority())).toBe(true);
    folder.write("tls-server.json", "spoilt");
    const mended = await serverOf();
    expect(mended.checkIssued(authority())).toBe(true);
    if (process.platform === "win32") return;
    chmodSync(join(folder.path, "tls-server.json"), 0o644);
    expect((await serverOf()).fingerprint256).not.toBe(mended.fingerprint256);
  });

  test("a second start takes less than 10 ms", async () => {
    await openLocalCa(folder);
    const timesMs: number[] = [];
    for (let start = 0; start < 10; start += 1) {
      const beganMs = performance.now();
      await openLocalCa(folder);
      timesMs.push(performance.now() - beganMs);
    }
    expect(Math.min(...timesMs)).toBeLessThan(10); // the best of many: other work on the machine is not ours
  });
});

describe("over TLS", () => {
  /** What a client that trusts `ca` gets from a server with `certificate`, by the name it asks for. */
  async function answerTo(name: string, certificate: { cert: string; key: string }, ca?: string): Promise<string> {
    const server = createServer(certificate, (_, response) => response.end("heard"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      return await new Promise((resolve) => {
        const host = { host: "127.0.0.1", port, servername: isIP(name) ? "" : name, headers: { host: name } };
        const asked = request({ ...host, agent: false, ...(ca !== undefined && { ca }) }, (response) =>
          response.setEncoding("utf8").on("data", resolve),
        );
        asked.on("error", (error: NodeJS.ErrnoException) =>
          // Node.js has a code for most of what OpenSSL says, not for all.
          resolve(error.code === undefined || error.code === "UNSPECIFIED" ? error.message : error.code),
        );
        asked.end();
      });
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  const pem = () => readFileSync(join(folder.path, "local-ca.pem"), "utf8");

  test("who trusts the authority is answered by each of the names, and who does not is not", async () => {
    const certificate = (await openLocalCa(folder)).serverCertificate;
    for (const name of ["localhost", "127.0.0.1", "auth.localhost", "login.localhost"]) {
      expect([name, await answerTo(name, certificate, pem())]).toEqual([name, "heard"]);
    }
    expect(await answerTo("other.example", certificate, pem())).toBe("ERR_TLS_CERT_ALTNAME_INVALID");
    expect(await answerTo("localhost", certificate)).toBe("UNABLE_TO_VERIFY_LEAF_SIGNATURE");
  });

  test("with the authority's own key nobody can vouch for a name that is not this machine's", async () => {
    const { key } = (await openLocalCa(folder)).serverCertificate;
    const ca = JSON.parse(folder.read("local-ca.json") as string) as { privateKey: string };
    const issuerKey = `-----BEGIN PRIVATE KEY-----\n${ca.privateKey}\n-----END PRIVATE KEY-----`;
    const forge = (name: string) =>
      toPem(
        "CERTIFICATE",
        signCertificate({
          publicKey: createPublicKey(key),
          subject: name,
          issuer: authority().subject.slice("CN=".length),
          issuerKey: createPrivateKey(issuerKey),
          validFrom: new Date(Date.now() - DAY_MS),
          validTo: new Date(Date.now() + DAY_MS),
          extensions: [
            extension("2.5.29.17", sequence(primitive(2, Buffer.from(name)))),
            extension("2.5.29.35", sequence(primitive(0, keyIdentifier(createPublicKey(issuerKey))))),
          ],
        }),
      );
    expect(await answerTo("any.localhost", { cert: forge("any.localhost"), key }, pem())).toBe("heard");
    expect(await answerTo("bank.example", { cert: forge("bank.example"), key }, pem())).toBe(
      "permitted subtree violation",
    );
  });
});
