import type { RequestValidator } from "../../model/rest-api.ts";
import { nearestName } from "../nearest-name.ts";
import { eachUnknownKey, type RouteReport } from "../report.ts";
import { type OnInvalid, readBoolean } from "../scalar.ts";
import { type SourceNode, show } from "../source-node.ts";
import type { LoadContext } from "./load-context.ts";

const KEYS = new Set(["validateRequestBody", "validateRequestParameters"]);

/** The named validators of `x-amazon-apigateway-request-validators`, and which one a method uses. */
export class RequestValidators {
  readonly all: RequestValidator[] = [];
  readonly #context: LoadContext;

  constructor(context: LoadContext) {
    this.#context = context;
    const holder = context.root.get("x-amazon-apigateway-request-validators");
    if (holder && !holder.isMapping) this.#invalid(holder, show(holder.value), "a mapping");
    for (const node of holder?.entries() ?? []) {
      if (!node.isMapping) this.#invalid(node, show(node.value), "a mapping");
      eachUnknownKey(node, KEYS, (child) => this.#invalid(child, "not known", [...KEYS].join(" or ")));
      this.all.push({
        id: context.ids.requestValidator(node.name),
        name: node.name,
        validateRequestBody: readBoolean(node.get("validateRequestBody"), this.#invalid) ?? false,
        validateRequestParameters: readBoolean(node.get("validateRequestParameters"), this.#invalid) ?? false,
      });
    }
  }

  /** The id of the operation's validator, else the root's; a name that is not defined refuses the route. */
  idFor(operation: SourceNode, route: RouteReport): string | undefined {
    const key = "x-amazon-apigateway-request-validator";
    const node = operation.get(key) ?? this.#context.root.get(key);
    if (!node || node.value === null) return undefined;
    const validator = this.all.find((each) => each.name === node.value);
    if (validator) return validator.id;
    const meant =
      typeof node.value === "string" &&
      nearestName(
        node.value,
        this.all.map((each) => each.name),
      );
    const message = `The request validator ${show(node.value)} is not defined.`;
    const fix = meant ? `Write ${meant}.` : "Define it in x-amazon-apigateway-request-validators.";
    route.refuse({ rule: "request-validator-unknown", at: node.at(), message, fix });
    return undefined;
  }

  readonly #invalid: OnInvalid = (node, found, wanted) => {
    const message = `${node.name} is ${found}, wanted ${wanted}.`;
    const problem = { rule: "request-validator-invalid", at: node.at(), message, fix: "Correct it." };
    this.#context.report.refuseApi(problem, this.#context.apiId);
  };
}
