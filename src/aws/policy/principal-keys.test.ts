import { describe, expect, test } from "vitest";
import { type AccessRequest, evaluatePolicy } from "./evaluate-policy.ts";
import { parsePolicy } from "./parse-policy.ts";

/*
 * The condition keys that API Gateway's resource policies know (D):
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-conditions.html
 */
const CONTEXT: NonNullable<AccessRequest["context"]> = {
  "aws:SourceIp": "192.0.2.7",
  "aws:Referer": "https://shop.example/cart",
  "aws:UserAgent": "curl/8.9",
  "aws:SecureTransport": true,
  "aws:CurrentTime": "2026-11-21T12:00:00Z",
  "aws:EpochTime": 1_795_262_400,
  "aws:SourceArn": "arn:aws:execute-api:us-east-1:123456789012:abc/test/GET/pets",
  "aws:PrincipalArn": "arn:aws:iam::123456789012:role/app/web",
  "aws:PrincipalAccount": "123456789012",
  "aws:PrincipalOrgID": "o-a1b2c3d4e5",
  "aws:PrincipalOrgPaths": ["o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/"],
  "aws:PrincipalTag/team": "pets",
  "aws:PrincipalType": "AssumedRole",
  "aws:userid": "AROAWEB:one",
  "aws:TokenIssueTime": "2026-11-21T11:30:00.000Z",
  "aws:MultiFactorAuthPresent": false,
};

const decide = (Condition: object, context = CONTEXT): string => {
  const Statement = { Effect: "Allow", Principal: "*", Action: "*", Resource: "*", Condition };
  const verdict = parsePolicy({ Version: "2012-10-17", Statement }, "resource");
  if (!verdict.ok) throw new Error(verdict.path);
  return evaluatePolicy([verdict.policy], { action: "execute-api:Invoke", resource: "arn:x", context }).decision;
};

describe("condition keys", () => {
  test.each([
    [{ IpAddress: { "aws:SourceIp": "192.0.2.0/24" } }, { NotIpAddress: { "aws:SourceIp": "192.0.2.0/24" } }],
    [{ StringLike: { "aws:Referer": "https://shop.example/*" } }, { StringEquals: { "aws:Referer": "x" } }],
    [{ StringLike: { "aws:UserAgent": "curl/*" } }, { StringNotLike: { "aws:UserAgent": "curl/*" } }],
    [{ Bool: { "aws:SecureTransport": "true" } }, { Bool: { "aws:SecureTransport": "false" } }],
    [
      { DateGreaterThan: { "aws:CurrentTime": "2026-11-21T11:59:59Z" } },
      { DateLessThan: { "aws:CurrentTime": "2026-11-21T11:59:59Z" } },
    ],
    [{ NumericLessThan: { "aws:EpochTime": 1_795_262_401 } }, { DateGreaterThan: { "aws:EpochTime": "1795262401" } }],
    [
      { ArnLike: { "aws:SourceArn": "arn:aws:execute-api:*:*:abc/*" } },
      { ArnLike: { "aws:SourceArn": "arn:aws:s3:::*" } },
    ],
    [
      { ArnLike: { "aws:PrincipalArn": "arn:aws:iam::123456789012:role/app/*" } },
      { ArnNotEquals: { "aws:PrincipalArn": "arn:aws:iam::123456789012:role/app/web" } },
    ],
    [{ StringEquals: { "aws:PrincipalAccount": "123456789012" } }, { StringEquals: { "aws:PrincipalAccount": "1" } }],
    [
      { StringEquals: { "aws:PrincipalOrgID": "o-a1b2c3d4e5" } },
      { StringNotEquals: { "aws:PrincipalOrgID": "o-a1b2c3d4e5" } },
    ],
    [
      { "ForAnyValue:StringLike": { "aws:PrincipalOrgPaths": "o-a1b2c3d4e5/r-ab12/*" } },
      { "ForAnyValue:StringLike": { "aws:PrincipalOrgPaths": "o-a1b2c3d4e5/r-zz99/*" } },
    ],
    [{ StringEquals: { "aws:principaltag/Team": "pets" } }, { StringEquals: { "aws:PrincipalTag/team": "cats" } }],
    [{ StringEquals: { "aws:PrincipalType": "AssumedRole" } }, { StringEquals: { "aws:PrincipalType": "User" } }],
    [{ StringLike: { "aws:userid": "AROAWEB:*" } }, { StringLike: { "aws:userid": "AIDA*" } }],
    [
      { DateGreaterThan: { "aws:TokenIssueTime": "2026-11-21T11:00:00Z" } },
      { DateLessThan: { "aws:TokenIssueTime": "2026-11-21T11:00:00Z" } },
    ],
    [{ BoolIfExists: { "aws:MultiFactorAuthPresent": "false" } }, { Bool: { "aws:MultiFactorAuthPresent": "true" } }],
    [{ Null: { "aws:MultiFactorAuthAge": "true" } }, { NumericLessThan: { "aws:MultiFactorAuthAge": "3600" } }],
    [{ Null: { "aws:username": "true" } }, { StringLike: { "aws:username": "*" } }],
    [{ Null: { "aws:SourceVpce": "true" } }, { StringEquals: { "aws:SourceVpc": "vpc-1" } }],
  ])("%j holds, %j does not", (holds, fails) => {
    expect(decide(holds)).toBe("allow");
    expect(decide(fails)).toBe("implicit_deny");
  });

  test.each([
    { StringEquals: { "aws:PrincipalOrgID": "o-a1b2c3d4e5" } },
    { ArnLike: { "aws:PrincipalArn": "*" } },
    { Bool: { "aws:MultiFactorAuthPresent": "false" } },
    { StringEquals: { "aws:PrincipalTag/team": "pets" } },
  ])("%j does not hold for the anonymous, who have no such key", (Condition) => {
    expect(decide(Condition, { "aws:SourceIp": "192.0.2.7" })).toBe("implicit_deny");
  });
});
