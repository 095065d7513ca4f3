import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Gatewarden, startGatewarden } from "../../src/index.ts";
import { openCredentials, type ProjectCredentials } from "../../src/server/identities/open-credentials.ts";
import { loadProject } from "../../src/server/project/load-project.ts";
import { logLines } from "../../test/support/log-lines.ts";
import { differences } from "../compare.ts";
import type { Target, Vector } from "../vector.ts";
import { backendVariable } from "./backend-variable.ts";
import { startEchoBackend } from "./echo-backend.ts";
import { refuseUnknown } from "./refuse-unknown.ts";
import { ISSUERS_PARAMETER, startRemoteIssuers } from "./remote-issuers.ts";
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
import { type CredentialOf, withSignature } from "./sign-question.ts";

const PLACE = { region: "us-east-1", accountId: "000000000000", partition: "aws" };

/** REST projects whose methods take tokens of the local issuer. */
const JWT_PROJECTS = new Set(["rest-jwt", "cognito", "iam", "iam-resource-policy"]);

/**
 * Asks the started product over real sockets: one gateway for each project the vectors name. `packageFolder` is an
 * installed package to start instead of the source.
 */
export async function createHttpTarget(packageFolder?: string): Promise<Target> {
  const entry =
    packageFolder === undefined ? "../../src/index.ts" : pathToFileURL(join(packageFolder, "dist/index.js")).href;
  const product = (await import(entry)) as { startGatewarden: typeof startGatewarden };
  const backend = await startEchoBackend();
  const remote = await startRemoteIssuers();
  const dataDir = mkdtempSync(join(tmpdir(), "gatewarden-conformance-"));
  const agent = new Agent({ keepAlive: true });
  const gateways = new Map<string, Promise<Gatewarden>>();
  const gatewayOf = (project: string, needsIssuer: boolean): Promise<Gatewarden> => {
    let starting = gateways.get(project);
    if (starting === undefined) {
      starting = product.startGatewarden({
        config: join(import.meta.dirname, "../projects", project, "gatewarden.yaml"),
        // Only JWT authorizers need one.
        issuerPort: needsIssuer ? 0 : false,
        dataDir: join(dataDir, project),
        stageVariables: { [API_ID]: backendVariable(project, backend.address) },
        parameters: { [ISSUERS_PARAMETER]: remote.address },
      });
      gateways.set(project, starting);
    }
    return starting;
  };
  const credentials = new Map<string, ProjectCredentials>();
  /** As a developer beside the running gateway gets them. */
  const credentialsOf = (project: string): ProjectCredentials => {
    let opened = credentials.get(project);
    if (opened === undefined) {
      const config = join(import.meta.dirname, "../projects", project, "gatewarden.yaml");
      const folder = join(dataDir, project);
      const { users, roles } = loadProject({ files: [], config, cwd: import.meta.dirname }, PLACE, {
        issuerUrl: undefined,
        dataDir: folder,
      });
      opened = openCredentials({ dataDir: folder, users, roles, accountId: PLACE.accountId });
      credentials.set(project, opened);
    }
    return opened;
  };
  return {
    name: "http",
    subjects: ["rest-api", "http-api"],
    run: async (vector: Vector) => {
      const { subject } = vector;
      refuseUnknown("given", vector.given, API_MEMBERS);
      const needsIssuer = subject === "http-api" || JWT_PROJECTS.has(String(vector.given.project));
      const gateway = await gatewayOf(String(vector.given.project), needsIssuer);
      for (const { apiId, stages } of gateway.apis) {
        for (const { name } of stages) gateway.flushAuthorizers(apiId, name);
      }
      const found: string[] = [];
      for (const [index, { when, then }] of vector.steps.entries()) {
        const asked = withToken(readQuestion(when), (options) => gateway.token(options), remote);
        const credentialOf: CredentialOf = ({ name, sessionName = "conformance", sessionPolicy }) =>
          credentialsOf(String(vector.given.project)).credentialsOf(
            name,
            /^(?:\d{12}\/)?role\//.test(name)
              ? { sessionName, ...(sessionPolicy !== undefined && { sessionPolicy }) }
              : {},
          );
        const { host } = new URL(gateway.url(API_ID));
        const address = { host, targetOf: (each: RestQuestion) => wireTargetOf(each, subject) };
        const question = await withSignature(asked, Date.now(), credentialOf, address);
        const logged = "log" in then || "logJson" in then ? stageOf(question, subject) : undefined;
        const logFile = join(dataDir, String(vector.given.project), "access-logs", `${API_ID}-${logged}.log`);
        const answer = await ask(gateway, agent, subject, question, logged === undefined ? undefined : logFile);
        found.push(
          ...differences(then, answer).map((each) => (vector.steps.length > 1 ? `step ${index + 1}: ${each}` : each)),
        );
      }
      return found;
    },
    close: async () => {
      for (const opened of credentials.values()) await opened.close();
      for (const starting of gateways.values()) await (await starting).stop();
      agent.destroy();
      await backend.stop();
      await remote.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function ask(
  gateway: Gatewarden,
  agent: Agent,
  subject: Vector["subject"],
  question: RestQuestion,
  logFile: string | undefined,
): Promise<RestAnswer> {
  if (question.afterFlush) gateway.flushAuthorizers(API_ID, stageOf(question, subject));
  const body = bodyOf(question);
  const base = new URL(gateway.url(API_ID));
  const { domain } = question;
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        agent,
        host: base.hostname,
        port: base.port,
        method: question.method,
        path: wireTargetOf(question, subject),
        headers: [
          "Host",
          domain ?? base.host,
          ...flatHeaders(question),
          ...(question.body === undefined ? [] : ["Content-Length", String(body.length)]),
        ],
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const requestId = REQUEST_ID_HEADERS.map((name) => response.headers[name]).find((id) => id !== undefined);
          const record = gateway.requests().find((each) => each.requestId === requestId);
          const status = response.statusCode ?? 0;
          const logged = logFile === undefined ? undefined : lineOf(logFile, String(requestId));
          const answered = Promise.resolve(logged).then((log) =>
            restAnswer(status, response.rawHeaders, Buffer.concat(chunks), record, log),
          );
          answered.then(resolve, reject);
        });
        response.on("error", reject);
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

function wireTargetOf(question: RestQuestion, subject: Vector["subject"]): string {
  if (question.domain !== undefined) return question.path;
  return `/_aws/execute-api/${API_ID}${targetOf(question, subject)}`;
}

const LOG_WAIT_MS = 10_000;
const LOG_LOOK_MS = 5;

/** The line with a request's id; access logs are written in the background. */
async function lineOf(file: string, requestId: string): Promise<string | undefined> {
  const endMs = Date.now() + LOG_WAIT_MS;
  for (;;) {
    const line = logLines(file).find((each) => each.includes(requestId));
    if (line !== undefined || Date.now() >= endMs) return line;
    await new Promise((resolve) => setTimeout(resolve, LOG_LOOK_MS));
  }
}
