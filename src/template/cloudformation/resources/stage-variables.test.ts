import { expect, test } from "vitest";
import { loadRealStack } from "../../fixtures/real-stack.ts";

const stage = (kind: string, variables: unknown): string => `
Resources:
  Api: { Type: AWS::${kind}, Properties: { Name: shop${kind.startsWith("ApiGatewayV2") ? ", ProtocolType: HTTP" : ""} } }
  Deployment: { Type: AWS::${kind.split("::")[0]}::Deployment, Properties: { ${owner(kind)}: !Ref Api } }
  Stage:
    Type: AWS::${kind.split("::")[0]}::Stage
    Properties: { ${owner(kind)}: !Ref Api, DeploymentId: !Ref Deployment, StageName: test, ${kind.startsWith("ApiGatewayV2") ? "StageVariables" : "Variables"}: ${JSON.stringify(variables)} }
`;
const owner = (kind: string): string => (kind.startsWith("ApiGatewayV2") ? "ApiId" : "RestApiId");

test.each(["ApiGateway::RestApi", "ApiGatewayV2::Api"])(
  "stage variables of an AWS::%s keep to AWS's bounds",
  (kind) => {
    const load = (variables: unknown) => {
      const stack = loadRealStack(stage(kind, variables));
      const [first] = [...stack.restApis, ...stack.httpApis];
      const isRefused = stack.findings.some(
        ({ effect, message }) =>
          effect === "api" && /characters of A-Z|letters, digits and _|at most 100/.test(message),
      );
      return { isRefused, variables: first?.stages[0]?.variables };
    };
    const good = {
      backend: "https://h.example:8080/a?b=c&d=e#f,g_h~i",
      fn: "x".repeat(512),
      [`n${"a".repeat(63)}`]: "1",
    };
    expect(load(good)).toEqual({ isRefused: false, variables: good });
    for (const bad of [
      { a: "x".repeat(513) },
      { a: "b c" },
      { a: "b\r\nc" },
      { [`n${"a".repeat(64)}`]: "1" },
      { "a.b": "1" },
      Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`v${index}`, "1"])),
    ]) {
      expect(load(bad).isRefused, JSON.stringify(bad).slice(0, 60)).toBe(true);
    }
  },
);
