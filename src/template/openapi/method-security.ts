import type { AuthorizationType } from "../../model/rest-api.ts";
import { nearestName } from "../nearest-name.ts";
import type { RouteReport } from "../report.ts";
import { type SourceNode, show } from "../source-node.ts";
import type { LoadContext } from "./load-context.ts";
import type { SecuritySchemes } from "./security-schemes.ts";

export interface MethodSecurity {
  readonly authorizationType: AuthorizationType;
  readonly authorizerId?: string;
  readonly authorizationScopes: readonly string[];
  readonly apiKeyRequired: boolean;
  /** The file says something about this method, if only that it is open. */
  readonly isStated: boolean;
}

interface Requirement {
  readonly authorizationType: AuthorizationType;
  readonly authorizerId?: string;
  readonly schemeName: string;
  readonly scopes: readonly string[];
}

interface Requirements {
  readonly apiKeyRequired: boolean;
  readonly authorizer: Requirement | undefined;
}

const NOTHING: Requirements = { apiKeyRequired: false, authorizer: undefined };
const INCOMPLETE = "openapi-scheme-incomplete";
/**
 * What SAM writes, without defining it, for `Authorizer: NONE` (C: output of the SAM translator), which opens the method
 * (D: SAM's ApiFunctionAuth). Any other name that is not defined is refused.
 */
export const NO_AUTHORIZER = "NONE";

/**
 * Who may call a method: `security` of the operation, else of the root, and `x-amazon-apigateway-auth`. Whatever the
 * file asks for and AWS would drop is refused, never served open.
 */
export function readMethodSecurity(
  context: LoadContext,
  schemes: SecuritySchemes,
  operation: SourceNode,
  route: RouteReport,
): MethodSecurity {
  const ownSecurity = operation.get("security");
  const ownAuth = operation.get("x-amazon-apigateway-auth");
  // (R) Methods without security of their own receive the root's, although the Developer Guide says otherwise (D).
  const security = ownSecurity ?? context.root.get("security");
  const auth = ownAuth ?? context.root.get("x-amazon-apigateway-auth");
  const asked = security ? readRequirements(security, schemes, route) : NOTHING;
  const isStated = security !== undefined || auth !== undefined;
  const type = auth ? readAuth(auth, route) : undefined;
  if (!auth || type === undefined) return result(asked.authorizer, asked.apiKeyRequired, isStated);

  const bare: Requirement = { authorizationType: type, schemeName: auth.name, scopes: [] };
  const isSameLevel = (ownAuth === undefined) === (ownSecurity === undefined);
  const disagrees = asked.authorizer ? asked.authorizer.authorizationType !== type : false;
  if (isSameLevel && disagrees) {
    const found = asked.authorizer?.schemeName;
    const message = `x-amazon-apigateway-auth says ${type}, and security beside it asks for ${found}.`;
    route.refuse({ rule: "auth-conflict", at: auth.keyAt(), message, fix: "Keep one of the two." });
    return result(asked.authorizer, asked.apiKeyRequired, isStated);
  }
  if (!ownAuth && ownSecurity) {
    if (asked.authorizer || type === "NONE") return result(asked.authorizer, asked.apiKeyRequired, isStated);
    const message = `The root's x-amazon-apigateway-auth says ${type}, and the security of this operation asks for no authorizer.`;
    const fix = "Say x-amazon-apigateway-auth: {type: NONE} here if this method is meant to be open.";
    route.refuse({ rule: "auth-conflict", at: ownSecurity.keyAt(), message, fix });
  }
  return result(isSameLevel && asked.authorizer ? asked.authorizer : bare, asked.apiKeyRequired, isStated);
}

function result(authorizer: Requirement | undefined, apiKeyRequired: boolean, isStated: boolean): MethodSecurity {
  return {
    authorizationType: authorizer?.authorizationType ?? "NONE",
    ...(authorizer?.authorizerId === undefined ? {} : { authorizerId: authorizer.authorizerId }),
    authorizationScopes: authorizer?.scopes ?? [],
    apiKeyRequired,
    isStated,
  };
}

function readAuth(auth: SourceNode, route: RouteReport): "NONE" | "AWS_IAM" | undefined {
  const type = auth.get("type")?.value;
  const word = typeof type === "string" ? type.toUpperCase() : "";
  if (word === "NONE" || word === "AWS_IAM") return word;
  const message = `The type of x-amazon-apigateway-auth is ${show(type)}, wanted AWS_IAM or NONE.`;
  const at = (auth.get("type") ?? auth).at();
  route.refuse({ rule: "auth-type-invalid", at, message, fix: "Use security with a scheme for anything else." });
  return undefined;
}

function readRequirements(security: SourceNode, schemes: SecuritySchemes, route: RouteReport): Requirements {
  const refuse = (node: SourceNode, message: string, fix: string, rule = INCOMPLETE): void =>
    route.refuse({ rule, at: node.keyAt(), message, fix });
  if (!security.isList) {
    refuse(security, `security is ${show(security.value)}, wanted a list.`, "Write - NAME: [].", "openapi-shape");
    return NOTHING;
  }
  const entries = security.items();
  const authorizers = new Map<string, Requirement>();
  let apiKeyRequired = false;
  for (const entry of entries) {
    const named = entry.entries();
    if (!entry.isMapping) {
      refuse(
        entry,
        `A security requirement is ${show(entry.value)}, wanted a mapping.`,
        "Write - NAME: [].",
        "openapi-shape",
      );
    } else if (named.length === 0 && entries.length > 1) {
      const message = "The empty security requirement makes the others optional, which API Gateway cannot do.";
      refuse(entry, message, "Remove it, or make the method open with security: [].");
    }
    for (const scheme of named) {
      const use = useScheme(scheme, schemes, route, refuse);
      if (use === "api-key") apiKeyRequired = true;
      else if (use) {
        const other = authorizers.get(scheme.name);
        if (other && !sameScopes(other, use)) {
          // How AWS reads alternatives of one authorizer is not known (?); one list already means any one of its scopes.
          const message = `security names ${scheme.name} more than once, with different scopes.`;
          refuse(scheme, message, "Name it once: any one of the scopes in its list is enough.");
        }
        authorizers.set(scheme.name, use);
      }
    }
  }
  if (authorizers.size > 1) {
    const names = [...authorizers.keys()].join(" and ");
    const message = `security asks for ${names}, and a method has one authorizer.`;
    refuse(security, message, "Keep one, or decide between them inside one Lambda authorizer.");
  }
  if (apiKeyRequired && authorizers.size > 0 && entries.length > 1) {
    // Lists are alternatives in OpenAPI; a method of API Gateway checks authorizer and key one after the other.
    const message = "security lists an authorizer and an API key as alternatives; API Gateway checks both.";
    const fix = "Write them in one list item to say so.";
    route.note("info", { rule: "security-alternatives-both", at: security.keyAt(), message, fix });
  }
  return { apiKeyRequired, authorizer: authorizers.values().next().value };
}

type Refuse = (node: SourceNode, message: string, fix: string, rule?: string) => void;

function sameScopes(one: Requirement, other: Requirement): boolean {
  return JSON.stringify(one.scopes) === JSON.stringify(other.scopes);
}

function useScheme(
  node: SourceNode,
  schemes: SecuritySchemes,
  route: RouteReport,
  refuse: Refuse,
): Requirement | "api-key" | undefined {
  const scheme = schemes.use(node.name);
  if (!scheme && node.name === NO_AUTHORIZER) return undefined;
  if (!scheme) {
    const meant = nearestName(node.name, schemes.names());
    const fix = meant ? `Write ${meant} if that is what is meant, else define the scheme.` : "Define the scheme.";
    refuse(
      node,
      `security asks for the scheme ${show(node.name)}, which is not defined.`,
      fix,
      "openapi-scheme-missing",
    );
    return undefined;
  }
  if (scheme.refusal) route.refuseWith(scheme.refusal);
  const { use } = scheme;
  switch (use.kind) {
    case "incomplete":
      refuse(node, `The security scheme ${node.name} ${use.message}.`, use.fix);
      return undefined;
    case "api-key":
      return "api-key";
    case "iam":
      return { authorizationType: "AWS_IAM", schemeName: node.name, scopes: [] };
    case "authorizer": {
      const { type, id } = use.authorizer;
      const scopes = node.items().flatMap((item) => (typeof item.value === "string" ? item.value : []));
      const authorizationType = type === "TOKEN" || type === "REQUEST" ? "CUSTOM" : type;
      if (authorizationType === "CUSTOM" && scopes.length > 0) {
        // (D) Only Cognito and JWT authorizers check scopes.
        const message = `The scopes of ${node.name} are not checked by a Lambda authorizer, only by its own code.`;
        route.note("warning", { rule: "scopes-not-enforced", at: node.keyAt(), message, fix: "Write [] here." });
      }
      const checked = authorizationType === "CUSTOM" ? [] : scopes;
      if (authorizationType !== "CUSTOM" && (!node.isList || scopes.length !== node.items().length)) {
        // A scope that is dropped asks for less than the file does.
        const message = `The scopes of ${node.name} are ${show(node.value)}, wanted a list of texts.`;
        refuse(node, message, `Write ${node.name}: [SCOPE], or [] to ask for none.`, "openapi-shape");
      }
      return { authorizationType, authorizerId: id, schemeName: node.name, scopes: checked };
    }
  }
}
