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
  const addUser = (user: User, accountId = ""): void => {
    const { policies } = compileIdentityPolicies(user);
    const keys = user.accessKeys.length > 0 ? user.accessKeys : [undefined];
    for (const [index, key] of keys.entries()) {
      const accessKeyId = key?.accessKeyId ?? `AKIA${user.name.toUpperCase()}${accountId}${index}`;
      const credential = { accessKeyId, secretAccessKey: key?.secretAccessKey ?? `secret of ${accessKeyId}` };
      if (key?.status !== "Inactive") known.set(accessKeyId, compileUser(user, policies, credential));
      const name = `${user.name}${accountId}`;
      if (!credentials.has(name)) credentials.set(name, credential);
    }
  };
  for (const user of users) addUser(user);
  return {
    identities: { find: (accessKeyId) => known.get(accessKeyId), refresh: async () => false },
    credentialOf: (caller) => {
      const { name, accountId = "", sessionName = "conformance", sessionPolicy, endedSeconds } = caller;
      const user = users.find((each) => each.name === name);
      if (user !== undefined) {
        const isAdded = credentials.has(`${name}${accountId}`);
        if (!isAdded) addUser({ ...user, arn: user.arn.replace(/\d{12}/, accountId), accessKeys: [] }, accountId);
        return credentials.get(`${name}${accountId}`) as SigningCredential; // Just added.
      }
      const role = roles.find((each) => `role/${each.name}` === name);
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

const PROVIDER = "cognito-idp.us-east-1.amazonaws.com/us-east-1_Example";
const SIGN_IN = `${PROVIDER}:CognitoSignIn:0f5a3c1e-8b7d-4c2a-9e6f-112233445566`;
const POOL_USER: CognitoIdentity = {
  identityId: "us-east-1:11111111-2222-3333-4444-555555555555",
  identityPoolId: "us-east-1:66666666-7777-8888-9999-000000000000",
  authenticationType: "authenticated",
  authenticationProvider: `${PROVIDER},${SIGN_IN}`,
  amr: ["authenticated", PROVIDER, SIGN_IN],
};
