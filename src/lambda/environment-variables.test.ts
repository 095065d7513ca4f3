import { expect, test } from "vitest";
import { environmentVariables, nodeFlags } from "./environment-variables.ts";

const lambda = {
  arn: "arn:aws:lambda:eu-west-1:000000000000:function:pets",
  name: "pets",
  handlerFile: "/task/src/index.mjs",
  handlerExport: "api.handler",
  runtime: "nodejs22.x",
  environment: { TABLE: "pets", TZ: "Europe/Zurich", AWS_REGION: "mars-1" },
  timeoutSeconds: 3,
  memoryMb: 256,
  concurrency: 1,
};

test("a function gets its own variables and Lambda's, reserved names last", () => {
  expect(environmentVariables(lambda, { region: "eu-west-1", logStreamName: "stream" })).toEqual({
    TABLE: "pets",
    TZ: "Europe/Zurich",
    LANG: "en_US.UTF-8",
    PATH: "/usr/local/bin:/usr/bin:/bin",
    _HANDLER: "index.api.handler",
    AWS_REGION: "eu-west-1",
    AWS_DEFAULT_REGION: "eu-west-1",
    AWS_EXECUTION_ENV: "AWS_Lambda_nodejs22.x",
    AWS_LAMBDA_FUNCTION_NAME: "pets",
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "256",
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_LOG_GROUP_NAME: "/aws/lambda/pets",
    AWS_LAMBDA_LOG_STREAM_NAME: "stream",
    LAMBDA_TASK_ROOT: "/task/src",
  });
});

test("require of ES modules is off where Lambda has it off, unless the function asks for it", () => {
  const off = "--no-experimental-require-module";
  expect(nodeFlags("nodejs22.x", "")).toContain(off);
  expect(nodeFlags("nodejs22.x", "--enable-source-maps --experimental-require-module")).not.toContain(off);
  expect(nodeFlags("nodejs24.x", "")).not.toContain(off);
});
