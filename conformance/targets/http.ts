import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Gatewarden, startGatewarden } from "../../src/index.ts";
import { differences } from "../compare.ts";
import type { Target, Vector } from "../vector.ts";
import { backendVariable } from "./backend-variable.ts";
import { startEchoBackend } from "./echo-backend.ts";
import {
  API_ID,
  bodyOf,
  flatHeaders,
  REQUEST_ID_HEADERS,
  type RestAnswer,
  type RestQuestion,
  restAnswer,
  STAGE,
  targetOf,
  withToken,
} from "./rest-question.ts";

/** REST projects whose methods take tokens of the local issuer. */
const JWT_PROJECTS = new Set(["rest-jwt"]);

/**
 * Asks the started product over real sockets: one gateway for each project the vectors name. `packageFolder` is an
 * installed package to start instead of the source.
 */
export async function createHttpTarget(packageFolder?: string): Promise<Target> {
  const entry =
    packageFolder === undefined ? "../../src/index.ts" : pathToFileURL(join(packageFolder, "dist/index.js")).href;
  const product = (await import(entry)) as { startGatewarden: typeof startGatewarden };
  const backend = await startEchoBackend();
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
      });
      gateways.set(project, starting);
    }
    return starting;
  };
  return {
    name: "http",
    subjects: ["rest-api", "http-api"],
    run: async (vector: Vector) => {
      const { subject } = vector;
      const needsIssuer = subject === "http-api" || JWT_PROJECTS.has(String(vector.given.project));
      const gateway = await gatewayOf(String(vector.given.project), needsIssuer);
      for (const stage of [STAGE, "$default"]) gateway.flushAuthorizers(API_ID, stage);
      const found: string[] = [];
      for (const [index, { when, then }] of vector.steps.entries()) {
        const question = withToken(when as unknown as RestQuestion, (options) => gateway.token(options));
        const answer = await ask(gateway, agent, subject, question);
        found.push(
          ...differences(then, answer).map((each) => (vector.steps.length > 1 ? `step ${index + 1}: ${each}` : each)),
        );
      }
      return found;
    },
    close: async () => {
      for (const starting of gateways.values()) await (await starting).stop();
      agent.destroy();
      await backend.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function ask(
  gateway: Gatewarden,
  agent: Agent,
  subject: Vector["subject"],
  question: RestQuestion,
): Promise<RestAnswer> {
  if (question.afterFlush) gateway.flushAuthorizers(API_ID, STAGE);
  const body = bodyOf(question);
  const base = new URL(gateway.url(API_ID));
  const path = `/_aws/execute-api/${API_ID}${targetOf(question, subject)}`;
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        agent,
        host: base.hostname,
        port: base.port,
        method: question.method,
        path,
        headers: [
          "Host",
          base.host,
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
          resolve(restAnswer(response.statusCode ?? 0, response.rawHeaders, Buffer.concat(chunks), record));
        });
        response.on("error", reject);
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}
