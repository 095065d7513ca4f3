import { expect, test } from "vitest";
import { refuseProduction } from "./refuse-production.ts";
import { StartError } from "./start-error.ts";

test.each([
  { NODE_ENV: "production" },
  { AWS_LAMBDA_FUNCTION_NAME: "pets" },
  { AWS_EXECUTION_ENV: "AWS_ECS_FARGATE" },
  { ECS_CONTAINER_METADATA_URI_V4: "http://169.254.170.2/v4/x" },
  { KUBERNETES_SERVICE_HOST: "10.0.0.1" },
  { NODE_ENV: "production", CI: "true" },
])("the issuer does not start where %j", (env) => {
  const [variable = ""] = Object.keys(env);
  expect(() => refuseProduction(env, false)).toThrow(StartError);
  expect(() => refuseProduction(env, false)).toThrow(
    new RegExp(`${variable} is .*--i-know-this-is-not-for-production`),
  );
  expect(() => refuseProduction(env, true)).not.toThrow();
});

test.each([{}, { NODE_ENV: "development" }, { NODE_ENV: "" }, { KUBERNETES_SERVICE_HOST: "10.0.0.1", CI: "true" }])(
  "it starts where %j",
  (env) => {
    expect(() => refuseProduction(env, false)).not.toThrow();
  },
);
