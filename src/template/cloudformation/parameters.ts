import { nearestName } from "../nearest-name.ts";
import { eachUnknownKey, type Problem, type Report } from "../report.ts";
import { type SourceNode, show } from "../source-node.ts";

/** A parameter's value as functions read it: a list for the list types. */
export type ParameterValue = string | readonly string[];

export interface TemplateParameter {
  readonly value: ParameterValue;
  /** NoEcho: never shown. */
  readonly isSecret: boolean;
  /** It is the name of an SSM parameter whose own value nobody has given. */
  readonly isLookedUp: boolean;
}

const LIST_TYPE = /^(?:CommaDelimitedList|List<.+>|AWS::SSM::Parameter::Value<(?:CommaDelimitedList|List<.+>)>)$/;
const KNOWN_TYPE =
  /^(?:String|Number|List<(?:Number|String|AWS::[\w:]+)>|CommaDelimitedList|AWS::[\w:]+(?:<.+>)?|AWS::SSM::Parameter::Value<.+>)$/;

const KEYS = new Set([
  "AllowedPattern",
  "AllowedValues",
  "ConstraintDescription",
  "Default",
  "Description",
  "MaxLength",
  "MaxValue",
  "MinLength",
  "MinValue",
  "NoEcho",
  "Type",
]);

/**
 * The values of a template's Parameters: what was given, else the default, held against every constraint (D).
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
 */
export function readParameters(
  section: SourceNode | undefined,
  given: Readonly<Record<string, string>>,
  report: Report,
): ReadonlyMap<string, TemplateParameter> {
  const parameters = new Map<string, TemplateParameter>();
  const declared = section?.entries() ?? [];
  for (const node of declared) {
    const parameter = readParameter(node, Object.hasOwn(given, node.name) ? given[node.name] : undefined, report);
    if (parameter) parameters.set(node.name, parameter);
  }
  for (const name of Object.keys(given)) {
    if (declared.some((node) => node.name === name)) continue;
    const meant = nearestName(
      name,
      declared.map((node) => node.name),
    );
    // The project file may hold parameters of several templates.
    report.note("warning", {
      rule: "parameter-unknown",
      at: section?.keyAt() ?? { file: section?.document.file ?? "", line: 1, column: 1 },
      message: `The parameter ${name} was given, and the template has none of that name.`,
      fix: meant ? `Write ${meant} if that is meant.` : "Leave it out, if no other template has it.",
    });
  }
  return parameters;
}

function readParameter(node: SourceNode, given: string | undefined, report: Report): TemplateParameter | undefined {
  const type = node.get("Type");
  const noEcho = node.get("NoEcho")?.value;
  // Whatever does not plainly say that it may be shown is not.
  const isSecret = noEcho !== undefined && noEcho !== false && noEcho !== "false";
  const stop = (problem: Omit<Problem, "rule">): undefined => {
    report.stopLoad({ rule: "parameter-invalid", ...problem });
    return undefined;
  };
  let isKnown = true;
  eachUnknownKey(node, KEYS, (child, fix) => {
    isKnown = false;
    const message = `The parameter ${node.name} has the property ${show(child.name)}, which CloudFormation does not know.`;
    stop({ at: child.keyAt(), message, fix });
  });
  if (!isKnown) return undefined;
  if (typeof type?.value !== "string" || !KNOWN_TYPE.test(type.value)) {
    const message = `The parameter ${node.name} has the type ${show(type?.value)}, wanted String, Number or another parameter type.`;
    return stop({ at: (type ?? node).at(), message, fix: "Correct the type." });
  }
  const standard = node.get("Default");
  const text = given ?? (standard === undefined ? undefined : textOf(standard.value));
  if (text === undefined) {
    report.stopLoad({
      rule: "parameter-missing",
      at: node.keyAt(),
      message: `The parameter ${node.name} (${type.value}) has no value and no default.`,
      fix: `Give it with --parameter ${node.name}=VALUE, or in gatewarden.yaml under parameters.`,
    });
    return undefined;
  }
  const isLookedUp = given === undefined && /^AWS::SSM::Parameter::Value</.test(type.value);
  if (isLookedUp) {
    const message = `The parameter ${node.name} names an SSM parameter, which is not looked up: its own text is the value.`;
    report.note("info", { rule: "parameter-ssm", at: type.at(), message, fix: "Give the value with --parameter." });
  }
  const values = LIST_TYPE.test(type.value) ? text.split(",").map((each) => each.trim()) : [text];
  const shown = (value: string): string => (isSecret ? "a value that is not shown (NoEcho)" : show(value));
  for (const value of values) {
    const wanted = violation(node, type.value, value);
    if (wanted === undefined) continue;
    const description = node.get("ConstraintDescription")?.value;
    const explained = typeof description === "string" ? ` (${description})` : "";
    const message = `The parameter ${node.name} is ${shown(value)}, wanted ${wanted}${explained}.`;
    return stop({ at: node.keyAt(), message, fix: `Give another with --parameter ${node.name}=VALUE.` });
  }
  return { value: LIST_TYPE.test(type.value) ? values : text, isSecret, isLookedUp };
}

/** What a value should be and is not; undefined when it is. */
function violation(node: SourceNode, type: string, value: string): string | undefined {
  const number = (name: string): number | undefined => {
    const limit = node.get(name)?.value;
    return typeof limit === "string" || typeof limit === "number" ? Number(limit) : undefined;
  };
  const allowed = node.get("AllowedValues");
  if (allowed && !allowed.isList) return "one of AllowedValues, which is no list";
  if (allowed && !allowed.items().some((item) => textOf(item.value) === value)) {
    return `one of ${allowed
      .items()
      .map((item) => textOf(item.value))
      .join(", ")}`;
  }
  if (/Number/.test(type)) {
    if (value.trim() === "" || !Number.isFinite(Number(value))) return "a number";
    const [least, most] = [number("MinValue"), number("MaxValue")];
    if (least !== undefined && Number(value) < least) return `at least ${least}`;
    return most !== undefined && Number(value) > most ? `at most ${most}` : undefined;
  }
  const [shortest, longest] = [number("MinLength"), number("MaxLength")];
  if (shortest !== undefined && value.length < shortest) return `at least ${shortest} characters`;
  if (longest !== undefined && value.length > longest) return `at most ${longest} characters`;
  const pattern = node.get("AllowedPattern")?.value;
  if (typeof pattern !== "string") return undefined;
  try {
    return new RegExp(`^(?:${pattern})$`).test(value) ? undefined : `text that matches ${pattern}`;
  } catch {
    return `text that matches ${pattern}, which is no regular expression here`;
  }
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(",");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
