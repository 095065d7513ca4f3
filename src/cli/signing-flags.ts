import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { readDeclaredIdentities } from "../server/identities/declared-identities.ts";
import { type Credentials, openCredentials } from "../server/identities/open-credentials.ts";
import { SERVER_DEFAULTS } from "../server/server-options.ts";
import { type Arguments, type Flags, UsageError } from "./arguments.ts";

/** Flags of commands that act as a user or a role of the project. */
export const SESSION_FLAGS = {
  "session-name": { type: "string", value: "NAME", help: "of a role's session (gatewarden)" },
  "session-policy": { type: "string", value: "FILE", help: "a policy that limits a role's session further" },
  duration: { type: "number", value: "SECONDS", help: "of a role's session, 900 to 43200 (3600)" },
  "assumed-by": { type: "string", value: "USER", help: "who assumes the role, held against its trust policy" },
  force: { type: "boolean", help: "begin a role's session whatever its trust policy says" },
} as const satisfies Flags;

/** The service whose requests are signed here. */
export const EXECUTE_API = "execute-api";
/** The key that `--test-credentials` makes known. */
const TEST = "test";

/** What a request is signed with. */
export interface Signer {
  readonly credentials: Credentials;
  /** Of the server's APIs. */
  readonly region: string;
}

/**
 * The credentials of a user or role, by default of the first that the files declare; a session begins for a role.
 * @throws StartError when nobody of that name is known
 */
export async function findSigner(name: string | undefined, args: Arguments, cwd: string): Promise<Signer> {
  const dataDir = resolve(cwd, args.string("data-dir") ?? SERVER_DEFAULTS.dataDir);
  const { users, roles, region, accountId, testCredentials } = readDeclaredIdentities(dataDir);
  const project = openCredentials({ dataDir, users, roles, accountId });
  try {
    const wanted = name ?? project.names()[0] ?? TEST;
    if (wanted === TEST && testCredentials && !project.names().includes(TEST)) {
      return { region, credentials: { accessKeyId: TEST, secretAccessKey: TEST, arn: "user test" } };
    }
    return { region, credentials: await project.credentialsOf(wanted, readSession(args, cwd)) };
  } finally {
    await project.close();
  }
}

function readSession(args: Arguments, cwd: string) {
  const sessionName = args.string("session-name");
  const durationSeconds = args.number("duration");
  const as = args.string("assumed-by");
  const policyFile = args.string("session-policy");
  return {
    ...(sessionName !== undefined && { sessionName }),
    ...(durationSeconds !== undefined && { durationSeconds }),
    ...(as !== undefined && { as }),
    ...(policyFile !== undefined && { sessionPolicy: readPolicy(resolve(cwd, policyFile)) }),
    ...(args.boolean("force") && { force: true }),
  };
}

function readPolicy(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new UsageError(
      `--session-policy ${file} cannot be read as JSON (${error instanceof Error ? error.message : error}).`,
    );
  }
}
