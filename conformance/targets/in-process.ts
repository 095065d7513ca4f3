import { randomBytes, randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SigningKeys } from "../../src/aws/sigv4/signing-keys.ts";
import { AuthorizerCache } from "../../src/execute-api/authorizers/authorizer-cache.ts";
import { createIssuerKeys } from "../../src/execute-api/authorizers/issuer-keys.ts";
import { DecisionRing } from "../../src/execute-api/decision-record.ts";
import { ExecuteApi } from "../../src/execute-api/execute-api.ts";
import { createHttpClient, type HttpClient } from "../../src/execute-api/integrations/http-client/http-client.ts";
import { RequestLimits } from "../../src/execute-api/limits/request-limits.ts";
import { createNodeFunctions, type NodeFunctions } from "../../src/lambda/node-functions.ts";
import { deployProject } from "../../src/server/project/deploy-project.ts";
import { loadProject } from "../../src/server/project/load-project.ts";
import { createMemoryEphemeral } from "../../src/store/memory-ephemeral.ts";
import { differences } from "../compare.ts";
import type { Target, Vector } from "../vector.ts";
import { backendVariable } from "./backend-variable.ts";
import { startEchoBackend } from "./echo-backend.ts";
import { openVectorIssuer, type VectorIssuer } from "./issuer.ts";
import { askMapping } from "./mapping.ts";
import { createMemoryIdentities, type MemoryIdentities } from "./memory-identities.ts";
import { askPolicy } from "./policy.ts";
import { refuseUnknown } from "./refuse-unknown.ts";
import { ISSUERS_PARAMETER, type RemoteIssuers, startRemoteIssuers } from "./remote-issuers.ts";
import {
  API_ID,
  API_MEMBERS,
  bodyOf,
  flatHeaders,
  REQUEST_ID_HEADERS,
  type RestAnswer,
  type RestQuestion,
  readQuestion,
  restAnswer,
  stageOf,
  targetOf,
  withToken,
} from "./rest-question.ts";
import { withSignature } from "./sign-question.ts";
import { askSigV4 } from "./sigv4.ts";
import { askTemplate } from "./template.ts";
import { askToken } from "./token.ts";

const HOST = "api.execute-api.localhost";
const PLACE = { region: "us-east-1", accountId: "000000000000", partition: "aws" };

interface Plane {
  readonly executeApi: ExecuteApi;
  readonly records: DecisionRing;
  readonly functions: NodeFunctions;
  readonly http: HttpClient;
  readonly callers: MemoryIdentities;
  /** How far this plane's clock is ahead; each vector begins at 0. */
  readonly clock: { aheadMs: number };
  /** Of the access logs, since the last question. */
  readonly lines: string[];
}

/** Asks the judges directly, and the data plane without a socket in front of it. */
export async function createInProcessTarget(): Promise<Target> {
  const backend = await startEchoBackend();
  const issuer = await openVectorIssuer();
  const remote = await startRemoteIssuers();
  const planes = new Map<string, Plane>();
  const planeOf = (project: string): Plane => {
    let plane = planes.get(project);
    if (plane === undefined) {
      plane = openPlane(project, backend.address, issuer, remote);
      planes.set(project, plane);
    }
    return plane;
  };
  const judges = { token: askToken, policy: askPolicy, sigv4: askSigV4, mapping: askMapping };
  return {
    name: "in-process",
    subjects: ["rest-api", "http-api", "token", "policy", "sigv4", "mapping"],
    run: async (vector: Vector) => {
      const found: string[] = [];
      const { subject } = vector;
      const isApi = subject === "rest-api" || subject === "http-api";
      const isRequest = isApi && vector.given.project !== undefined;
      if (isApi) refuseUnknown("given", vector.given, API_MEMBERS);
      const plane = isRequest ? planeOf(String(vector.given.project)) : undefined;
      if (plane !== undefined) beginAnew(plane);
      remote.forget();
      for (const [index, { when, then }] of vector.steps.entries()) {
        const answer = isRequest
          ? await askApi(plane as Plane, subject, withToken(readQuestion(when), issuer.mint, remote))
          : isApi
            ? askTemplate(when, PLACE)
            : await judges[subject as keyof typeof judges](vector.given, when); // of the subjects above
        found.push(
          ...differences(then, answer).map((each) => (vector.steps.length > 1 ? `step ${index + 1}: ${each}` : each)),
        );
      }
      return found;
    },
    close: async () => {
      for (const { functions, http } of planes.values()) {
        await functions.stop();
        await http.close();
      }
      await backend.stop();
      await remote.stop();
      issuer.close();
    },
  };
}

function beginAnew({ executeApi, clock }: Plane): void {
  clock.aheadMs = 0;
  for (const { apiId, stageName } of executeApi.deployments()) executeApi.flushAuthorizers(apiId, stageName);
}

function openPlane(projectName: string, backend: string, issuer: VectorIssuer, remote: RemoteIssuers): Plane {
  const config = join(import.meta.dirname, "../projects", projectName, "gatewarden.yaml");
  const project = loadProject({ files: [], config, cwd: import.meta.dirname }, PLACE, {
    issuerUrl: undefined,
    dataDir: tmpdir(),
    stageOverrides: { [API_ID]: backendVariable(projectName, backend) },
    parameters: { [ISSUERS_PARAMETER]: remote.address },
  });
  const functions = createNodeFunctions({
    functions: project.functions,
    isolation: "worker",
    region: PLACE.region,
    accountId: PLACE.accountId,
  });
  const http = createHttpClient();
  const records = new DecisionRing(100);
  const clock = { aheadMs: 0 };
  const now = (): number => Date.now() + clock.aheadMs;
  const callers = createMemoryIdentities(project.users, project.roles, now);
  const limits = new RequestLimits({
    store: createMemoryEphemeral({ clock: now }),
    usageStore: createMemoryEphemeral({ clock: now }),
    now,
  });
  limits.replacePlans(
    project.apiKeys.flatMap((key) => (key.value === undefined ? [] : [{ ...key, value: key.value }])),
    project.usagePlans.map((plan) => ({ ...plan, firstServedMs: now() })),
  );
  const lines: string[] = [];
  const executeApi = new ExecuteApi({
    lambda: functions,
    http,
    authorizerCache: new AuthorizerCache(),
    requestAuthorizerCache: new AuthorizerCache(),
    identities: callers.identities,
    signingKeys: new SigningKeys(),
    signatureWording: "current",
    limits,
    issuerKeys: createIssuerKeys({
      allowLoopbackHttp: true,
      refusePrivateAddresses: false,
      localIssuers: new Map(project.localIssuers.map((each) => [each, issuer.jwks])),
      nowMs: now,
    }),
    now,
    monotonic: () => performance.now() + clock.aheadMs,
    newRequestId: randomUUID,
    newExtendedRequestId: () => `${randomBytes(11).toString("base64url")}=`,
    record: (record) => records.add(record),
    writeAccessLog: (_, line) => lines.push(line),
  });
  const findings = deployProject(project, executeApi, functions, PLACE);
  if ([...executeApi.deployments()].length === 0)
    throw new Error(`project ${projectName} serves nothing: ${JSON.stringify(findings)}`);
  return { executeApi, records, functions, http, callers, clock, lines };
}

async function askApi(
  { executeApi, records, callers, clock, lines }: Plane,
  subject: Vector["subject"],
  asked: RestQuestion,
): Promise<RestAnswer> {
  clock.aheadMs += (asked.afterSeconds ?? 0) * 1000;
  const address = { host: HOST, targetOf: (each: RestQuestion) => wireTargetOf(each, subject) };
  const question = await withSignature(asked, Date.now() + clock.aheadMs, callers.credentialOf, address);
  if (question.afterFlush) executeApi.flushAuthorizers(API_ID, stageOf(question, subject));
  lines.length = 0;
  const { domain } = question;
  const incoming = {
    method: question.method,
    target: wireTargetOf(question, subject),
    httpVersion: "1.1",
    headers: ["Host", domain ?? HOST, ...flatHeaders(question)],
    body: bodyOf(question),
    sourceIp: "127.0.0.1",
    scheme: "https" as const,
    receivedAtMs: Date.now() + clock.aheadMs,
  };
  const routed = domain === undefined ? undefined : executeApi.domainOf(domain);
  if (domain !== undefined && routed === undefined) throw new Error(`no domain ${domain} is registered`);
  const answer = await (routed === undefined
    ? executeApi.answer(API_ID, targetOf(question, subject), incoming)
    : executeApi.answerDomain(routed, incoming));
  if (answer === undefined) throw new Error("the API is not deployed");
  const requestId =
    answer.headers[
      answer.headers.findIndex((text, at) => at % 2 === 0 && REQUEST_ID_HEADERS.includes(text.toLowerCase())) + 1
    ];
  return restAnswer(
    answer.status,
    answer.headers,
    Buffer.from(answer.body),
    requestId === undefined ? undefined : records.get(requestId),
    lines.length === 0 ? undefined : lines.join("\n"),
  );
}

function wireTargetOf(question: RestQuestion, subject: Vector["subject"]): string {
  return question.domain === undefined ? targetOf(question, subject) : question.path;
}
