import { expect, test } from "vitest";
import { parseUserPoolArn, userPoolIssuer } from "./user-pool.ts";

test.each([
  [
    "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_AbC123",
    "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbC123",
  ],
  [
    "arn:aws-us-gov:cognito-idp:us-gov-west-1:123456789012:userpool/us-gov-west-1_x",
    "https://cognito-idp.us-gov-west-1.amazonaws.com/us-gov-west-1_x",
  ],
  [
    "arn:aws-cn:cognito-idp:cn-north-1:123456789012:userpool/cn-north-1_x",
    "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_x",
  ],
])("%s issues tokens as %s", (arn, issuer) => {
  const pool = parseUserPoolArn(arn);
  expect(pool && userPoolIssuer(pool)).toBe(issuer);
});

test.each([
  "",
  "us-east-1_AbC123",
  "arn:aws:cognito-idp:us-east-1:123456789012:userpool/",
  "arn:aws:cognito-idp:us-east-1:123456789012:userpool/AbC123",
  "arn:aws:cognito-idp:us-east-1:123456789012:userpool/eu-west-1_AbC123",
  "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_AbC123/",
  "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_AbC 123",
  "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_a/b",
  `arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_${"a".repeat(46)}`,
  "arn:aws:cognito-idp:us-east-1:123456789012:identitypool/us-east-1_AbC123",
  "arn:aws:cognito-idp:us-east-1::userpool/us-east-1_AbC123",
  "arn:aws:cognito-idp::123456789012:userpool/_AbC123",
  "arn:aws:cognito-identity:us-east-1:123456789012:userpool/us-east-1_AbC123",
  "arn:aws:cognito-idp:${AWS::Region}:123456789012:userpool/us-east-1_AbC123",
])("%j names no user pool", (text) => {
  expect(parseUserPoolArn(text)).toBeUndefined();
});
