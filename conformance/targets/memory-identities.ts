import { parseArn } from "../../src/aws/arn.ts";
import { compileIdentityPolicies, compileRoleSession, compileUser } from "../../src/aws/iam/compile-identity.ts";
import type { CognitoIdentity, Identities, Identity } from "../../src/aws/iam/identity.ts";
import type { SigningCredential } from "../../src/aws/sigv4/signature-verdict.ts";
import type { Role, User } from "../../src/model/iam.ts";
import type { Caller } from "./sign-question.ts";

export interface MemoryIdentities {
  readonly identities: Identities;
  /** The keys of a user, or a session of a role that begins now. @throws Error naming whom the project does not have */
  credentialOf(caller: Caller): SigningCredential;
}

/** A project's users and roles, their keys made without a file. Sessions last an hour of `clock`. */
export function createMemoryIdentities(
  users: readonly User[],
  roles: readonly Role[],
  clock: () => number,
): MemoryIdentities {
  const known = new Map<string, Identity>();
  const credentials = new Map<string, SigningCredential>();
  for (const user of users) {
    const { policies } = compileIdentityPolicies(user);
    const keys = user.accessKeys.length > 0 ? user.accessKeys : [undefined];
    const name = qualifiedName(user, user.name);
    for (const [index, key] of keys.entries()) {
      const accessKeyId = key?.accessKeyId ?? `AKIA${name.replace("/", "").toUpperCase()}${index}`;
      const credential = { accessKeyId, secretAccessKey: key?.secretAccessKey ?? `secret of ${accessKeyId}` };
      if (key?.status !== "Inactive") known.set(accessKeyId, compileUser(user, policies, credential));
      if (!credentials.has(name)) credentials.set(name, credential);
    }
  }
  return {
    identities: { find: (accessKeyId) => known.get(accessKeyId), refresh: async () => false },
    credentialOf: (caller) => {
      const { name, sessionName = "conformance", sessionPolicy, endedSeconds } = caller;
      const ofUser = credentials.get(name);
      if (ofUser !== undefined) return ofUser;
      const role = roles.find((each) => qualifiedName(each, `role/${each.name}`) === name);
      if (role === undefined) throw new Error(`the project has nobody called ${name}`);
      const session = {
        accessKeyId: `ASIA${known.size}`,
        secretAccessKey: `secret of session ${known.size}`,
        sessionToken: `token of session ${known.size}`,
        expiresAtMs: clock() + (endedSeconds === undefined ? 3_600_000 : -endedSeconds * 1000),
      };
      const sessionPolicies = sessionPolicy === undefined ? {} : { sessionPolicies: [sessionPolicy] };
      const terms = { sessionName, issuedAtMs: clock(), ...sessionPolicies };
      const identity = compileRoleSession(role, compileIdentityPolicies(role).policies, session, terms);
      known.set(session.accessKeyId, caller.ofIdentityPool ? { ...identity, cognito: POOL_USER } : identity);
      return session;
    },
  };
}

/** As `credentialsOf` of the product takes it: those of another account than the project's have it before them. */
function qualifiedName({ arn }: { readonly arn: string }, name: string): string {
  const accountId = parseArn(arn)?.accountId;
  return accountId === undefined || accountId === "000000000000" ? name : `${accountId}/${name}`;
}

const PROVIDER = "cognito-idp.us-east-1.amazonaws.com/us-east-1_Example";
const SIGN_IN = `${PROVIDER}:CognitoSignIn:0f5a3c1e-8b7d-4c2a-9e6f-112233445566`;
const POOL_USER: CognitoIdentity = {
  identityId: "us-east-1:11111111-2222-3333-4444-555555555555",
  identityPoolId: "us-east-1:66666666-7777-8888-9999-000000000000",
  authenticationType: "authenticated",
  authenticationProvider: `${PROVIDER},${SIGN_IN}`,
  amr: ["authenticated", PROVIDER, SIGN_IN],
};
