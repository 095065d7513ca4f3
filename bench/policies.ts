/**
 * One decision by a policy of 100 statements, the one that matches last, beside one RS256 signature check: what judging by
 * policies adds to a request should cost no more than what judging a token does. Processor time, so that other processes of
 * the machine do not count.
 */
import { createPublicKey, verify } from "node:crypto";
import { compileIdentityPolicies } from "../src/aws/iam/compile-identity.ts";
import { evaluateIdentity } from "../src/aws/iam/evaluate-identity.ts";
import { type AccessRequest, evaluatePolicy } from "../src/aws/policy/evaluate-policy.ts";
import { parsePolicy } from "../src/aws/policy/parse-policy.ts";
import { generateSigningKey } from "../src/token/generate-signing-key.ts";
import { signJwt } from "../src/token/sign-jwt.ts";
import { type BenchOptions, type Figure, ratios, samplesOf, spreadOf, takeTurns } from "./measurement.ts";

const STAGE = "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/prod";
const STATEMENTS = 100;
/** So that no request is like the one before. */
const REQUESTS = 200;
const TOKEN_CHARACTERS = 1000;

export async function measure({ quick }: BenchOptions): Promise<readonly Figure[]> {
  const policyDocument = { Version: "2012-10-17", Statement: statements() };
  const parsed = parsePolicy(policyDocument, "identity");
  const resource = parsePolicy(
    { ...policyDocument, Statement: policyDocument.Statement.map((each) => ({ ...each, Principal: "*" })) },
    "resource",
  );
  if (!parsed.ok || !resource.ok) throw new Error("the policy of the benchmark is not one");
  const { policies } = compileIdentityPolicies({
    name: "bench",
    policyDocuments: [policyDocument],
    unknownPolicyArns: [],
    permissionsBoundary: { Version: "2012-10-17", Statement: { Effect: "Allow", Action: "*", Resource: "*" } },
    at: { file: "", line: 1, column: 1 },
  });
  const requests = Array.from({ length: REQUESTS }, (_, index) => requestOf(`orders/${index}/lines/${index * 7}`));
  const others = Array.from({ length: REQUESTS }, (_, index) => requestOf(`nothing/${index}`));

  const { privateKey, publicJwk } = await generateSigningKey();
  const publicKey = createPublicKey({ key: publicJwk, format: "jwk" });
  const padding = "x".repeat((TOKEN_CHARACTERS * 3) / 4 - 400);
  const signed = Array.from({ length: REQUESTS }, (_, index) => {
    const token = signJwt({ sub: `u${index}`, padding }, { algorithm: "RS256", privateKey, kid: publicJwk.kid });
    const end = token.lastIndexOf(".");
    return { data: Buffer.from(token.slice(0, end)), signature: Buffer.from(token.slice(end + 1), "base64url") };
  });

  const per = quick ? 200 : 2_000;
  /** Microseconds for one, over `per` of them. */
  const timed = (one: (index: number) => boolean) => (): number => {
    const before = process.cpuUsage();
    for (let index = 0; index < per; index++) {
      if (!one(index % REQUESTS)) throw new Error("decided otherwise than expected");
    }
    const { user, system } = process.cpuUsage(before);
    return (user + system) / per;
  };
  const RAW = "crypto.verify alone";
  const measured: Readonly<Record<string, (index: number) => boolean>> = {
    [RAW]: (index) => verify("sha256", signed[index]!.data, publicKey, signed[index]!.signature),
    "identity policy, the last of 100 statements": (index) =>
      evaluatePolicy([parsed.policy], requests[index]!).decision === "allow",
    "resource policy, the last of 100 statements": (index) =>
      evaluatePolicy([resource.policy], requests[index]!).decision === "allow",
    "identity policy and boundary": (index) => evaluateIdentity(policies, requests[index]!).decision === "allow",
    "identity policy, none of 100 matches, explained": (index) =>
      evaluatePolicy([parsed.policy], others[index]!).decision === "implicit_deny",
  };
  const contenders = Object.entries(measured).map(([name, one]) => ({ name, measure: timed(one) }));
  // So that all of it is compiled.
  for (const contender of contenders) for (let turn = 0; turn < 4; turn++) await contender.measure();
  const samples = await takeTurns<number>(contenders, quick ? 5 : 41);
  const raw = samplesOf(samples, RAW);
  return [
    { name: RAW, unit: "µs CPU", spread: spreadOf(raw) },
    ...contenders.slice(1).map(({ name }, index): Figure => {
      const spread = spreadOf(ratios(samplesOf(samples, name), raw));
      // A refusal that is explained is rarer, and looks at everything twice.
      return { name: `${name} ÷ ${RAW}`, unit: "×", spread, ...(index < 3 && { must: { atMost: 1 } }) };
    }),
  ];
}

/** As people write them: a resource or two each, wildcards in most, a condition in some, a Deny now and then. */
function statements() {
  const nouns = ["pets", "carts", "bills", "users", "shops", "stock", "tours", "posts", "teams", "files"];
  const first = Array.from({ length: STATEMENTS - 1 }, (_, index) => {
    const path = `${nouns[index % nouns.length]}${Math.floor(index / nouns.length)}`;
    return {
      Sid: `S${index}`,
      Effect: index % 10 === 9 ? "Deny" : "Allow",
      Action: index % 3 === 0 ? "execute-api:*" : ["execute-api:Invoke", "execute-api:InvalidateCache"],
      Resource: [`${STAGE}/GET/${path}/*`, index % 2 === 0 ? `${STAGE}/*/${path}/?0/lines` : `${STAGE}/*/*/${path}`],
      ...(index % 4 === 0 && { Condition: { IpAddress: { "aws:SourceIp": ["192.0.2.0/24", "198.51.100.0/24"] } } }),
    };
  });
  const last = {
    Sid: "Last",
    Effect: "Allow",
    Action: "execute-api:Invoke",
    Resource: `${STAGE}/GET/orders/*/lines/*`,
    Condition: {
      IpAddress: { "aws:SourceIp": "192.0.2.0/24" },
      StringEquals: { "aws:PrincipalTag/team": ["shop", "pets"] },
    },
  };
  return [...first, last];
}

function requestOf(path: string): AccessRequest {
  return {
    action: "execute-api:Invoke",
    resource: `${STAGE}/GET/${path}`,
    context: {
      "aws:SourceIp": "192.0.2.7",
      "aws:UserAgent": "curl/8.9",
      "aws:SecureTransport": true,
      "aws:CurrentTime": "2026-11-21T12:00:00Z",
      "aws:EpochTime": 1_795_262_400,
      "aws:PrincipalArn": "arn:aws:iam::123456789012:user/ann",
      "aws:PrincipalAccount": "123456789012",
      "aws:PrincipalTag/team": "pets",
      "aws:PrincipalType": "User",
      "aws:userid": "AIDAANN",
      "aws:username": "ann",
    },
  };
}
