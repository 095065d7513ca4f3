import type { Identities, Identity } from "../src/aws/iam/identity.ts";
import type { SigningOptions } from "../src/aws/sigv4/sign-request.ts";
import type { SigningCredential } from "../src/aws/sigv4/signature-verdict.ts";
import type { DecisionRecord } from "../src/execute-api/decision-record.ts";
import type { Ports } from "../src/execute-api/ports.ts";
import { answer } from "../src/execute-api/rest-api/answer.ts";
import type { CompiledIntegration, CompiledMethod, RestDeployment } from "../src/execute-api/rest-api/deployment.ts";
import { ResourceTree } from "../src/execute-api/rest-api/resource-tree.ts";
import { identitiesOf, sampleUser, signed } from "./iam-samples.ts";
import {
  compiled,
  FUNCTION_URI,
  functionAnswering,
  headerOf,
  sampleDeployment,
  sampleMatched,
  samplePorts,
} from "./rest-api-samples.ts";

/*
 * Signed requests to a REST API, for unit tests.
 */

export const NOW_MS = Date.UTC(2026, 10, 21, 1, 2, 3);
export const HOST = ["Host", "petstore.execute-api.us-east-1.amazonaws.com"];
export const PROXY = compiled({ type: "AWS_PROXY", httpMethod: "POST", uri: FUNCTION_URI });
export const OK = { status: 200, body: "ok" };

export interface Asked {
  readonly identity?: Identity;
  readonly identities?: Identities;
  readonly deployment?: Partial<RestDeployment>;
  readonly integration?: CompiledIntegration;
  /** Of the method; AWS_IAM unless something else is said. */
  readonly authorization?: CompiledMethod["authorization"];
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly headers?: readonly string[];
  readonly body?: string;
  /** How the request is signed; null for not at all. */
  readonly credential?: SigningCredential | null;
  readonly signing?: Partial<SigningOptions>;
  /** What happens to the request after it was signed. */
  readonly altered?: (request: { target: string; headers: readonly string[]; body: Buffer }) => object;
  readonly ports?: Partial<Ports>;
}

/** A request to `ANY /pets/{petId}` with AWS_IAM authorization, and everything that became of it. */
export async function ask(given: Asked = {}) {
  const { identity = sampleUser(), method = "GET", path = "/pets/42", query = "", credential } = given;
  const identities = given.identities ?? identitiesOf([identity]).identities;
  const tree = new ResourceTree<CompiledMethod>();
  const { method: route } = sampleMatched(given.integration ?? PROXY, {
    authorization: given.authorization ?? { type: "AWS_IAM" },
  });
  tree.add("/pets/{petId}", "ANY", route);
  const deployment = sampleDeployment({
    tree,
    identityHeaders: new Set(["authorization", "x-amz-security-token"]),
    ...given.deployment,
  });
  const records: DecisionRecord[] = [];
  const lines: string[] = [];
  const { calls, lambda } = functionAnswering({ outcome: "success", payload: '{"statusCode":200,"body":"ok"}' });
  const ports = samplePorts({
    lambda,
    identities,
    now: () => NOW_MS,
    record: (record) => void records.push(record),
    writeAccessLog: (_, line) => void lines.push(line),
    ...given.ports,
  });
  const target = `/test${path}${query === "" ? "" : `?${query}`}`;
  const unsigned = { method, target, headers: [...HOST, ...(given.headers ?? [])], body: given.body ?? "" };
  const sent =
    credential === null
      ? { ...unsigned, body: Buffer.from(unsigned.body) }
      : signed(unsigned, NOW_MS, credential ?? identity.credential, given.signing);
  const incoming = {
    httpVersion: "1.1",
    sourceIp: "203.0.113.7",
    scheme: "https",
    receivedAtMs: NOW_MS,
    ...sent,
    ...given.altered?.(sent),
  } as const;
  const [, rawQuery = ""] = incoming.target.split("?");
  const answered = await answer(incoming, { requestPath: `/test${path}`, path, rawQuery }, deployment, ports);
  const body = answered.body.toString();
  return {
    status: answered.status,
    body,
    json: JSON.parse(body === "ok" ? '"ok"' : body),
    errorType: headerOf(answered.headers, "x-amzn-ErrorType")[0],
    event: calls[0] && JSON.parse(calls[0].payload),
    record: records[0],
    line: lines[0],
    sent: incoming,
  };
}
