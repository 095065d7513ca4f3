import { resolve } from "node:path";
import { MintError, type MintOptions } from "../issuer/tokens/mint-token.ts";
import { mintFromDataDir } from "../server/issuer-plane.ts";
import { SERVER_DEFAULTS } from "../server/server-options.ts";
import { UsageError } from "./arguments.ts";
import type { Command } from "./command.ts";

const PROFILES = ["auth0", "cognito", "okta", "entra", "keycloak"] as const;
const ALGORITHMS = ["RS256", "HS256"] as const;

export const token: Command = {
  usage: "token [--api AUDIENCE] [--scope SCOPE…]",
  summary: "Prints one token of the project's issuer, alone on standard output.",
  details: "Without flags: for the first API, by its test client, with all its scopes.",
  flags: {
    api: { type: "string", value: "AUDIENCE", help: "the API's identifier" },
    scope: { type: "string", value: "SCOPE", multiple: true, help: "a scope, or several in one text" },
    permission: { type: "string", value: "NAME", multiple: true, help: "an entry of the permissions claim" },
    as: { type: "string", value: "USER", help: "speak for a user" },
    m2m: { type: "string", value: "CLIENT", help: "speak for a client" },
    claim: { type: "string", value: "NAME=JSON", multiple: true, help: "a claim, replacing any of that name" },
    "expires-in": { type: "number", value: "SECONDS", help: "lifetime" },
    profile: { type: "string", value: PROFILES.join("|"), help: "shaped as that provider's (auth0)" },
    expired: { type: "boolean", help: "broken: expired an hour ago" },
    "wrong-aud": { type: "boolean", help: "broken: for another audience" },
    "wrong-iss": { type: "boolean", help: "broken: of another issuer" },
    "bad-signature": { type: "boolean", help: "broken: the signature does not fit" },
    alg: { type: "string", value: ALGORITHMS.join("|"), help: "HS256 is one that API Gateway never accepts" },
    "no-kid": { type: "boolean", help: "broken: the header names no key" },
    opaque: { type: "boolean", help: "broken: no JWT at all" },
    "data-dir": {
      type: "string",
      value: "FOLDER",
      env: true,
      help: `the server's data folder (${SERVER_DEFAULTS.dataDir})`,
    },
  },
  async run(args, io) {
    const scopes = args.strings("scope").flatMap((each) => each.split(/[ ,]+/).filter((scope) => scope !== ""));
    const profile = oneOf(args.string("profile"), "profile", PROFILES);
    const alg = oneOf(args.string("alg"), "alg", ALGORITHMS);
    const api = args.string("api");
    const as = args.string("as");
    const m2m = args.string("m2m");
    const expiresInSeconds = args.number("expires-in");
    const options: MintOptions = {
      ...(api !== undefined && { api }),
      ...(args.strings("scope").length > 0 && { scopes }),
      ...(as !== undefined && { as }),
      ...(m2m !== undefined && { m2m }),
      ...(args.strings("permission").length > 0 && { permissions: args.strings("permission") }),
      ...(args.strings("claim").length > 0 && { claims: Object.fromEntries(args.strings("claim").map(claim)) }),
      ...(expiresInSeconds !== undefined && { expiresInSeconds }),
      ...(profile !== undefined && { profile }),
      ...(alg !== undefined && { alg }),
      expired: args.boolean("expired"),
      wrongAud: args.boolean("wrong-aud"),
      wrongIss: args.boolean("wrong-iss"),
      badSignature: args.boolean("bad-signature"),
      noKid: args.boolean("no-kid"),
      opaque: args.boolean("opaque"),
    };
    try {
      io.out(
        `${await mintFromDataDir(resolve(io.cwd, args.string("data-dir") ?? SERVER_DEFAULTS.dataDir), options)}\n`,
      );
      return 0;
    } catch (error) {
      if (error instanceof MintError) throw new UsageError(error.message);
      throw error;
    }
  },
};

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
