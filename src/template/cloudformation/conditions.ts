import { nearestName } from "../nearest-name.ts";
import { type SourceNode, show } from "../source-node.ts";
import type { Scope } from "./resolve-template.ts";
import { holdsUnresolved } from "./rest-api/holds-unresolved.ts";

/** The template's Conditions, each worked out once. What cannot be worked out stops the load: it decides what exists. */
export class Conditions {
  readonly #scope: Scope;
  readonly #section: SourceNode | undefined;
  readonly #known = new Map<string, boolean>();
  readonly #underWay: string[] = [];
  /** The value that is being compared. */
  #compared: SourceNode | undefined;

  constructor(scope: Scope, section: SourceNode | undefined) {
    this.#scope = scope;
    this.#section = section;
  }

  holds(name: string, from: SourceNode): boolean {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const node = this.#section?.get(name);
    if (node === undefined) {
      const names = this.#section?.entries().map((each) => each.name) ?? [];
      const meant = nearestName(name, names);
      return this.#stop(
        from,
        `The condition ${JSON.stringify(name)} is not defined.`,
        meant ? `Write ${meant} if that is meant.` : "Define it under Conditions.",
      );
    }
    if (this.#underWay.includes(name)) {
      const circle = [...this.#underWay.slice(this.#underWay.indexOf(name)), name].join(" → ");
      return this.#stop(from, `The conditions depend on each other in a circle: ${circle}.`, "Break the circle.");
    }
    this.#underWay.push(name);
    const holds = this.evaluate(node);
    this.#underWay.pop();
    this.#known.set(name, holds);
    return holds;
  }

  /** A condition function: Equals, And, Or, Not, or Condition, which names another. */
  evaluate(node: SourceNode): boolean {
    const [only, ...more] = node.entries();
    if (only === undefined || more.length > 0) {
      return this.#stop(node, `A condition is ${show(node.value)}, wanted one condition function.`, WRITE);
    }
    const items = only.items();
    switch (only.name) {
      case "Condition":
        if (typeof only.value === "string") return this.holds(only.value, only);
        return this.#stop(only, `Condition is ${show(only.value)}, wanted the name of one.`, WRITE);
      case "Fn::Equals": {
        const [one, other] = items;
        if (one === undefined || other === undefined || items.length !== 2) {
          return this.#stop(only, `Fn::Equals has ${items.length} values, wanted 2.`, WRITE);
        }
        const values = [this.#valueOf(one), this.#valueOf(other)];
        return values.every((each) => each !== undefined) && String(values[0]) === String(values[1]);
      }
      case "Fn::Not": {
        const [negated] = items;
        if (negated === undefined || items.length !== 1) {
          return this.#stop(only, `Fn::Not has ${items.length} conditions, wanted 1.`, WRITE);
        }
        return !this.evaluate(negated);
      }
      case "Fn::And":
      case "Fn::Or": {
        if (items.length < 2 || items.length > 10) {
          return this.#stop(only, `${only.name} has ${items.length} conditions, wanted 2 to 10.`, WRITE);
        }
        const all = items.map((item) => this.evaluate(item));
        return only.name === "Fn::And" ? all.every(Boolean) : all.some(Boolean);
      }
      default:
        return this.#stop(only, `${only.name} is no condition function.`, WRITE);
    }
  }

  /** Refuses a value that is known only on AWS, if it is about to decide what exists. */
  refusesUnknown(what: string, fix: string): boolean {
    if (this.#compared) this.#stop(this.#compared, `A condition compares ${what}.`, fix);
    return this.#compared !== undefined;
  }

  /** A value to compare; undefined, after a finding, when it is not known. */
  #valueOf(node: SourceNode): unknown {
    const outer = this.#compared;
    this.#compared = node;
    const value = this.#scope.resolve(node);
    this.#compared = outer;
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
    const isKnown = typeof value === "object" && !holdsUnresolved(value);
    if (isKnown) this.#stop(node, `A condition compares ${show(value)}, wanted text.`, "Join a list, or select of it.");
    else this.#stop(node, "A condition compares a value that cannot be resolved.", "Give it as a parameter.");
    return undefined;
  }

  #stop(node: SourceNode, message: string, fix: string): false {
    this.#scope.report.stopLoad({ rule: "condition-invalid", at: node.at(), message, fix });
    return false;
  }
}

const WRITE = "Write Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition.";
