import { resolve } from "node:path";
import { findMintedUser, MintError, type MintOptions, strangerId } from "../issuer/tokens/mint-token.ts";
import { type KeptIssuer, openKeptIssuer } from "../server/issuer/kept-issuer.ts";
import { SERVER_DEFAULTS } from "../server/server-options.ts";
import { type Arguments, UsageError } from "./arguments.ts";
import type { Command, CommandIo } from "./command.ts";
import { AS_CODE_FLAGS, codeLanguageOf } from "./copy-as-code/as-code-flags.ts";
import type { CodeLanguageName } from "./copy-as-code/code-language.ts";

const PROFILES = ["auth0", "cognito", "okta", "entra", "keycloak"] as const;
const ALGORITHMS = ["RS256", "PS256", "HS256"] as const;
/** They say what a minted token holds. A token that is asked for holds what the issuer gives. */
const MINTING_FLAGS = [
  ...["permission", "group", "as", "claim", "expires-in", "profile", "issuer", "id-token", "alg"],
  ...["expired", "wrong-aud", "wrong-iss", "bad-signature", "no-kid", "opaque"],
];

export const token: Command = {
  usage: "token [--api AUDIENCE] [--scope SCOPE…]",
  words: 0,
  details:
    "Without flags: for the first API, by its test client, with all its scopes.\nWith --as-code: the code that asks the issuer for one.",
  flags: {
    api: { type: "string", value: "AUDIENCE", help: "the API's identifier" },
    scope: { type: "string", value: "SCOPE", multiple: true, help: "a scope, or several in one text" },
    permission: { type: "string", value: "NAME", multiple: true, help: "an entry of the permissions claim" },
    group: { type: "string", value: "NAME", multiple: true, help: "an entry of the profile's groups claim" },
    as: { type: "string", value: "USER", help: "speak for a user: id, name or email; any other name gets every scope" },
    m2m: { type: "string", value: "CLIENT", help: "speak for a client" },
    claim: { type: "string", value: "NAME=JSON", multiple: true, help: "a claim, replacing any of that name" },
    "expires-in": { type: "number", value: "SECONDS", help: "lifetime" },
    profile: { type: "string", value: "PROVIDER", help: `shaped as that provider's: ${PROFILES.join("|")}` },
    issuer: { type: "string", value: "URL", help: "another iss (the API's own, or the profile's)" },
    "id-token": {
      type: "boolean",
      help: "an ID token: for Cognito methods without scopes, no other API should accept it (auth0, cognito; with --as)",
    },
    expired: { type: "boolean", help: "broken: expired an hour ago" },
    "wrong-aud": { type: "boolean", help: "broken: for another audience" },
    "wrong-iss": { type: "boolean", help: "broken: of another issuer" },
    "bad-signature": { type: "boolean", help: "broken: the signature does not fit" },
    alg: { type: "string", value: ALGORITHMS.join("|"), help: "API Gateway's authorizers want RS256" },
    "no-kid": { type: "boolean", help: "broken: the header names no key" },
    opaque: { type: "boolean", help: "broken: no JWT at all" },
    ...AS_CODE_FLAGS,
    "data-dir": {
      type: "string",
      value: "FOLDER",
      env: true,
      help: `the server's data folder (${SERVER_DEFAULTS.dataDir})`,
    },
  },
  async run(args, io) {
    const language = codeLanguageOf(args);
    if (args.boolean("include-secret") && language === undefined) {
      throw new UsageError("--include-secret goes with --as-code LANGUAGE.");
    }
    const scopes = args.strings("scope").flatMap((each) => each.split(/[ ,]+/).filter((scope) => scope !== ""));
    const profile = oneOf(args.string("profile"), "profile", PROFILES);
    const alg = oneOf(args.string("alg"), "alg", ALGORITHMS);
    const api = args.string("api");
    const as = args.string("as");
    const m2m = args.string("m2m");
    const issuer = args.string("issuer");
    if (issuer !== undefined && !URL.canParse(issuer)) {
      throw new UsageError(`--issuer is ${JSON.stringify(issuer)}, wanted a URL such as https://tenant.eu.auth0.com/.`);
    }
    const expiresInSeconds = args.number("expires-in");
    const options: MintOptions = {
      ...(api !== undefined && { api }),
      ...(args.strings("scope").length > 0 && { scopes }),
      ...(as !== undefined && { as }),
      ...(m2m !== undefined && { m2m }),
      ...(args.strings("permission").length > 0 && { permissions: args.strings("permission") }),
      ...(args.strings("group").length > 0 && { groups: args.strings("group") }),
      ...(issuer !== undefined && { issuer }),
      ...(args.strings("claim").length > 0 && { claims: Object.fromEntries(args.strings("claim").map(claim)) }),
      ...(expiresInSeconds !== undefined && { expiresInSeconds }),
      ...(profile !== undefined && { profile }),
      ...(alg !== undefined && { alg }),
      idToken: args.boolean("id-token"),
      expired: args.boolean("expired"),
      wrongAud: args.boolean("wrong-aud"),
      wrongIss: args.boolean("wrong-iss"),
      badSignature: args.boolean("bad-signature"),
      noKid: args.boolean("no-kid"),
      opaque: args.boolean("opaque"),
    };
    const dataDir = resolve(io.cwd, args.string("data-dir") ?? SERVER_DEFAULTS.dataDir);
    try {
      if (language !== undefined) await printTokenCode(language, dataDir, options, args, io);
      else mint(await openKeptIssuer(dataDir, io.cwd), options, io);
      return 0;
    } catch (error) {
      if (error instanceof MintError) throw new UsageError(error.message);
      throw error;
    }
  },
};

function mint(issuer: KeptIssuer, options: MintOptions, io: CommandIo): void {
  let minted: string;
  try {
    minted = issuer.mint(options);
  } catch (error) {
    const [foreign] = issuer.foreignIssuers;
    if (!(error instanceof MintError) || error.code !== "api_unknown" || foreign === undefined) throw error;
    const advice = `The files' authorizers name ${foreign}, and this issuer is ${issuer.issuerUrl}: correct it there, or make an API with "gatewarden issuer api create".`;
    throw new UsageError(`${error.message} ${advice}`);
  }
  io.out(`${minted}\n`);
  const { as, scopes, opaque } = options;
  if (as === undefined || opaque || findMintedUser(issuer.tenant, as) !== undefined) return;
  // A typing error would else pass for somebody who may do everything.
  const may = scopes === undefined ? "with all scopes" : "with these scopes";
  const users = issuer.tenant.users.map(({ email, name, userId }) => email ?? name ?? userId).join(", ") || "none";
  io.err(`No user ${JSON.stringify(as)}; minted for ${strangerId(as)} ${may}. Users: ${users}.\n`);
}

async function printTokenCode(
  language: CodeLanguageName,
  dataDir: string,
  { api, m2m, scopes }: MintOptions,
  args: Arguments,
  io: CommandIo,
): Promise<void> {
  const shaping = MINTING_FLAGS.find((flag) => args.boolean(flag) || args.strings(flag).length > 0);
  if (shaping !== undefined) {
    throw new UsageError(`--${shaping} shapes a minted token, and --as-code writes a request for one: leave one out.`);
  }
  const { readTokenRequest } = await import("./copy-as-code/token-request.ts");
  const { writeSteps } = await import("./copy-as-code/write-steps.ts");
  const includeSecret = args.boolean("include-secret");
  const { request, clientName } = await readTokenRequest({ dataDir, cwd: io.cwd, api, m2m, scopes, includeSecret });
  io.out(await writeSteps([{ title: "a token", request }], language));
  if (!includeSecret) {
    io.err(`CLIENT_SECRET is read from the environment: the secret of "${clientName}". --include-secret writes it.\n`);
  }
}

function oneOf<Value extends string>(
  value: string | undefined,
  flag: string,
  wanted: readonly Value[],
): Value | undefined {
  if (value === undefined) return undefined;
  const found = wanted.find((each) => each === value);
  if (found === undefined) throw new UsageError(`--${flag} is ${JSON.stringify(value)}, wanted ${wanted.join(", ")}.`);
  return found;
}

function claim(text: string): [string, unknown] {
  const equals = text.indexOf("=");
  if (equals < 1) throw new UsageError(`--claim is ${JSON.stringify(text)}, wanted NAME=JSON, e.g. tenant='"blue"'.`);
  const name = text.slice(0, equals);
  try {
    return [name, JSON.parse(text.slice(equals + 1))];
  } catch {
    // A bare word is taken as text, which is what people mean by it.
    return [name, text.slice(equals + 1)];
  }
}
