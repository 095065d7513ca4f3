import type { SourcePosition } from "../../../model/finding.ts";
import { sub } from "../intrinsic.ts";
import { type Made, mapping } from "../sam-template.ts";
import { putResource } from "./put-resource.ts";
import type { Subject } from "./subject.ts";

/** What API Gateway calls an authorizer's function by. */
export function authorizerUri(partition: string, functionArn: unknown): Made {
  return sub(
    `arn:${partition}:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/\${__FunctionArn__}/invocations`,
    mapping({ __FunctionArn__: functionArn }),
  );
}

interface WantedPermission {
  /** The authorizer's. */
  readonly name: string;
  readonly functionArn: unknown;
  readonly partition: string;
  readonly attributes: Made;
  readonly at: SourcePosition;
}

/** Lets API Gateway call an authorizer's function. */
export function putAuthorizerPermission(
  subject: Subject,
  { name, functionArn, partition, attributes, at }: WantedPermission,
): void {
  const arn = `arn:${partition}:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${__ApiId__}/authorizers/*`;
  const properties = {
    Action: "lambda:InvokeFunction",
    FunctionName: functionArn,
    Principal: "apigateway.amazonaws.com",
    SourceArn: sub(arn, mapping({ __ApiId__: mapping({ Ref: subject.logicalId }) })),
  };
  const logicalId = `${subject.logicalId}${name}AuthorizerPermission`;
  putResource(subject, logicalId, "AWS::Lambda::Permission", attributes, mapping(properties), at);
}
