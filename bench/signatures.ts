/**
 * Verification of a SigV4-signed POST with a body of 1 KB, by a long-lived key whose signing key is derived already,
 * beside the hashes it cannot do without: SHA-256 of the body and of the canonical request, HMAC-SHA-256 of the string
 * to sign. Processor time, so that other processes of the machine do not count.
 */
import { createHmac, hash } from "node:crypto";
import { canonicalRequest, sha256Hex, stringToSign } from "../src/aws/sigv4/canonical-request.ts";
import { signRequest } from "../src/aws/sigv4/sign-request.ts";
import type { SignedRequest } from "../src/aws/sigv4/signature-verdict.ts";
import { SigningKeys } from "../src/aws/sigv4/signing-keys.ts";
import { verifySigV4 } from "../src/aws/sigv4/verify-sigv4.ts";
import { type BenchOptions, type Figure, ratios, samplesOf, spreadOf, takeTurns } from "./measurement.ts";

const REGION = "us-east-1";
const SERVICE = "execute-api";
const HOST = "abcdef1234.execute-api.us-east-1.amazonaws.com";
const REQUESTS = 200;
const BODY_BYTES = 1024;
const CREDENTIAL = {
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
};

export async function measure({ quick }: BenchOptions): Promise<readonly Figure[]> {
  const nowMs = Date.now();
  const requests: readonly SignedRequest[] = Array.from({ length: REQUESTS }, (_, index) => {
    const body = Buffer.from(JSON.stringify({ index, padding: "x".repeat(BODY_BYTES) }).slice(0, BODY_BYTES));
    const headers = [
      ...["Host", HOST, "User-Agent", "node", "Accept", "application/json", "Accept-Encoding", "gzip, deflate"],
      ...["Content-Type", "application/json", "Content-Length", String(body.length)],
    ];
    const bare = { method: "POST", target: `/prod/pets/${index}?limit=10&after=${index}`, headers, body };
    return signRequest(bare, CREDENTIAL, { region: REGION, service: SERVICE, nowMs, form: "header" });
  });
  const signingKeys = new SigningKeys();
  const date = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, "");
  const signingKey = signingKeys.of(CREDENTIAL, { date: date.slice(0, 8), region: REGION, service: SERVICE });
  const scope = `${date.slice(0, 8)}/${REGION}/${SERVICE}/aws4_request`;
  const canonicals = requests.map(({ method, body }, index) => {
    const payloadHash = hash("sha256", body);
    return canonicalRequest({
      method,
      path: `/prod/pets/${index}`,
      query: `after=${index}&limit=10`,
      headers: `content-type:application/json\nhost:${HOST}\nx-amz-content-sha256:${payloadHash}\nx-amz-date:${date}\n`,
      signedHeaders: "content-type;host;x-amz-content-sha256;x-amz-date",
      payloadHash,
    });
  });
  const toSign = canonicals.map((canonical) => stringToSign(date, scope, canonical));
  const rawHashes = (index: number): string => {
    hash("sha256", requests[index]!.body);
    hash("sha256", canonicals[index]!);
    return createHmac("sha256", signingKey.bytes).update(toSign[index]!).digest("hex");
  };
  const find = (accessKeyId: string) => (accessKeyId === CREDENTIAL.accessKeyId ? CREDENTIAL : undefined);
  const verify = (index: number) =>
    verifySigV4(requests[index]!, { region: REGION, service: SERVICE, nowMs: Date.now(), find, signingKeys }).ok;
  if (!requests[0]!.headers.at(-1)!.endsWith(rawHashes(0))) throw new Error("the hashes are of another request");
  if (!toSign[0]!.endsWith(sha256Hex(canonicals[0]!))) throw new Error("the string to sign is of another request");
  if (!verify(0)) throw new Error("a good signature was refused");

  const per = 2_000;
  /** Microseconds for one, over `per` of them. */
  const timed = (one: (index: number) => unknown) => (): number => {
    const before = process.cpuUsage();
    for (let index = 0; index < per; index++)
      if (one(index % REQUESTS) === false) throw new Error("a good signature was refused");
    const { user, system } = process.cpuUsage(before);
    return (user + system) / per;
  };
  const contenders = [
    { name: "hashes alone", measure: timed(rawHashes) },
    { name: "verification", measure: timed(verify) },
  ];
  // So that all of it is compiled.
  for (const contender of contenders) for (let turn = 0; turn < 20; turn++) contender.measure();
  const samples = await takeTurns<number>(contenders, quick ? 21 : 301);
  const raw = samplesOf(samples, "hashes alone");
  return [
    { name: "SHA-256 twice and HMAC-SHA-256 alone", unit: "µs CPU", spread: spreadOf(raw) },
    {
      name: "SigV4 verification ÷ its hashes alone, by time",
      unit: "×",
      spread: spreadOf(ratios(samplesOf(samples, "verification"), raw)),
      must: { atMost: 3 },
    },
  ];
}
