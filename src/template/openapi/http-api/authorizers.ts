import type { Finding } from "../../../model/finding.ts";
import type { Authorizer, Route } from "../../../model/http-api.ts";
import { readAuthorizer } from "../../cloudformation/resources/http-api-authorizer.ts";
import type { Problem } from "../../report.ts";
import { type SourceNode, show } from "../../source-node.ts";
import { resolveRef } from "../resolve-ref.ts";
import { asResource } from "./as-resource.ts";
import type { HttpApiContext } from "./load-http-api.ts";

/** What a security scheme asks of a route. */
export type SchemeVerdict =
  | { readonly ok: true; readonly authorizationType: Route["authorizationType"]; readonly authorizerId?: string }
  | { readonly ok: false; readonly problem: Problem };

const AUTHORIZER = "x-amazon-apigateway-authorizer";
const AUTHTYPE = "x-amazon-apigateway-authtype";

const NAMES = {
  type: "AuthorizerType",
  identitySource: "IdentitySource",
  jwtConfiguration: "JwtConfiguration",
  authorizerUri: "AuthorizerUri",
  authorizerPayloadFormatVersion: "AuthorizerPayloadFormatVersion",
  authorizerResultTtlInSeconds: "AuthorizerResultTtlInSeconds",
  enableSimpleResponses: "EnableSimpleResponses",
  authorizerCredentials: "AuthorizerCredentialsArn",
} as const;
const JWT_NAMES: Readonly<Record<string, string>> = { issuer: "Issuer", audience: "Audience" };

/** The security schemes of a document that make authorizers, read when a route first asks for them. */
export class HttpApiAuthorizers {
  readonly all: Authorizer[] = [];
  readonly #context: HttpApiContext;
  readonly #known = new Map<string, SchemeVerdict>();

  constructor(context: HttpApiContext) {
    this.#context = context;
    // Also those that no route asks for exist on AWS.
    for (const scheme of this.#schemes()?.entries() ?? []) if (scheme.get(AUTHORIZER)) this.scheme(scheme.name, scheme);
  }

  /** Whether the document has a security scheme of that name, good or not. */
  defines(name: string): boolean {
    return this.#schemes()?.get(name) !== undefined;
  }

  scheme(name: string, from: SourceNode): SchemeVerdict {
    let verdict = this.#known.get(name);
    if (verdict === undefined) {
      verdict = this.#read(name, from);
      this.#known.set(name, verdict);
    }
    return verdict;
  }

  #schemes(): SourceNode | undefined {
    return this.#context.root.get("components")?.get("securitySchemes");
  }

  #read(name: string, from: SourceNode): SchemeVerdict {
    const declared = this.#schemes()?.get(name);
    const refused = (at: SourceNode, message: string, fix: string): SchemeVerdict => ({
      ok: false,
      problem: { rule: "security-scheme-unsupported", at: at.keyAt(), message, fix },
    });
    if (declared === undefined) {
      const fix = "Define it under components.securitySchemes.";
      return refused(from, `The security scheme ${show(name)} is not defined.`, fix);
    }
    const resolved = resolveRef(declared);
    if (!resolved.ok) return refused(resolved.at, resolved.message, "Correct the $ref.");
    const scheme = resolved.node;
    const authtype = scheme.get(AUTHTYPE);
    const extension = scheme.get(AUTHORIZER);
    if (authtype !== undefined && extension === undefined) {
      if (typeof authtype.value === "string" && authtype.value.toLowerCase() === "awssigv4") {
        return { ok: true, authorizationType: "AWS_IAM" };
      }
      return refused(authtype, `${AUTHTYPE} is ${show(authtype.value)}, wanted awsSigv4.`, "Correct it.");
    }
    if (!extension?.isMapping) {
      const message = `The security scheme ${name} has no ${AUTHORIZER}, so API Gateway would not ask for it.`;
      return refused(declared, message, `Add ${AUTHORIZER} with type jwt or request.`);
    }
    const resource = asResource(extension, name, "AWS::ApiGatewayV2::Authorizer", NAMES, (key, value, origins) => {
      if (key !== "jwtConfiguration" || !value.isMapping) return origins.copy(value);
      const made: Record<string, unknown> = Object.create(null);
      for (const child of value.entries()) {
        const renamed = Object.hasOwn(JWT_NAMES, child.name) ? (JWT_NAMES[child.name] as string) : child.name;
        made[renamed] = origins.copy(child);
        origins.set(made, renamed, child);
      }
      return made;
    });
    setName(resource, name);
    const authorizer = readAuthorizer(resource, this.#context.ids.authorizer(name), this.#context);
    this.all.push(authorizer);
    const { notServed } = authorizer;
    if (notServed !== undefined) return { ok: false, problem: asProblem(notServed) };
    const authorizationType = authorizer.authorizerType === "JWT" ? "JWT" : "CUSTOM";
    return { ok: true, authorizationType, authorizerId: authorizer.authorizerId };
  }
}

/** Its name is the scheme's. */
function setName({ properties }: ReturnType<typeof asResource>, name: string): void {
  (properties.value as Record<string, unknown>).Name = name; // made by asResource, nobody else holds it
}

function asProblem({ rule, at, message, fix }: Finding): Problem {
  return { rule, at, message, fix };
}
