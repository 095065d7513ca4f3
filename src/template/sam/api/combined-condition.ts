import { isMapping } from "../../source-node.ts";
import { type Made, mapping, type SamTemplate } from "../sam-template.ts";

/** CloudFormation's Fn::Or takes 2 to 10 conditions (D: condition functions). */
const MAX_OF_OR = 10;

/** Adds a condition that holds where any of several does; more than ten are joined step by step. */
export function addCombinedCondition(sam: SamTemplate, name: string, conditions: Iterable<string>): void {
  if (!isMapping(sam.body.Conditions)) sam.body.Conditions = mapping({});
  const template = sam.body.Conditions as Made;
  let rest = [...conditions].sort();
  let step = Math.floor((rest.length - 2) / (MAX_OF_OR - 1));
  while (rest.length > 1) {
    const made = step > 0 ? `${name}${step}` : name;
    step -= 1;
    template[made] = anyOf(rest.slice(0, MAX_OF_OR));
    rest = [...rest.slice(MAX_OF_OR), made];
  }
}

/** Joins conditions by `Fn::Or`. */
export function anyOf(conditions: readonly string[]): Made {
  return mapping({ "Fn::Or": conditions.map((Condition) => mapping({ Condition })) });
}
