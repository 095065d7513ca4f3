import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createActions } from "../../../src/issuer/actions/create-actions.ts";
import { createIssuer, type Issuer } from "../../../src/issuer/issuer.ts";
import type { IssuerAnswer } from "../../../src/issuer/issuer-request.ts";
import { type IssuerJwks, openKeyRing } from "../../../src/issuer/keys/keys.ts";
import { openStateFolder } from "../../../src/issuer/state-folder.ts";
import type { TenantStore } from "../../../src/issuer/tenant/tenant-store.ts";
import type { MintOptions } from "../../../src/issuer/tokens/mint-token.ts";
import { createMemoryDocuments } from "../../../src/store/memory-documents.ts";
import { differences } from "../../compare.ts";
import type { Target, Vector } from "../../vector.ts";
import { type Members, refuseUnknown } from "../refuse-unknown.ts";
import { clientAssertion } from "./client-assertion.ts";
import { IN_PROCESS, type IssuerTransport, openIssuerSockets } from "./issuer-transport.ts";
import { openVectorTenant } from "./open-vector-tenant.ts";
import { fillPlaceholders, keepValues } from "./placeholders.ts";
import {
  checkCertificates,
  decodeToken,
  type IssuerVectorAnswer,
  parseLocation,
  type Verifiers,
} from "./vector-answer.ts";
import { formsOf, openBrowser, type VectorBrowser, valuesOf } from "./vector-browser.ts";

/** Where the clock of every vector starts, so that times in tokens are plain numbers. */
const NOW_SECONDS = 1_800_000_000;
const ACTIONS_FOLDER = join(import.meta.dirname, "../../issuer/actions");

const QUESTION_MEMBERS: Members<IssuerQuestion> = {
  method: true,
  path: true,
  query: true,
  headers: true,
  json: true,
  form: true,
  body: true,
  basic: true,
  authorize: true,
  application: true,
  as: true,
  consent: true,
  mint: true,
  advanceSeconds: true,
  keep: true,
};
const GIVEN_MEMBERS = { tenant: true, actions: true } as const;

/** The `when` of an issuer's vector: one of `path`, `authorize` and `mint`. */
interface IssuerQuestion {
  readonly method?: string;
  readonly path?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** An application's name: its id and secret go into a Basic header. */
  readonly basic?: string;
  /** GET /authorize with these parameters, and what a browser does from there. */
  readonly authorize?: Readonly<Record<string, string | null>>;
  /** Whose application it is; gives `client_id` and, by its first callback, `redirect_uri`. */
  readonly application?: string;
  /** The email of who logs in. Without it the first page is the answer. */
  readonly as?: string;
  readonly consent?: "allow" | "deny";
  readonly mint?: MintOptions;
  readonly advanceSeconds?: number;
  /** Names for values of the answer, for later steps: `{"code": "location.query.code"}`, then `{code}`. */
  readonly keep?: Readonly<Record<string, string>>;
}

interface Plane {
  readonly issuer: Issuer;
  readonly tenants: TenantStore;
  readonly clock: { nowMs: number };
  /** Codes of refusals since the last question. */
  readonly reasons: string[];
  readonly browser: VectorBrowser;
}

/** Asks the development issuer in this process. */
export function createIssuerPlaneTarget(): Promise<Target> {
  return openTarget("issuer-in-process", IN_PROCESS);
}

/** Asks it over a real socket. */
export async function createIssuerSocketTarget(): Promise<Target> {
  return openTarget("issuer-http", await openIssuerSockets());
}

/** Every vector gets a tenant, a clock and a browser of its own. */
async function openTarget(name: string, transport: IssuerTransport): Promise<Target> {
  const keysDir = mkdtempSync(join(tmpdir(), "gatewarden-conformance-keys-"));
  await (await openKeyRing(openStateFolder(keysDir))).prepareNext();
  return {
    name,
    subjects: ["issuer"],
    run: async (vector: Vector) => {
      const dataDir = mkdtempSync(join(tmpdir(), "gatewarden-conformance-issuer-"));
      try {
        cpSync(keysDir, dataDir, { recursive: true });
        return await runSteps(await openPlane(vector, dataDir, transport), vector);
      } finally {
        rmSync(dataDir, { recursive: true, force: true });
      }
    },
    close: async () => {
      await transport.close();
      rmSync(keysDir, { recursive: true, force: true });
    },
  };
}

async function runSteps(plane: Plane, { steps }: Vector): Promise<readonly string[]> {
  const { issuerUrl } = plane.issuer;
  const kept = new Map<string, string>([
    ["issuer", issuerUrl],
    ["port", new URL(issuerUrl).port],
  ]);
  const found: string[] = [];
  for (const [index, { when, then }] of steps.entries()) {
    const lookUp = placeholdersOf(plane, kept);
    const question = fillPlaceholders(when, lookUp) as IssuerQuestion;
    const answer = await ask(plane, question);
    const wrong = differences(fillPlaceholders(then, lookUp), answer);
    found.push(...wrong.map((each) => (steps.length > 1 ? `step ${index + 1}: ${each}` : each)));
    const unkept = keepValues(kept, question.keep, answer);
    // What follows would only repeat this.
    if (unkept !== undefined) return [...found, `step ${index + 1}: ${unkept}`];
  }
  return found;
}

async function openPlane({ given }: Vector, dataDir: string, transport: IssuerTransport): Promise<Plane> {
  refuseUnknown("given", given, GIVEN_MEMBERS);
  const { issuerUrl } = transport;
  const folder = openStateFolder(dataDir);
  const clock = { nowMs: NOW_SECONDS * 1000 };
  const reasons: string[] = [];
  const clockOf = () => clock.nowMs;
  const tenants = await openVectorTenant(given.tenant, dataDir, folder, { issuerUrls: [issuerUrl], clock: clockOf });
  const actions =
    given.actions === undefined
      ? undefined
      : createActions({ file: join(ACTIONS_FOLDER, `${given.actions}.cjs`), folder, tenants });
  const documents = createMemoryDocuments({ clock: clockOf });
  const issuer = createIssuer({
    issuerUrl,
    tenants,
    keys: await openKeyRing(folder, { clock: clockOf }),
    folder,
    documents: () => documents,
    ...(actions && { actions }),
    clock: clockOf,
    onEvent: (event) => event.kind === "refused" && reasons.push(event.reason),
  });
  const browser = openBrowser(issuerUrl, (request) => transport.send(issuer, request));
  return { issuer, tenants, clock, reasons, browser };
}

/**
 * `{client_id:NAME}`, `{client_secret:NAME}`, `{assertion:NAME}`, `{password:EMAIL}`, `{api_id:IDENTIFIER}`,
 * `{role_id:NAME}`, `{issuer}`, and what was kept.
 */
function placeholdersOf(
  { clock, issuer, tenants }: Plane,
  kept: ReadonlyMap<string, string>,
): (name: string) => string | undefined {
  return (name) => {
    const tenant = tenants.current();
    const [kind = "", of] = [name.split(":", 1)[0], name.slice(name.indexOf(":") + 1)];
    const client = tenant.clients.find((each) => each.name === of);
    const user = tenant.users.find(({ email }) => email === of);
    switch (name.includes(":") ? kind : "") {
      case "client_id":
        return client?.clientId;
      case "client_secret":
        return client?.clientSecret;
      case "assertion":
        return client && clientAssertion(client.clientId, issuer.issuerUrl, clock.nowMs / 1000);
      case "password":
        return user?.password;
      case "api_id":
        return tenant.apis.find(({ identifier }) => identifier === of)?.id;
      case "role_id":
        return tenant.roles.find((role) => role.name === of)?.id;
      default:
        return kept.get(name);
    }
  };
}

async function ask(plane: Plane, question: IssuerQuestion): Promise<IssuerVectorAnswer> {
  refuseUnknown("when", question, QUESTION_MEMBERS);
  const { advanceSeconds = 0, mint, authorize, path } = question;
  plane.clock.nowMs += advanceSeconds * 1000;
  plane.reasons.length = 0;
  if (mint !== undefined) return { token: decodeToken(plane.issuer.mint(mint), verifiersOf(plane)) };
  if (authorize !== undefined) {
    const { answer, pages } = await plane.browser.visit(authorizeTarget(plane, question), visitorOf(plane, question));
    return answerOf(plane, answer, pages);
  }
  if (path === undefined) throw new Error("a step asks by path, authorize or mint");
  return answerOf(plane, await plane.browser.request(requestOf(plane, question, path)));
}

function requestOf({ tenants }: Plane, question: IssuerQuestion, path: string) {
  const { method = "GET", query, headers = {}, json, form, body, basic } = question;
  const client = tenants.current().clients.find(({ name }) => name === basic);
  if (basic !== undefined && client === undefined) throw new Error(`no application ${basic}`);
  const credentials = client && Buffer.from(`${client.clientId}:${client.clientSecret}`).toString("base64");
  return {
    method,
    target: query === undefined ? path : `${path}?${new URLSearchParams(query)}`,
    headers: Object.entries({
      ...(json !== undefined && { "Content-Type": "application/json" }),
      ...(form !== undefined && { "Content-Type": "application/x-www-form-urlencoded" }),
      ...(credentials !== undefined && { Authorization: `Basic ${credentials}` }),
      ...headers,
    }).flat(),
    body:
      json !== undefined ? JSON.stringify(json) : form !== undefined ? String(new URLSearchParams(form)) : (body ?? ""),
  };
}

/** `response_type` is code unless the vector says otherwise; null takes a parameter out. */
function authorizeTarget({ tenants }: Plane, { authorize = {}, application }: IssuerQuestion): string {
  const client = tenants.current().clients.find(({ name }) => name === application);
  if (application !== undefined && client === undefined) throw new Error(`no application ${application}`);
  const parameters = {
    response_type: "code",
    ...(client && { client_id: client.clientId, redirect_uri: client.callbacks[0] ?? null }),
    ...authorize,
  };
  const sent = Object.entries(parameters).filter((pair): pair is [string, string] => pair[1] !== null);
  return `/authorize?${new URLSearchParams(sent)}`;
}

function visitorOf({ tenants }: Plane, { as, consent = "allow" }: IssuerQuestion) {
  if (as === undefined) return { consent };
  const user = tenants.current().users.find(({ email }) => email === as);
  return { consent, user: { email: as, name: user?.name ?? as, password: user?.password ?? "" } };
}

function answerOf(plane: Plane, answer: IssuerAnswer, pages?: readonly string[]): IssuerVectorAnswer {
  const body = String(answer.body);
  const json = parseJson(body) as Record<string, unknown> | undefined;
  const [redirect] = valuesOf(answer, "location");
  const location = redirect === undefined ? undefined : parseLocation(redirect);
  const form = formsOf(body).find(({ action }) => URL.canParse(action));
  const sent = { ...json, ...location?.query, ...location?.fragment, ...form?.fields };
  const verifiers = verifiersOf(plane);
  const { access_token: token, id_token: idToken } = sent;
  return {
    status: answer.status,
    headers: headersOf(answer),
    body,
    ...(json !== undefined && { json }),
    ...(location && { location }),
    ...(form && { form: { action: form.action, fields: form.fields } }),
    ...(typeof token === "string" && { token: decodeToken(token, verifiers) }),
    ...(typeof idToken === "string" && { idToken: decodeToken(idToken, verifiers) }),
    ...(pages && { pages }),
    ...(isKeySet(json) && { kids: json.keys.map(({ kid }) => kid), certificates: checkCertificates(json.keys) }),
    reasons: [...plane.reasons],
  };
}

function headersOf(answer: IssuerAnswer): Record<string, string> {
  const names = answer.headers.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  return Object.fromEntries(names.map((name) => [name, valuesOf(answer, name).join(", ")]));
}

/** As a verifier of its tokens has them: from the issuer's own key set. */
function verifiersOf({ issuer, tenants }: Plane): Verifiers {
  const { apis } = tenants.current();
  return {
    jwks: issuer.jwks().keys,
    secrets: new Map(apis.map(({ identifier, signingSecret }) => [identifier, signingSecret ?? ""])),
  };
}

function isKeySet(json: unknown): json is IssuerJwks {
  const keys = (json as { keys?: unknown } | undefined)?.keys;
  return Array.isArray(keys) && keys.every((key) => "x5c" in key);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
