import { isMapping } from "../source-node.ts";
import { DeploymentPreferences } from "./function/deployment-preferences.ts";
import { type Made, mapping, type SamTemplate } from "./sam-template.ts";

/** What the expansion of one template keeps beside the template itself. */
export class Expansion {
  readonly sam: SamTemplate;
  readonly deployments = new DeploymentPreferences();
  /** Types of the resources by logical id, before any is expanded. */
  readonly originalTypes: ReadonlyMap<string, unknown>;
  readonly #made = new Map<string, readonly string[]>();

  constructor(sam: SamTemplate) {
    this.sam = sam;
    this.originalTypes = new Map(Object.keys(sam.resources).map((id) => [id, sam.resource(id)?.Type] as const));
  }

  /** Remembers which resources one resource came to. */
  cameFrom(logicalId: string, made: readonly string[]): void {
    this.#made.set(logicalId, made);
  }

  /** Puts every made resource after the one it came from, in the order of the file. */
  orderResources(): void {
    const { resources } = this.sam;
    const inOrder = [...this.originalTypes.keys()].flatMap((id) => [id, ...(this.#made.get(id) ?? [])]);
    for (const logicalId of new Set([...inOrder, ...Object.keys(resources)])) {
      if (!Object.hasOwn(resources, logicalId)) continue;
      const resource = resources[logicalId];
      delete resources[logicalId];
      resources[logicalId] = resource;
    }
  }

  /** Puts a condition into the template, in place of one of the same name. */
  addCondition(name: string, condition: Made): void {
    const { body } = this.sam;
    if (!isMapping(body.Conditions)) body.Conditions = mapping({});
    (body.Conditions as Made)[name] = condition;
  }
}
