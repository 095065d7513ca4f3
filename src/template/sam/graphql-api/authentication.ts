import { isTruthy, member } from "../intrinsic.ts";
import type { SamResource } from "../sam-resource.ts";
import { type Made, mapping } from "../sam-template.ts";

/** By Type: the member of Auth that configures it, and the property it becomes. */
const CONFIGURATIONS: Readonly<Record<string, readonly [string, string]>> = {
  AWS_LAMBDA: ["LambdaAuthorizer", "LambdaAuthorizerConfig"],
  OPENID_CONNECT: ["OpenIDConnect", "OpenIDConnectConfig"],
  AMAZON_COGNITO_USER_POOLS: ["UserPool", "UserPoolConfig"],
};

/** What Auth of a GraphQL API comes to, and the Lambda functions that authorize. */
export function authenticationOf(resource: SamResource): { readonly properties: Made; readonly functions: unknown[] } {
  const auth = resource.get("Auth") as Made;
  const functions: unknown[] = [];
  const read = (provider: Made, isAdditional: boolean): Made => {
    const made = mapping({ AuthenticationType: provider.Type });
    const { Additional: _, ...own } = provider;
    if (Object.values(own).filter((value) => value !== null).length > 2) {
      const message = "'Auth' has more than one authentication configuration defined.";
      throw resource.refusal(message, "Keep the one of its Type.", "Auth");
    }
    const configuration = CONFIGURATIONS[String(provider.Type)];
    if (configuration === undefined) return made;
    const [name, property] = configuration;
    const given = member(provider, name);
    if (given === undefined) {
      const message = `'${name}' must be defined if type is '${String(provider.Type)}'.`;
      throw resource.refusal(message, `Add ${name}.`, "Auth");
    }
    const config = withoutNothing(given as Made);
    if (isAdditional) delete config.DefaultAction;
    if (name === "LambdaAuthorizer") functions.push(config.AuthorizerUri);
    made[property] = config;
    return made;
  };
  const properties = read(auth, false);
  const additional = member(auth, "Additional");
  if (isTruthy(additional)) {
    properties.AdditionalAuthenticationProviders = (additional as Made[]).map((each) => read(each, true));
  }
  return { properties, functions };
}

/** A copy without members that are null. */
export function withoutNothing(value: Made): Made {
  return mapping(Object.fromEntries(Object.entries(value).filter(([, each]) => each !== null)));
}
