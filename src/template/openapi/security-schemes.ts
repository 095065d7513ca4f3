import type { Finding } from "../../model/finding.ts";
import type { Authorizer } from "../../model/rest-api.ts";
import type { Problem } from "../report.ts";
import { type SourceNode, show } from "../source-node.ts";
import { readAuthorizer } from "./authorizer.ts";
import { eachUnknownField } from "./extensions.ts";
import type { LoadContext } from "./load-context.ts";
import { resolveRef } from "./resolve-ref.ts";

/** What a security scheme means to API Gateway. */
export type SchemeUse =
  | { readonly kind: "api-key" }
  | { readonly kind: "iam" }
  | { readonly kind: "authorizer"; readonly authorizer: Authorizer }
  /** AWS imports methods that name it without any authorization. */
  | { readonly kind: "incomplete"; readonly message: string; readonly fix: string };

interface Scheme {
  readonly use: SchemeUse;
  readonly problems: readonly Problem[];
  /** Set when a method has named it: the finding that keeps the API from being served, if any. */
  refusal: Finding | undefined;
  isUsed: boolean;
}

/** The security schemes of a document, read once; findings about a scheme wait until a method uses it. */
export class SecuritySchemes {
  readonly authorizers: Authorizer[] = [];
  readonly #schemes = new Map<string, Scheme>();
  readonly #context: LoadContext;

  constructor(context: LoadContext) {
    this.#context = context;
    const { root, isSwagger } = context;
    const holder = isSwagger ? root.get("securityDefinitions") : root.get("components")?.get("securitySchemes");
    if (holder && !holder.isMapping && holder.value !== null) {
      const message = `${holder.name} is ${show(holder.value)}, wanted a mapping.`;
      const problem = { rule: "openapi-shape", at: holder.at(), message, fix: "Correct it." };
      context.report.refuseApi(problem, context.apiId);
    }
    for (const node of holder?.entries() ?? []) {
      if (!node.name.startsWith("x-")) this.#schemes.set(node.name, this.#read(node));
    }
  }

  names(): Iterable<string> {
    return this.#schemes.keys();
  }

  /** The scheme a method names, and the finding that stops the method when the scheme is not usable. */
  use(name: string): { readonly use: SchemeUse; readonly refusal: Finding | undefined } | undefined {
    const scheme = this.#schemes.get(name);
    if (!scheme) return undefined;
    if (!scheme.isUsed) {
      scheme.isUsed = true;
      for (const problem of scheme.problems) {
        const finding = this.#context.report.refuseApi(problem, name);
        scheme.refusal ??= finding;
      }
    }
    return scheme;
  }

  /** Schemes that no method names decide nothing: what is wrong with them is only said. */
  reportUnused(): void {
    for (const [name, scheme] of this.#schemes) {
      if (scheme.isUsed) continue;
      for (const problem of scheme.problems) this.#context.report.note("warning", problem, name);
    }
  }

  #read(given: SourceNode): Scheme {
    const resolved = resolveRef(given);
    const problems: Problem[] = [];
    if (!resolved.ok) {
      const problem = {
        rule: "openapi-ref-unresolved",
        at: resolved.at.at(),
        message: resolved.message,
        fix: "Correct it.",
      };
      return { use: incomplete("cannot be read"), problems: [problem], refusal: undefined, isUsed: false };
    }
    const { node } = resolved;
    eachUnknownField(node, "scheme", (problem) => problems.push(problem));
    return { use: this.#classify(given.name, node, problems), problems, refusal: undefined, isUsed: false };
  }

  #classify(name: string, node: SourceNode, problems: Problem[]): SchemeUse {
    const type = node.get("type")?.value;
    const authType = node.get("x-amazon-apigateway-authtype");
    const extension = node.get("x-amazon-apigateway-authorizer");
    const isHeader = node.get("in")?.value === "header";
    // (D) The importer looks at apiKey schemes only and ignores all others, whatever extension they carry.
    if (type !== "apiKey") {
      const fix =
        "Make it type: apiKey, in: header, with x-amazon-apigateway-authtype and x-amazon-apigateway-authorizer.";
      return { kind: "incomplete", message: `has the type ${show(type)}, and AWS reads only apiKey`, fix };
    }
    if (authType?.value === "awsSigv4") return { kind: "iam" };
    if (typeof authType?.value === "string" && /^aws/i.test(authType.value)) {
      // (D) Every term that begins with aws is reserved.
      const message = `has the authtype ${show(authType.value)}, which AWS reserves`;
      return { kind: "incomplete", message, fix: "Write awsSigv4 for IAM, custom for a Lambda authorizer." };
    }
    if (extension) {
      const read = readAuthorizer(node, extension, this.#context.ids.authorizer(name));
      problems.push(...read.problems);
      for (const each of read.advice) this.#context.report.note("warning", each, name);
      if (!read.authorizer) return incomplete("has an authorizer that cannot be read");
      this.authorizers.push({ ...read.authorizer, name });
      const hasAuthType = typeof authType?.value === "string" && authType.value !== "";
      if (!hasAuthType && read.authorizer.type !== "JWT") {
        // (C) Reported: such methods come out open, without a word.
        const message = "has no x-amazon-apigateway-authtype, without which AWS is reported to leave its methods open";
        const wanted = read.authorizer.type === "COGNITO_USER_POOLS" ? "cognito_user_pools" : "custom";
        return { kind: "incomplete", message, fix: `Add x-amazon-apigateway-authtype: ${wanted}.` };
      }
      if (!isHeader) return incomplete(`is in ${show(node.get("in")?.value)}, and AWS wants in: header`);
      if (!hasAuthType) this.#adviseAuthType(name, node);
      return { kind: "authorizer", authorizer: { ...read.authorizer, name } };
    }
    const header = node.get("name")?.value;
    if (isHeader && typeof header === "string" && header.toLowerCase() === "x-api-key") return { kind: "api-key" };
    return incomplete("has no x-amazon-apigateway-authorizer, so AWS leaves its methods open");
  }

  /** Whether AWS wants an authtype beside a JWT authorizer is not known (?): here its methods are guarded without one. */
  #adviseAuthType(name: string, scheme: SourceNode): void {
    const message = `The JWT authorizer ${name} has no x-amazon-apigateway-authtype; AWS is reported to leave methods open whose Lambda authorizer lacks it.`;
    const fix = "Add x-amazon-apigateway-authtype: custom, or call a method without a token once it is deployed.";
    this.#context.report.note("warning", { rule: "authtype-missing", at: scheme.at(), message, fix }, name);
  }
}

function incomplete(message: string): SchemeUse {
  return { kind: "incomplete", message, fix: "Add x-amazon-apigateway-authtype and x-amazon-apigateway-authorizer." };
}
