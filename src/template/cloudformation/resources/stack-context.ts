import type { Finding } from "../../../model/finding.ts";
import type { Origins } from "../../derived-document.ts";
import { eachUnknownKey, type Problem, type Report } from "../../report.ts";
import type { OnInvalid } from "../../scalar.ts";
import { type SourceNode, show } from "../../source-node.ts";
import { createReferenceValues } from "../reference-values.ts";
import type { ReferencedResource, StackPlace, StackResource } from "../stack.ts";

/** Where code that has no folder of its own is put: template readers write nothing themselves. */
export interface Materialize {
  /** Writes inline code as `index` and gives the folder, absolute. */
  readonly inlineCode: (functionArn: string, code: string, runtime: string) => string;
  /** Unpacks a zip file and gives the folder, absolute. Throws when it is not a usable zip. */
  readonly zip: (file: string) => string;
}

/** What every reader of a stack's resources needs. */
export interface StackContext {
  readonly place: StackPlace;
  readonly report: Report;
  /** Folder of the template, absolute: local paths are relative to it. */
  readonly folder: string;
  /** Base name of the template file. */
  readonly fileName: string;
  /** Absolute; access logs go below it. */
  readonly dataDir: string;
  readonly materialize: Materialize;
  /** Text of a file; undefined when there is none. */
  readonly readFile: (file: string) => string | undefined;
  /** Collects files whose change is the template's, absolute. */
  readonly files: Set<string>;
  /** What `Ref` of a resource gives. */
  readonly refOf: (resource: StackResource) => string;
}

export function createRefOf(place: StackPlace): (resource: StackResource) => string {
  const referenceValues = createReferenceValues(place);
  return (resource) => referenceValues(referenced(resource)).ref;
}

/** A resolved resource as those see it that refer to it. */
export function referenced(resource: StackResource): ReferencedResource {
  const { logicalId, type, properties } = resource;
  return { logicalId, type, property: (name) => properties.get(name)?.value };
}

/** Problems of one resource, collected until it is known what they stop. */
export class ResourceProblems {
  readonly all: Problem[] = [];
  readonly #resource: StackResource;

  constructor(resource: StackResource) {
    this.#resource = resource;
  }

  get logicalId(): string {
    return this.#resource.logicalId;
  }

  add(rule: string, node: SourceNode | undefined, message: string, fix: string): void {
    this.all.push({ rule, at: node?.at() ?? this.#resource.at, message, fix });
  }

  /** For the readers of `scalar.ts`. */
  get invalid(): OnInvalid {
    return (node, found, wanted) => {
      const message = `${node.name} of ${this.#resource.logicalId} is ${found}, wanted ${wanted}.`;
      this.add("resource-property-invalid", node, message, "Correct the value.");
    };
  }

  missing(property: string, wanted: string): void {
    const message = `${this.#resource.logicalId} has no ${property}, wanted ${wanted}.`;
    this.add("resource-property-missing", undefined, message, "Add it.");
  }

  /** Reports all as keeping what this resource makes from being served: 501 for the routes that need it. */
  refuse(report: Report): Finding | undefined {
    const findings = this.all.map((problem) => refuseResource(report, problem, this.#resource.logicalId));
    return findings[0];
  }
}

/** Refuses what CloudFormation would refuse, too: a property with a slip of the pen may have held what decides. */
export function refuseUnknownKeys(node: SourceNode, known: readonly string[], problems: ResourceProblems): void {
  eachUnknownKey(node, new Set(known), (child, fix) => {
    const message = `${problems.logicalId} has the unknown property ${show(child.name)}.`;
    problems.add("resource-property-unknown", child, message, fix);
  });
}

/** A finding that stops the routes behind a resource, whichever they are. */
export function refuseResource(report: Report, problem: Problem, logicalId: string): Finding {
  const finding: Finding = { severity: "error", effect: "route", ...problem, logicalId };
  report.findings.push(finding);
  return finding;
}

/** Text, or a number or boolean in a place where CloudFormation turns them into text. */
export function readScalarText(node: SourceNode | undefined, onInvalid: OnInvalid): string | undefined {
  if (node === undefined) return undefined;
  const { value } = node;
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  onInvalid(node, show(value), "text");
  return undefined;
}

/** A mapping of text to text; what is something else is reported and left out. */
export function readTextMap(node: SourceNode | undefined, onInvalid: OnInvalid): Record<string, string> {
  if (node && !node.isMapping) onInvalid(node, show(node.value), "a mapping");
  const entries: [string, string][] = [];
  for (const child of node?.entries() ?? []) {
    const text = readScalarText(child, onInvalid);
    if (text !== undefined) entries.push([child.name, text]);
  }
  return Object.fromEntries(entries);
}

/** A list of text; what is something else is reported and left out. */
export function readTextList(node: SourceNode | undefined, onInvalid: OnInvalid): string[] | undefined {
  if (node === undefined) return undefined;
  if (!node.isList) onInvalid(node, show(node.value), "a list");
  return node.items().flatMap((item) => readScalarText(item, onInvalid) ?? []);
}

/** A JSON document written as a mapping, or as the text of one. */
export function readJsonDocument(node: SourceNode | undefined, onInvalid: OnInvalid): unknown {
  if (node === undefined) return undefined;
  if (node.isMapping) return node.value;
  if (typeof node.value === "string") {
    try {
      const parsed: unknown = JSON.parse(node.value);
      if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed;
    } catch {
      // Said below.
    }
  }
  onInvalid(node, show(node.value), "a JSON document");
  return undefined;
}

/** The properties of one resource over another's, each still pointing at where it stands. */
export function mergedProperties(
  origins: Origins,
  base: Readonly<Record<string, unknown>>,
  over: SourceNode | undefined,
): Record<string, unknown> {
  const made: Record<string, unknown> = Object.assign(Object.create(null), base);
  for (const child of over?.entries() ?? []) {
    made[child.name] = origins.copy(child);
    origins.set(made, child.name, child.at());
  }
  return made;
}
