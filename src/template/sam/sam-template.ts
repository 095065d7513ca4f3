import type { SourcePosition } from "../../model/finding.ts";
import type { StackPlace } from "../cloudformation/stack.ts";
import { derivedDocument, Origins } from "../derived-document.ts";
import type { SourceDocument } from "../document.ts";
import { Report } from "../report.ts";
import { isMapping, type SourceNode } from "../source-node.ts";

/** A mapping of a template in the making: plain values, intrinsic functions in their long form. */
export type Made = Record<string, unknown>;

/**
 * The working copy of a SAM template: every step of the expansion changes it in place, as SAM's own translator does,
 * and every value keeps the place of what the user wrote.
 */
export class SamTemplate {
  /** The whole template; `Resources` is a mapping. */
  readonly body: Made;
  readonly origins = new Origins();
  readonly report = new Report();
  /** Values given for the template's parameters, else their defaults. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly place: StackPlace;
  readonly #root: SourcePosition;
  #puts = new Set<string>();

  constructor(
    template: SourceNode,
    options: { readonly parameters: Readonly<Record<string, unknown>>; readonly place: StackPlace },
  ) {
    const body = this.origins.copy(template);
    this.body = isMapping(body) ? body : mapping({});
    this.parameters = options.parameters;
    this.place = options.place;
    this.#root = template.at();
    if (!isMapping(this.body.Resources)) this.body.Resources = mapping({});
  }

  get resources(): Made {
    return this.body.Resources as Made;
  }

  /** The resource with this logical id; undefined when there is none, or none that is a mapping. */
  resource(logicalId: string): Made | undefined {
    const found = Object.hasOwn(this.resources, logicalId) ? this.resources[logicalId] : undefined;
    return isMapping(found) ? found : undefined;
  }

  /** Puts a made resource in the template, in place of one of the same logical id, as coming from `from`. */
  put(logicalId: string, resource: Made, from: SourcePosition): void {
    this.#puts.add(logicalId);
    this.resources[logicalId] = resource;
    this.origins.set(this.resources, logicalId, from);
  }

  /** The logical ids that were put since this was asked last. */
  takePuts(): ReadonlySet<string> {
    const puts = this.#puts;
    this.#puts = new Set();
    return puts;
  }

  remove(logicalId: string): void {
    delete this.resources[logicalId];
  }

  /** Where the member `key` of a mapping or list of this template stands, else `otherwise`. */
  at(container: object, key: string | number, otherwise: SourcePosition = this.#root): SourcePosition {
    return this.origins.get(container, key) ?? otherwise;
  }

  /** Where a resource stands. */
  resourceAt(logicalId: string): SourcePosition {
    return this.at(this.resources, logicalId);
  }

  /** SAM refuses the whole template for one wrong resource, and so does this. */
  refuse(at: SourcePosition, rule: string, message: string, fix: string): void {
    this.report.stopLoad({ rule, at, message, fix });
  }

  get isRefused(): boolean {
    return this.report.findings.some(({ effect }) => effect === "load");
  }

  /** The template as it now is, as a document whose places are the user's. */
  document(): SourceDocument {
    return derivedDocument(this.body, this.origins, this.#root);
  }
}

/** A mapping without a prototype, so that no key of a template is ever found on Object's. */
export function mapping(members: Made): Made {
  return Object.assign(Object.create(null), members);
}
