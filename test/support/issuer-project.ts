import { createHash, randomBytes } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, vi } from "vitest";
import type { DecisionRecord } from "../../src/execute-api/decision-record.ts";
import type { KeptIssuerEvent } from "../../src/server/issuer/events.ts";
import type { ReadyFile } from "../../src/server/ready-file.ts";
import { type Finished, gatewarden, type Serving, serve } from "./command-line.ts";
import { openPerson, type Person } from "./person.ts";
import { makeProject, type Project } from "./project.ts";

/*
 * A developer's project with both kinds of API and a tenant of its own, served by `gatewarden dev` in its own process.
 */

// Each test starts processes, and many tests run at once.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

export const PETS = "https://pets.example";
export const CALLBACK = "http://localhost:3000/callback";
export const SPA = "petsSpaPetsSpaPetsSpaPetsSpaPets";
export const WEB = "petsWebPetsWebPetsWebPetsWebPets";

export const TENANT = `# The tenant of the pet shop, kept in git.
apis:
  - identifier: ${PETS}
    name: Pets
    scopes: [read:pets, create:pets, read:prices] # what one may do
    enforce_policies: true # only what roles permit
    token_dialect: access_token
    allow_offline_access: true
applications:
  - name: Pets SPA
    client_id: ${SPA}
    app_type: spa
    callbacks: [${CALLBACK}]
    grant_types: [authorization_code, refresh_token]
  - name: Pets Web
    client_id: ${WEB}
    app_type: regular_web
    callbacks: [${CALLBACK}]
    grant_types: [authorization_code, refresh_token, client_credentials]
client_grants:
  - { application: Pets Web, audience: "${PETS}", scope: [read:pets] } # may not sell
roles:
  - name: Shopkeeper
    permissions: { "${PETS}": [read:pets, create:pets] }
  - name: Visitor
    permissions: { "${PETS}": [read:pets] }
users:
  - { user_id: auth0|alice, email: alice@example.com, name: Alice, roles: [Shopkeeper] }
  - { user_id: auth0|bob, email: bob@example.com, name: Bob, roles: [Visitor] }
`;

const EXAMPLES = join(import.meta.dirname, "../../examples");

export interface IssuerProject {
  readonly project: Project;
  /** Of the server that runs. */
  readonly ready: ReadyFile;
  readonly issuer: string;
  /** Of the REST API (a Lambda authorizer) and the HTTP API (a JWT authorizer), without trailing slash. */
  readonly rest: string;
  readonly http: string;
  /** What the server printed on standard error, of every start. */
  terminal(): string;
  start(args?: readonly string[]): Promise<void>;
  stop(): Promise<number | null>;
  /** Runs a command in the project's folder; what it printed may hold no secret, unless `isSecret` says that it shall. */
  run(
    args: readonly string[],
    options?: { readonly isSecret?: boolean; readonly env?: NodeJS.ProcessEnv },
  ): Promise<Finished>;
  /** A client's secret or a user's password, as the command shows it. */
  secretOf(name: string): Promise<string>;
  /** Nothing that the gateway or its commands keep or print may hold it. */
  hide<Text extends string>(secret: Text): Text;
  record(requestId: string): Promise<DecisionRecord | undefined>;
  events(): Promise<readonly KeptIssuerEvent[]>;
  /** Fails where anything hidden stands in the terminal, a command's output, a record, an event, the metrics or a kept file. */
  expectNothingLeaked(): Promise<void>;
  /** Looks for leaks if it runs, stops it, and removes the folder. */
  finish(): Promise<void>;
}

/** Makes the folder; `start` serves it. */
export async function makeIssuerProject(files: Readonly<Record<string, unknown>> = {}): Promise<IssuerProject> {
  const { startPetsBackend } = (await import(join(EXAMPLES, "petstore/backend.js"))) as {
    startPetsBackend: (port: number) => Promise<{ address: string; stop: () => Promise<void> }>;
  };
  const backend = await startPetsBackend(0);
  const project = makeProject({ "http-api.json": HTTP_API, "tenant.yaml": TENANT, ...files });
  const example = (name: string): string => readFileSync(join(EXAMPLES, "petstore", name), "utf8");
  project.write("petstore.yaml", example("petstore.yaml").replace("\npaths:\n", `\npaths:\n${CALLER}`));
  project.write("rules.json", [
    ...JSON.parse(example("rules.json")),
    { method: "GET", path: "/caller", anyValidToken: true },
  ]);
  project.write("gatewarden.yaml", {
    files: ["petstore.yaml", "http-api.json"],
    parameters: { Issuer: "${gatewarden.issuer}" },
    functions: {
      jwtRsaCustomAuthorizer: {
        handler: "gatewarden:authorizer",
        runtime: "nodejs24.x",
        timeout: 30,
        env: {
          TOKEN_ISSUER: "${gatewarden.issuer}",
          JWKS_URI: "${gatewarden.issuer}.well-known/jwks.json",
          AUDIENCE: PETS,
          RULES_FILE: "rules.json",
          CONTEXT_CLAIMS: "https://pets.example/roles",
        },
      },
    },
    stages: { petstore: { name: "test", variables: { petsBackend: backend.address } } },
  });
  const dataDir = project.path(".gatewarden");
  const hidden = new Set<string>();
  const printed: string[] = [];
  let serving: Serving | undefined;
  let ready: ReadyFile | undefined;

  const stageUrl = (type: string): string => ready?.apis.find((each) => each.type === type)?.stages[0]?.url ?? "";
  async function own(path: string): Promise<Response> {
    const token = readFileSync(join(dataDir, "token"), "utf8").trim();
    return fetch(`${made.ready.gateway}/_gatewarden/${path}`, { headers: { authorization: `Bearer ${token}` } });
  }

  const made: IssuerProject = {
    project,
    get ready() {
      if (ready === undefined) throw new Error("not started");
      return ready;
    },
    get issuer() {
      return made.ready.issuer ?? "";
    },
    get rest() {
      return stageUrl("REST");
    },
    get http() {
      return stageUrl("HTTP");
    },
    terminal: () => [...printed, serving?.stderr() ?? ""].join(""),
    async start(args = []) {
      const issuerPort = args.includes("--issuer-port") ? [] : ["--issuer-port", "0"];
      serving = await serve(["dev", "--port", "0", ...issuerPort, ...args], { cwd: project.folder });
      ready = serving.json as unknown as ReadyFile;
    },
    async stop() {
      const code = (await serving?.stop()) ?? null;
      printed.push(serving?.stderr() ?? "");
      serving = undefined;
      return code;
    },
    async run(args, { isSecret = false, env = {} } = {}) {
      const finished = await gatewarden(args, { cwd: project.folder, env });
      if (!isSecret) printed.push(finished.stdout, finished.stderr);
      return finished;
    },
    async secretOf(name) {
      const { code, stdout } = await made.run(["issuer", "secrets", "show", name], { isSecret: true });
      expect(code).toBe(0);
      return made.hide(stdout.trim());
    },
    hide(secret) {
      hidden.add(secret);
      // Whoever has the signature and can guess the rest has the token.
      const signature = /^[\w-]+\.[\w-]+\.([\w-]{40,})$/.exec(secret)?.[1];
      if (signature) hidden.add(signature);
      return secret;
    },
    async record(requestId) {
      const answer = await own(`requests/${requestId}`);
      return answer.ok ? ((await answer.json()) as DecisionRecord) : undefined;
    },
    async events() {
      return ((await (await own("issuer/events")).json()) as { events: KeptIssuerEvent[] }).events;
    },
    async expectNothingLeaked() {
      const pages = await Promise.all(
        ["requests", "issuer/events", "metrics"].map(async (path) => [path, await (await own(path)).text()] as const),
      );
      const kept = globSync("**/*", { cwd: dataDir, withFileTypes: true })
        // The only places that secrets are kept in.
        .filter((each) => each.isFile() && !/client-secrets|user-passwords|signing-secrets/.test(each.parentPath))
        .map((each) => join(each.parentPath, each.name))
        .map((file) => [file, readFileSync(file, "latin1")] as const);
      expect(kept.length).toBeGreaterThan(5);
      for (const [where, text] of [...pages, ...kept, ["terminal", made.terminal()] as const]) {
        for (const secret of hidden) {
          if (text.includes(secret)) expect.fail(`${where} holds a secret: …${around(text, secret)}`);
        }
      }
    },
    async finish() {
      try {
        if (serving) await made.expectNothingLeaked();
      } finally {
        await made.stop();
        await backend.stop();
        project.remove();
      }
    },
  };
  return made;
}

/** Where it stands, without the secret itself. */
function around(text: string, secret: string): string {
  const at = text.indexOf(secret);
  return `${text.slice(Math.max(0, at - 80), at)}[${secret.length} characters]${text.slice(at + secret.length, at + secret.length + 40)}`;
}

/** What an answer's body, decoded, says of the API's view of its caller. */
export interface Called {
  readonly status: number;
  readonly body: string;
  readonly requestId: string;
}

/** Calls a route with a token, or without. */
export async function call(url: string, token?: string, init: RequestInit = {}): Promise<Called> {
  const headers = { ...init.headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) };
  const answer = await fetch(url, { ...init, headers });
  const requestId = answer.headers.get("x-amzn-requestid") ?? answer.headers.get("apigw-requestid") ?? "";
  return { status: answer.status, body: await answer.text(), requestId };
}

/** What /oauth/token answers. */
export interface TokenAnswer {
  readonly status: number;
  /** The body as it came. */
  readonly text: string;
  readonly access_token: string;
  readonly refresh_token: string;
  readonly id_token?: string;
  readonly scope?: string;
}

/** A JSON request to the token endpoint; what is secret of it and its answer is to be found nowhere. */
export async function askForToken(
  { issuer, hide }: Pick<IssuerProject, "issuer" | "hide">,
  body: Readonly<Record<string, string>>,
): Promise<TokenAnswer> {
  for (const name of ["code", "refresh_token", "client_secret"]) if (body[name] !== undefined) hide(body[name]);
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${issuer}oauth/token`, { method: "POST", headers, body: JSON.stringify(body) });
  const text = await answer.text();
  const tokens = JSON.parse(text) as TokenAnswer;
  for (const name of ["access_token", "refresh_token", "id_token"] as const) if (tokens[name]) hide(tokens[name]);
  return { ...tokens, status: answer.status, text };
}

/** Sends the person to /authorize as the browser app would, and answers the callback and the verifier for its code. */
export async function authorize(
  issuer: string,
  parameters: Readonly<Record<string, string>>,
  userId: string | undefined,
  person: Person = openPerson(CALLBACK),
): Promise<{ readonly callback: URLSearchParams; readonly verifier: string }> {
  const verifier = randomBytes(32).toString("base64url");
  const query = new URLSearchParams({
    response_type: "code",
    client_id: SPA,
    redirect_uri: CALLBACK,
    scope: "openid",
    state: "s",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    ...parameters,
  });
  const callback = await person.visit(`${issuer}authorize?${query}`, userId);
  return { callback: callback.searchParams, verifier };
}

/** The whole login of the browser app: the tokens that it gets. */
export async function logIn(
  project: Pick<IssuerProject, "issuer" | "hide">,
  parameters: Readonly<Record<string, string>>,
  userId: string | undefined,
  person?: Person,
): Promise<TokenAnswer> {
  const { callback, verifier } = await authorize(project.issuer, parameters, userId, person);
  return askForToken(project, {
    grant_type: "authorization_code",
    client_id: SPA,
    code: callback.get("code") ?? `none: ${callback}`,
    redirect_uri: CALLBACK,
    code_verifier: verifier,
  });
}

/** Of the REST API: what its authorizer says of the caller. */
const CALLER = `  /caller:
    get:
      security: [{ jwt-rsa-custom-authorizer: [] }]
      responses: { "200": { description: Who calls } }
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: { application/json: '{"statusCode": 200}' }
        responses:
          default:
            statusCode: "200"
            responseTemplates:
              application/json: '{"who": "$context.authorizer.principalId", "roles": "$util.escapeJavaScript($context.authorizer["${PETS}/roles"])"}'
`;

const ApiId = { Ref: "Api" };
const route = (RouteKey: string, scope: string) => ({
  Type: "AWS::ApiGatewayV2::Route",
  Properties: {
    ApiId,
    RouteKey,
    AuthorizationType: "JWT",
    AuthorizerId: { Ref: "Authorizer" },
    AuthorizationScopes: [scope],
    Target: { "Fn::Sub": "integrations/${Integration}" },
  },
});

/** The same pets as an HTTP API; the function answers what it is told of its caller. */
const HTTP_API = {
  Parameters: { Issuer: { Type: "String" } },
  Resources: {
    Api: { Type: "AWS::ApiGatewayV2::Api", Properties: { Name: "pets", ProtocolType: "HTTP" } },
    Stage: { Type: "AWS::ApiGatewayV2::Stage", Properties: { ApiId, StageName: "$default", AutoDeploy: true } },
    Authorizer: {
      Type: "AWS::ApiGatewayV2::Authorizer",
      Properties: {
        ApiId,
        Name: "jwt",
        AuthorizerType: "JWT",
        IdentitySource: ["$request.header.Authorization"],
        JwtConfiguration: { Issuer: { Ref: "Issuer" }, Audience: [PETS] },
      },
    },
    Integration: {
      Type: "AWS::ApiGatewayV2::Integration",
      Properties: {
        ApiId,
        IntegrationType: "AWS_PROXY",
        IntegrationUri: { "Fn::GetAtt": ["Echo", "Arn"] },
        PayloadFormatVersion: "2.0",
      },
    },
    Get: route("GET /pets", "read:pets"),
    Post: route("POST /pets", "create:pets"),
    Permission: {
      Type: "AWS::Lambda::Permission",
      Properties: {
        FunctionName: { Ref: "Echo" },
        Action: "lambda:InvokeFunction",
        Principal: "apigateway.amazonaws.com",
      },
    },
    Echo: {
      Type: "AWS::Lambda::Function",
      Properties: {
        Runtime: "nodejs22.x",
        Handler: "index.handler",
        Role: "arn:aws:iam::000000000000:role/none",
        Code: { ZipFile: "exports.handler = async ({ requestContext }) => requestContext.authorizer;" },
      },
    },
  },
};
