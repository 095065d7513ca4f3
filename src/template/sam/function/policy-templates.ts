import { isMapping } from "../../source-node.ts";
import { branchesOf, isIntrinsicIf, isNoValue, sub } from "../intrinsic.ts";
import type { SamResource } from "../sam-resource.ts";
import { type Made, mapping } from "../sam-template.ts";
import { kindOfPolicy, policiesOf } from "./policies.ts";
import { TEMPLATE_STATEMENTS, type TemplateStatement } from "./policy-template-statements.ts";

/** Writes out the SAM policy templates among a resource's Policies. */
export function expandPolicyTemplates(resource: SamResource): void {
  const policies = policiesOf(resource.get("Policies"));
  if (policies.length === 0) return;
  const list = resource.properties.Policies;
  const expanded: unknown[] = [];
  policies.forEach((policy, index) => {
    const at = Array.isArray(list)
      ? resource.sam.at(list, index, resource.placeOf("Policies"))
      : resource.placeOf("Policies");
    const where: [object, string | number] = Array.isArray(list) ? [list, index] : [resource.properties, "Policies"];
    resource.sam.origins.set(expanded, expanded.length, at);
    expanded.push(expandOne(policy, resource, where));
  });
  const at = resource.placeOf("Policies");
  resource.properties.Policies = expanded;
  resource.sam.origins.set(resource.properties, "Policies", at);
}

/** Whether a policy is a call of a template: a mapping of the template's name to its parameters. */
export function isPolicyTemplate(policy: unknown): policy is Made {
  if (!isMapping(policy)) return false;
  const [name, ...others] = Object.keys(policy);
  return name !== undefined && others.length === 0 && Object.hasOwn(TEMPLATE_STATEMENTS, name);
}

function expandOne(policy: unknown, resource: SamResource, where: [object, string | number]): unknown {
  if (kindOfPolicy(policy, resource, where, isPolicyTemplate) !== "template") return policy;
  if (isIntrinsicIf(policy)) {
    const [condition, ...branches] = branchesOf(policy) as [unknown, unknown, unknown];
    const written = branches.map((branch) => (isNoValue(branch) ? branch : expandOne(branch, resource, where)));
    return mapping({ "Fn::If": [condition, ...written] });
  }
  return statementsOf(policy as Made, resource, where);
}

function statementsOf(call: Made, resource: SamResource, where: [object, string | number]): Made {
  const name = Object.keys(call)[0] as string;
  const values = call[name];
  if (!isMapping(values)) {
    const message = `Must specify valid parameter values for policy template '${name}'`;
    throw resource.refusal(message, "Write its parameters as a mapping; {} when it has none.", where);
  }
  const statements = TEMPLATE_STATEMENTS[name] as readonly TemplateStatement[];
  const missing = parametersOf(statements).filter((parameter) => !Object.hasOwn(values, parameter));
  if (missing.length > 0) {
    const listed = missing.map((parameter) => `'${parameter}'`).join(", ");
    const message = `Following required parameters of template '${name}' don't have values: [${listed}]`;
    throw resource.refusal(message, `Give ${missing.join(", ")}.`, where);
  }
  return mapping({ Statement: statements.map((each) => statement(each, values)) });
}

function statement({ actions, isOneAction, on, when }: TemplateStatement, values: Made): Made {
  const [service, names = ""] = actions.split(/:(.*)/s);
  const list = names.split(" ").map((name) => `${service}:${name}`);
  return mapping({
    Action: isOneAction ? list[0] : list,
    Effect: "Allow",
    Resource: typeof on === "string" ? resourceText(on, values) : on.map((each) => resourceText(each, values)),
    ...(when && { Condition: mapping({ [when.operator]: mapping({ [when.key]: resourceText(when.value, values) }) }) }),
  });
}

const PARAMETER = /\$\{([A-Za-z]+)(?:=([A-Za-z]+))?\}/g;

function parametersOf(statements: readonly TemplateStatement[]): string[] {
  const texts = statements.flatMap(({ on, when }) => [on, when?.value ?? ""].flat());
  const found = texts.flatMap((text) =>
    [...text.matchAll(PARAMETER)].map(([, variable, name]) => name ?? capitalized(variable)),
  );
  return [...new Set(found)];
}

function capitalized(name = ""): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function resourceText(short: string, values: Made): unknown {
  if (short === "*") return short;
  const variables = mapping({});
  const written = short.startsWith("=") ? short.slice(1) : `arn:\${AWS::Partition}:${short}`;
  const text = written
    .replace(":@:", ":${AWS::Region}:${AWS::AccountId}:")
    .replace(PARAMETER, (_whole, variable: string, name: string | undefined) => {
      variables[variable] = values[name ?? capitalized(variable)];
      return `\${${variable}}`;
    });
  return sub(text, Object.keys(variables).length > 0 ? variables : undefined);
}
