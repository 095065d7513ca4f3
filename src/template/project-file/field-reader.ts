import { resolve } from "node:path";
import type { SourcePosition } from "../../model/finding.ts";
import { eachUnknownKey, Report } from "../report.ts";
import { kindOf, type SourceNode, show } from "../source-node.ts";

const RULE = "project-file-invalid";

/** Reads values of the project file; each that is not the wanted one becomes a finding that stops the load. */
export class FieldReader {
  readonly report = new Report();
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Values may be secrets: messages name their kind only. */
  texts(node: SourceNode | undefined): Record<string, string> {
    return this.mapping(node, (each) => {
      if (typeof each.value === "string") return each.value;
      const message = `${each.name} is ${kindOf(each.value)}, wanted text.`;
      this.refuse(each.at(), message, "Put the value in quotes.");
      return undefined;
    });
  }

  mapping<Value>(node: SourceNode | undefined, read: (child: SourceNode) => Value | undefined): Record<string, Value> {
    if (!node || node.value === null || !this.expectMapping(node, node.name)) return {};
    const entries: [string, Value][] = [];
    for (const child of node.entries()) {
      const value = read(child);
      if (value !== undefined) entries.push([child.name, value]);
    }
    return Object.fromEntries(entries);
  }

  list(node: SourceNode | undefined): SourceNode[] {
    if (!node || node.value === null) return [];
    if (!node.isList) this.invalid(node, show(node.value), "a list");
    return node.items();
  }

  text(node: SourceNode | undefined, wanted: string): string | undefined {
    if (!node) return undefined;
    if (typeof node.value === "string" && node.value.trim() !== "") return node.value;
    this.invalid(node, show(node.value), wanted);
    return undefined;
  }

  /** Absolute. */
  path(node: SourceNode | undefined, wanted: string): string | undefined {
    const text = this.text(node, wanted);
    return text === undefined ? undefined : resolve(this.#directory, text);
  }

  expectMapping(node: SourceNode, what: string): boolean {
    if (node.isMapping) return true;
    this.refuse(node.at(), `${capitalised(what)} is ${show(node.value)}, wanted a mapping.`);
    return false;
  }

  refuseUnknownKeys(node: SourceNode, known: ReadonlySet<string>, what: string): void {
    eachUnknownKey(node, known, (child, advice) => {
      const message = `The ${what} has the unknown key ${show(child.name)}, known are ${[...known].join(", ")}.`;
      this.report.stopLoad({ rule: "project-file-key-unknown", at: child.keyAt(), message, fix: advice });
    });
  }

  readonly invalid = (node: SourceNode, found: string, wanted: string): void => {
    const name = typeof node.key === "number" ? `${node.parent?.name} item ${node.key + 1}` : node.name;
    this.refuse(node.at(), `${name} is ${found}, wanted ${wanted}.`);
  };

  refuse(at: SourcePosition, message: string, fix = "Correct the value."): void {
    this.report.stopLoad({ rule: RULE, at, message, fix });
  }
}

/** As a sentence begins; a key alone stays as it is written. */
export function capitalised(text: string): string {
  return !text.includes(" ") ? text : text.charAt(0).toUpperCase() + text.slice(1);
}
