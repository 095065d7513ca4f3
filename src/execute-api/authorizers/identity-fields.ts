import type { Identity } from "../../aws/iam/identity.ts";

/**
 * What `requestContext.identity` of format 1.0 and `$context.identity` say of who signed (names D, values C): every member
 * is there, and null when nobody did (R).
 */
export interface IdentityFields {
  readonly accessKey: string | null;
  readonly accountId: string | null;
  readonly caller: string | null;
  /** In events of HTTP APIs. */
  readonly cognitoAmr: readonly string[] | null;
  readonly cognitoAuthenticationProvider: string | null;
  readonly cognitoAuthenticationType: string | null;
  readonly cognitoIdentityId: string | null;
  readonly cognitoIdentityPoolId: string | null;
  readonly principalOrgId: string | null;
  readonly user: string | null;
  readonly userArn: string | null;
}

const NOBODY: IdentityFields = {
  accessKey: null,
  accountId: null,
  caller: null,
  cognitoAmr: null,
  cognitoAuthenticationProvider: null,
  cognitoAuthenticationType: null,
  cognitoIdentityId: null,
  cognitoIdentityPoolId: null,
  principalOrgId: null,
  user: null,
  userArn: null,
};

export function identityFields(signer: Identity | undefined): IdentityFields {
  if (signer === undefined) return NOBODY;
  const { accountId, userId, arn, principalOrgId = null, cognito } = signer;
  return {
    accessKey: signer.credential.accessKeyId,
    accountId,
    caller: userId,
    cognitoAmr: cognito?.amr ?? null,
    cognitoAuthenticationProvider: cognito?.authenticationProvider ?? null,
    cognitoAuthenticationType: cognito?.authenticationType ?? null,
    cognitoIdentityId: cognito?.identityId ?? null,
    cognitoIdentityPoolId: cognito?.identityPoolId ?? null,
    principalOrgId,
    user: userId,
    userArn: arn,
  };
}
