import { expect, test } from "vitest";
import { ask } from "../../../test/ask-iam-method.ts";
import { sampleSession, sampleUser, statement } from "../../../test/iam-samples.ts";

const isDenied = async (Condition: object, identityOf = sampleUser): Promise<boolean> => {
  const policyDocuments = [statement("Allow"), statement("Deny", "*", { Condition })];
  const { status, record } = await ask({ identity: identityOf({ policyDocuments }) });
  expect(record?.refusal?.reason).toBe(status === 200 ? undefined : "iam_explicit_deny");
  return status === 403;
};

test.each([
  // AWS's own example of a Deny by address has this one beside the address.
  [{ Bool: { "aws:ViaAWSService": "false" }, NotIpAddress: { "aws:SourceIp": "192.0.2.0/24" } }, true],
  [{ Bool: { "aws:ViaAWSService": "true" } }, false],
  [{ Bool: { "aws:PrincipalIsAWSService": "false" } }, true],
  [{ StringEquals: { "aws:RequestedRegion": "us-east-1" } }, true],
  [{ StringNotEquals: { "aws:RequestedRegion": "us-east-1" } }, false],
  [{ StringEquals: { "aws:ResourceAccount": "000000000000" } }, true],
  [{ StringNotEquals: { "aws:ResourceAccount": "000000000000" } }, false],
  [{ Null: { "aws:ViaAWSService": "true" } }, false],
])("a Deny may go by what is known of every signed request: %j", async (condition, denied) => {
  expect(await isDenied(condition)).toBe(denied);
  expect(await isDenied(condition, sampleSession)).toBe(denied);
});
