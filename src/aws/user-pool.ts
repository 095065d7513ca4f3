import { parseArn } from "./arn.ts";

/** A Cognito user pool, as its ARN names it. */
export interface UserPool {
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
  /** e.g. `us-east-1_AbC123`. */
  readonly poolId: string;
}

/** What an ARN of a user pool looks like, for messages. */
export const USER_POOL_ARN_FORM = "arn:PARTITION:cognito-idp:REGION:ACCOUNT:userpool/REGION_ID";

const RESOURCE = /^userpool\/([a-z0-9-]+)_[0-9a-zA-Z]+$/;
/** (D) Cognito API reference, UserPoolId. */
const MAX_POOL_ID_CHARACTERS = 55;

/**
 * Reads `arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_AbC123`. Undefined for anything else, also for a
 * pool whose id begins with another region than the ARN's: nobody could say whose tokens are meant.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncognitouserpools.html
 */
export function parseUserPoolArn(text: string): UserPool | undefined {
  const arn = parseArn(text);
  if (arn?.service !== "cognito-idp" || !/^\d{12}$/.test(arn.accountId)) return undefined;
  const { partition, region, accountId, resource } = arn;
  if (RESOURCE.exec(resource)?.[1] !== region) return undefined;
  const poolId = resource.slice("userpool/".length);
  return poolId.length > MAX_POOL_ID_CHARACTERS ? undefined : { partition, region, accountId, poolId };
}

/**
 * The `iss` of a pool's tokens, without a slash at the end (D).
 * https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
 */
export function userPoolIssuer({ partition, region, poolId }: UserPool): string {
  return `https://cognito-idp.${region}.${partition === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com"}/${poolId}`;
}
