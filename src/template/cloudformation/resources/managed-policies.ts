/*
 * Texts of the AWS managed policies that decide whether someone may call an API or invoke a function, that deny, or that
 * roles of functions commonly carry (D: AWS Managed Policy Reference). Only statements about Lambda and API Gateway are
 * kept of those that grant it among much else: no other service is asked here.
 */

const VERSION = "2012-10-17";

function allow(action: string | readonly string[]): unknown {
  return { Version: VERSION, Statement: [{ Effect: "Allow", Action: action, Resource: "*" }] };
}

const LOG_ACTIONS = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"];

/** By the part of the ARN after `policy/`. */
const POLICIES: Readonly<Record<string, unknown>> = {
  AdministratorAccess: allow("*"),
  PowerUserAccess: {
    Version: VERSION,
    Statement: [{ Effect: "Allow", NotAction: ["iam:*", "organizations:*", "account:*"], Resource: "*" }],
  },
  AWSDenyAll: { Version: VERSION, Statement: [{ Sid: "DenyAll", Effect: "Deny", Action: "*", Resource: "*" }] },
  AmazonAPIGatewayAdministrator: allow("apigateway:*"),
  AmazonAPIGatewayInvokeFullAccess: allow(["execute-api:Invoke", "execute-api:ManageConnections"]),
  AWSLambda_FullAccess: allow("lambda:*"),
  AWSLambdaFullAccess: allow("lambda:*"),
  AWSLambda_ReadOnlyAccess: allow(["lambda:Get*", "lambda:List*"]),
  "service-role/AWSLambdaRole": allow("lambda:InvokeFunction"),
  "service-role/AWSLambdaBasicExecutionRole": allow(LOG_ACTIONS),
  "service-role/AmazonAPIGatewayPushToCloudWatchLogs": allow([
    ...LOG_ACTIONS,
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
    "logs:GetLogEvents",
    "logs:FilterLogEvents",
  ]),
};

/** The document of an AWS managed policy whose text is known here; undefined for any other. */
export function managedPolicyDocument(arn: string): unknown {
  const name = /^arn:[a-z-]+:iam::aws:policy\/(.+)$/.exec(arn)?.[1];
  return name !== undefined && Object.hasOwn(POLICIES, name) ? POLICIES[name] : undefined;
}
