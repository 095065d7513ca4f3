import { isMapping } from "../../source-node.ts";
import { isTruthy, member } from "../intrinsic.ts";
import type { Made, SamTemplate } from "../sam-template.ts";
import { PythonKeys } from "./python-keys.ts";

/** Orders that SAM keeps as Python 2.7 had them; a template that is not here goes by its own order. */
const resourceOrders = new WeakMap<SamTemplate, PythonKeys>();
const ordered = new WeakSet<object>();

/** Notes, before anything is changed, in which order SAM will go through the template (C: py27hash_fix). */
export function noteOrder(sam: SamTemplate): void {
  if (!isInPythonOrder(sam)) return;
  resourceOrders.set(sam, PythonKeys.of(Object.keys(sam.resources)));
  for (const logicalId of Object.keys(sam.resources)) {
    const resource = sam.resource(logicalId);
    const properties = resource?.Properties;
    for (const value of [member(properties, "Tags"), member(properties, "Events")])
      if (isMapping(value)) ordered.add(value);
  }
}

/** Notes a resource that SAM adds before it expands any. */
export function resourceAdded(sam: SamTemplate, logicalId: string): void {
  resourceOrders.get(sam)?.add(logicalId);
}

/** Notes that it is taken away again. */
export function resourceRemoved(sam: SamTemplate, logicalId: string): void {
  resourceOrders.get(sam)?.remove(logicalId);
}

/** The logical ids in the order in which SAM expands resources of one type: visible where several make one list. */
export function expansionOrder(sam: SamTemplate): string[] {
  const now = Object.keys(sam.resources);
  const order = resourceOrders.get(sam);
  if (order === undefined) return now;
  const known = order.keys().filter((logicalId) => Object.hasOwn(sam.resources, logicalId));
  const places = new Set(known);
  return [...known, ...now.filter((logicalId) => !places.has(logicalId))];
}

/** The keys of a resource's Tags or Events in SAM's order. */
export function keysInOrder(container: Made): string[] {
  const keys = Object.keys(container);
  return ordered.has(container) ? PythonKeys.of(keys).keys() : keys;
}

/** Whether the template has a REST API, or an HTTP API with a default authorizer. */
function isInPythonOrder(sam: SamTemplate): boolean {
  const byDefault = (holder: unknown) => isTruthy(member(member(holder, "Auth"), "DefaultAuthorizer"));
  const isGlobal = byDefault(member(sam.body.Globals, "HttpApi"));
  return Object.keys(sam.resources).some((logicalId) => {
    const resource = sam.resource(logicalId);
    const properties = resource?.Properties;
    switch (resource?.Type) {
      case "AWS::Serverless::Api":
        return true;
      case "AWS::Serverless::HttpApi":
        return isGlobal || byDefault(properties);
      case "AWS::Serverless::Function":
        return hasEvent(properties, "Api") || (isGlobal && hasEvent(properties, "HttpApi"));
      case "AWS::Serverless::StateMachine":
        return hasEvent(properties, "Api");
      default:
        return false;
    }
  });
}

function hasEvent(properties: unknown, type: string): boolean {
  const events = member(properties, "Events");
  return isMapping(events) && Object.values(events).some((event) => member(event, "Type") === type);
}

/**
 * The order of mappings inside a document that SAM copies as a whole whenever it changes it; every copy may change the
 * order of its keys.
 */
export class CopiedOrder {
  #copies = 0;
  #isOpen = false;
  readonly #orders = new WeakMap<object, { keys: PythonKeys; copies: number }>();

  /** The document is opened for changes: a copy of what was written back, itself a copy, the last time. */
  open(): void {
    this.#copies += this.#isOpen ? 2 : 1;
    this.#isOpen = true;
  }

  /** A key is put into a mapping of the document. */
  add(container: Made, key: string): void {
    this.#orderOf(container).add(key);
  }

  keysOf(container: Made): string[] {
    return this.#orderOf(container)
      .keys()
      .filter((key) => Object.hasOwn(container, key));
  }

  #orderOf(container: Made): PythonKeys {
    const keys = Object.keys(container);
    const known = this.#orders.get(container);
    // What has no key yet was made just now; anything else was there from the beginning.
    let order = known?.keys ?? PythonKeys.of(keys);
    const pending = this.#copies - (known?.copies ?? (keys.length === 0 ? this.#copies : 0));
    for (let copy = 0; copy < pending; copy++) order = order.copy();
    this.#orders.set(container, { keys: order, copies: this.#copies });
    return order;
  }
}
