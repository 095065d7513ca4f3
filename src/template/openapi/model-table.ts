import { createHash } from "node:crypto";
import type { Model } from "../../model/rest-api.ts";
import type { RouteReport } from "../report.ts";
import { type SourceNode, show } from "../source-node.ts";
import type { LoadContext } from "./load-context.ts";
import { type ModelSchema, modelOfRef, toModelSchema } from "./model-schema.ts";
import { resolveRef } from "./resolve-ref.ts";

const JSON_TYPE = "application/json";
/** Model names are alphanumeric (D: API reference, CreateModel). */
const MODEL_NAME = /^[A-Za-z0-9]+$/;
/** Characters of the hash in a generated name: `MODELa1b2c3` (?). */
const GENERATED_NAME_CHARACTERS = 6;

/** The models of an API: the named schemas, and one for every schema written in place. */
export class ModelTable {
  readonly #context: LoadContext;
  readonly #models = new Map<string, Model>();
  readonly #generated = new Map<string, string>();
  /** By content type, then by the schema's own value: a shared response is converted once. */
  readonly #seen = new Map<string, Map<unknown, string>>();

  constructor(context: LoadContext) {
    this.#context = context;
    const { root, isSwagger } = context;
    const holder = isSwagger ? root.get("definitions") : root.get("components")?.get("schemas");
    const named = (holder?.entries() ?? []).filter((node) => !node.name.startsWith("x-"));
    const names = new Set(named.map((node) => node.name));
    for (const node of named) {
      if (!MODEL_NAME.test(node.name)) {
        const message = `The model name ${show(node.name)} is not one, wanted letters and digits only.`;
        const problem = { rule: "model-name-invalid", at: node.keyAt(), message, fix: "Rename the model." };
        context.report.note("warning", problem, node.name);
        continue;
      }
      const converted = toModelSchema(node.value, context.apiId);
      this.#judge(converted, node, names);
      this.#models.set(node.name, { name: node.name, contentType: JSON_TYPE, schema: converted.schema });
    }
  }

  all(): Model[] {
    return [...this.#models.values()];
  }

  /** The name of the model for a schema; undefined when there is none or it refuses the route. */
  nameOf(schema: SourceNode | undefined, contentType: string, route: RouteReport): string | undefined {
    if (!schema) return undefined;
    const ref = schema.get("$ref")?.value;
    const model = typeof ref === "string" ? modelOfRef(ref) : undefined;
    if (model && model.rest === "") {
      if (this.#models.has(model.name)) return model.name;
      const isNamed = resolveRef(schema).ok;
      const message = isNamed
        ? `The model name ${show(model.name)} is not one, wanted letters and digits only.`
        : `The $ref ${show(ref)} leads to nothing.`;
      const rule = isNamed ? "model-name-invalid" : "openapi-ref-unresolved";
      route.refuse({ rule, at: (schema.get("$ref") ?? schema).at(), message, fix: "Correct the name." });
      return undefined;
    }
    const resolved = resolveRef(schema);
    if (!resolved.ok) {
      const problem = { rule: "openapi-ref-unresolved", message: resolved.message, fix: "Correct it." };
      route.refuse({ ...problem, at: resolved.at.at() });
      return undefined;
    }
    let seen = this.#seen.get(contentType);
    if (!seen) this.#seen.set(contentType, (seen = new Map()));
    const known = seen.get(resolved.node.value);
    if (known !== undefined) return known;
    const name = this.#generate(resolved.node, contentType);
    seen.set(resolved.node.value, name);
    return name;
  }

  #generate(node: SourceNode, contentType: string): string {
    const converted = toModelSchema(node.value, this.#context.apiId);
    const text = JSON.stringify([contentType, converted.schema]);
    const existing = this.#generated.get(text);
    if (existing !== undefined) return existing;
    this.#judge(converted, node, undefined);
    for (let attempt = 0; ; attempt++) {
      const hash = createHash("sha256").update(`${attempt}${text}`).digest("hex").slice(0, GENERATED_NAME_CHARACTERS);
      const name = `MODEL${hash}`;
      if (this.#models.has(name)) continue;
      this.#models.set(name, { name, contentType, schema: converted.schema });
      this.#generated.set(text, name);
      return name;
    }
  }

  #judge(converted: ModelSchema, node: SourceNode, names: ReadonlySet<string> | undefined): void {
    const { report, apiId } = this.#context;
    const label = names ? `The model ${node.name}` : "The schema";
    const missing = [...converted.refs].filter((ref) => !(names?.has(ref) ?? this.#models.has(ref)));
    for (const ref of [...converted.badRefs, ...missing]) {
      const message = `${label} refers to ${show(ref)}, which is no model of this API.`;
      const fix = "Define the model, or correct the $ref.";
      report.refuseApi({ rule: "openapi-ref-unresolved", at: node.keyAt(), message, fix }, names ? node.name : apiId);
    }
    if (converted.dropped.size > 0) {
      const message = `${label} uses ${[...converted.dropped].join(", ")}, which API Gateway drops: it refuses no body.`;
      const fix = "Check it in the backend.";
      report.note("info", { rule: "schema-keyword-dropped", at: node.keyAt(), message, fix });
    }
  }
}
