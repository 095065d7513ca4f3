import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import type { LambdaFunction } from "../model/lambda-function.ts";
import { moduleName } from "./load-handler.ts";

/** The part of the gateway's configuration that a function can see. */
export interface FunctionSurroundings {
  readonly region: string;
  readonly logStreamName: string;
}

/**
 * The whole environment of a handler: the function's own variables and those that Lambda sets
 * (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html). Nothing of the gateway's environment: no
 * credentials, no `HOME`, no `NODE_OPTIONS`. Lambda's reserved names win, since AWS does not let a function set them.
 * There are no AWS credentials: the execution role is not simulated.
 */
export function environmentVariables(
  lambda: LambdaFunction,
  { region, logStreamName }: FunctionSurroundings,
): Record<string, string> {
  return {
    // May be overridden by the function's configuration, as on AWS.
    LANG: "en_US.UTF-8",
    PATH: "/usr/local/bin:/usr/bin:/bin",
    TZ: ":UTC",
    ...lambda.environment,
    _HANDLER: `${moduleName(lambda.handlerFile)}.${lambda.handlerExport}`,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EXECUTION_ENV: `AWS_Lambda_${lambda.runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: lambda.name,
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(lambda.memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${lambda.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: logStreamName,
    LAMBDA_TASK_ROOT: dirname(lambda.handlerFile),
  };
}

/**
 * Node's flags for a runtime: Lambda switches two features off that newer Node versions have on
 * (D: https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html), unless the function's `NODE_OPTIONS` asks for
 * them. A Node version that no longer knows the flag runs without it.
 */
export function nodeFlags(runtime: string, nodeOptions: string): string[] {
  const flags = ["--disable-warning=ExperimentalWarning"];
  const off: Readonly<Record<string, readonly string[]>> = {
    "nodejs20.x": ["require-module"],
    "nodejs22.x": ["require-module", "detect-module"],
  };
  for (const feature of off[runtime] ?? []) {
    const isWanted = nodeOptions.split(/\s+/).includes(`--experimental-${feature}`);
    const isKnown = process.allowedNodeEnvironmentFlags.has(`--experimental-${feature}`);
    if (!isWanted && isKnown) flags.push(`--no-experimental-${feature}`);
  }
  return flags;
}

/** (D) The name of one environment's log stream: `2026/11/21/[$LATEST]` and 32 hexadecimal digits. */
export function newLogStreamName(nowMs: number): string {
  return `${new Date(nowMs).toISOString().slice(0, 10).replaceAll("-", "/")}/[$LATEST]${randomBytes(16).toString("hex")}`;
}
