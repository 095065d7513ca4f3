import { derivedDocument, Origins } from "../../derived-document.ts";
import { eachUnknownKey, type Problem } from "../../report.ts";
import { SourceNode, show } from "../../source-node.ts";
import type { StackResource } from "../stack.ts";
import { mergedProperties, ResourceProblems } from "./stack-context.ts";

/** What API Gateway makes by itself of an API with a `Target`, as resources like any others. */
export interface QuickCreated {
  readonly integration: StackResource;
  readonly route: StackResource;
  readonly stage: StackResource;
}

/** What a quick-created Lambda integration gets (?); every other has only 1.0 (D). */
const QUICK_CREATE_PAYLOAD_FORMAT = "2.0";

/** The id of the integration that `quickCreate` makes; longer than the ids of declared ones. */
export const QUICK_CREATE_INTEGRATION_ID = "quickcreate";

/**
 * The integration, the route (`$default` unless RouteKey names another) and the `$default` stage with AutoDeploy that
 * come with an API's `Target` (D: CreateApi, "quick create"), an AWS::ApiGatewayV2::ApiGatewayManagedOverrides applied.
 */
export function quickCreate(api: StackResource, overrides: StackResource | undefined): QuickCreated | undefined {
  const target = api.properties.get("Target");
  if (!target) return undefined;
  const over = overrides?.properties;
  const isUrl = typeof target.value === "string" && /^https?:/i.test(target.value);
  const credentials = api.properties.get("CredentialsArn");
  const routeKey = api.properties.get("RouteKey");
  const targetAt = target.at();
  return {
    integration: made("Integration", api, over, {
      IntegrationType: [isUrl ? "HTTP_PROXY" : "AWS_PROXY", targetAt],
      IntegrationUri: [target.value, targetAt],
      PayloadFormatVersion: [isUrl ? "1.0" : QUICK_CREATE_PAYLOAD_FORMAT, targetAt],
      ...(isUrl ? { IntegrationMethod: ["ANY", targetAt] } : {}),
      ...(credentials ? { CredentialsArn: [credentials.value, credentials.at()] } : {}),
    }),
    route: made("Route", api, over, {
      RouteKey: [routeKey?.value ?? "$default", routeKey?.at() ?? targetAt],
      Target: [`integrations/${QUICK_CREATE_INTEGRATION_ID}`, targetAt],
    }),
    stage: made("Stage", api, over, { StageName: ["$default", targetAt], AutoDeploy: [true, targetAt] }),
  };
}

const OVERRIDE_KEYS = new Set(["ApiId", "Integration", "Route", "Stage"]);

/** What an AWS::ApiGatewayV2::ApiGatewayManagedOverrides says beyond what is applied: it may have closed the route. */
export function problemsOfOverrides(overrides: StackResource): readonly Problem[] {
  const { properties } = overrides;
  const problems = new ResourceProblems(overrides);
  eachUnknownKey(properties, OVERRIDE_KEYS, (child, fix) => {
    const message = `${overrides.logicalId} has the unknown property ${show(child.name)}, which may decide who gets in.`;
    problems.add("managed-overrides-invalid", child, message, fix);
  });
  for (const kind of ["Integration", "Route", "Stage"]) {
    const node = properties.get(kind);
    if (node && !node.isMapping) problems.invalid(node, show(node.value), "a mapping");
  }
  return problems.all;
}

type Placed = readonly [value: unknown, at: StackResource["at"]];

function made(
  kind: "Integration" | "Route" | "Stage",
  api: StackResource,
  over: SourceNode | undefined,
  given: Readonly<Record<string, Placed>>,
): StackResource {
  const origins = new Origins();
  const base = Object.fromEntries(Object.entries(given).map(([name, [value]]) => [name, value]));
  const properties = mergedProperties(origins, base, over?.get(kind));
  for (const [name, [, at]] of Object.entries(given)) {
    if (origins.get(properties, name) === undefined) origins.set(properties, name, at);
  }
  return {
    logicalId: api.logicalId,
    type: `AWS::ApiGatewayV2::${kind}`,
    properties: SourceNode.root(derivedDocument(properties, origins, api.at)),
    metadata: undefined,
    at: given[kind === "Route" ? "RouteKey" : kind === "Stage" ? "StageName" : "IntegrationUri"]?.[1] ?? api.at,
  };
}
