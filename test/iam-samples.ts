import { compileIdentityPolicies, compileRoleSession, compileUser } from "../src/aws/iam/compile-identity.ts";
import type { CognitoIdentity, Identities, Identity } from "../src/aws/iam/identity.ts";
import { parsePolicy } from "../src/aws/policy/parse-policy.ts";
import type { Policy } from "../src/aws/policy/policy.ts";
import { type SigningOptions, signRequest } from "../src/aws/sigv4/sign-request.ts";
import type { SigningCredential } from "../src/aws/sigv4/signature-verdict.ts";
import type { IdentityPolicies } from "../src/model/iam.ts";

/*
 * Who signs in unit tests, and how.
 */

export const ACCESS_KEY_ID = "AKIAIOSFODNN7EXAMPLE";
export const SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
export const USER_CREDENTIAL: SigningCredential = { accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET };
export const SESSION_CREDENTIAL: SigningCredential = {
  accessKeyId: "ASIAIOSFODNN7EXAMPLE",
  secretAccessKey: SECRET,
  sessionToken: "FwoGZXIvYXdzEXAMPLEsessionTOKEN",
  expiresAtMs: Date.UTC(2100, 0),
};
export const OTHER_ACCOUNT = "999999999999";

const AT = { file: "iam.yaml", line: 1, column: 1 };

export function statement(effect: "Allow" | "Deny", resource = "*", more: Readonly<Record<string, unknown>> = {}) {
  return {
    Version: "2012-10-17",
    Statement: [{ Sid: "Said", Effect: effect, Action: "execute-api:Invoke", Resource: resource, ...more }],
  };
}

export function resourcePolicy(effect: "Allow" | "Deny", more: Readonly<Record<string, unknown>> = {}): Policy {
  const verdict = parsePolicy(statement(effect, "*", { Principal: "*", ...more }), "resource");
  if (!verdict.ok) throw new Error("the test's policy is wrong");
  return verdict.policy;
}

interface Described extends Partial<IdentityPolicies> {
  readonly accountId?: string;
  readonly organization?: { readonly id: string };
  readonly tags?: Readonly<Record<string, string>>;
}

/** `user/ann`, who may do everything unless something else is said. */
export function sampleUser(given: Described = {}): Identity {
  const { accountId = "000000000000", tags = {}, ...rest } = given;
  const policies = { policyDocuments: [statement("Allow")], unknownPolicyArns: [], ...rest };
  const arn = `arn:aws:iam::${accountId}:user/ann`;
  const user = { ...policies, arn, name: "ann", userId: "AIDACKCEVSQ6C2EXAMPLE", tags, accessKeys: [], at: AT };
  return compileUser(user, compileIdentityPolicies(user).policies, USER_CREDENTIAL);
}

/** A session `cli` of `role/Caller`, who may do everything unless something else is said. */
export function sampleSession(
  given: Described & {
    readonly sessionPolicies?: readonly unknown[];
    readonly credential?: SigningCredential;
    readonly cognito?: CognitoIdentity;
  } = {},
): Identity {
  const { accountId = "000000000000", tags = {}, sessionPolicies, credential, cognito, ...rest } = given;
  const policies = { policyDocuments: [statement("Allow")], unknownPolicyArns: [], ...rest };
  const arn = `arn:aws:iam::${accountId}:role/Caller`;
  const role = { ...policies, arn, name: "Caller", roleId: "AROACKCEVSQ6C2EXAMPLE", tags, at: AT };
  const session = compileRoleSession(
    { ...role, assumeRolePolicyDocument: {} },
    compileIdentityPolicies(role).policies,
    credential ?? SESSION_CREDENTIAL,
    { sessionName: "cli", issuedAtMs: 0, ...(sessionPolicies && { sessionPolicies }) },
  );
  return { ...session, ...(cognito && { cognito }) };
}

/** Those who may sign; `later` are known only once the store has been read again. */
export function identitiesOf(known: readonly Identity[], later: readonly Identity[] = []) {
  let all = known;
  const asked = { refreshes: 0 };
  const identities: Identities = {
    find: (accessKeyId) => all.find(({ credential }) => credential.accessKeyId === accessKeyId),
    refresh: async () => {
      asked.refreshes++;
      all = [...known, ...later];
      return later.length > 0;
    },
  };
  return { identities, asked };
}

interface Unsigned {
  readonly method?: string;
  readonly target: string;
  readonly headers?: readonly string[];
  readonly body?: string;
}

/** The headers, or in the query form the target, of a request that is signed for `us-east-1`. */
export function signed(
  { method = "GET", target, headers = [], body = "" }: Unsigned,
  nowMs: number,
  credential: SigningCredential = USER_CREDENTIAL,
  more: Partial<SigningOptions> = {},
) {
  const request = { method, target, headers, body: Buffer.from(body) };
  return signRequest(request, credential, {
    region: "us-east-1",
    service: "execute-api",
    nowMs,
    form: "header",
    ...more,
  });
}
