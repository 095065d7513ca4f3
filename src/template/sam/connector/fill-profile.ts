import { isTruthy, sub } from "../intrinsic.ts";
import type { SamResource } from "../sam-resource.ts";
import { mapping } from "../sam-template.ts";
import type { ConnectedResource } from "./connected-resource.ts";

const MEMBER: Readonly<Record<string, keyof ConnectedResource>> = {
  Arn: "arn",
  ResourceId: "resourceId",
  Name: "name",
  Qualifier: "qualifier",
};

/** Puts what is known of both ends into a text of a profile: the value itself, or an `Fn::Sub` that holds it. */
export function fillProfile(
  resource: SamResource,
  text: string,
  ends: { readonly source: ConnectedResource; readonly destination: ConnectedResource },
): unknown {
  const valueOf = (end: string, name: string): unknown => {
    const value = (end === "Source" ? ends.source : ends.destination)[MEMBER[name] as keyof ConnectedResource];
    if (value !== undefined) return value;
    throw resource.refusal(`${end}.${name} is missing.`, `Give the ${end.toLowerCase()} a ${name}.`, end);
  };
  const [, end = "", name = ""] = /^%\{(Source|Destination)\.(\w+)\}$/.exec(text) ?? [];
  if (end !== "") return valueOf(end, name);
  const variables = mapping({});
  const filled = text.replace(/%\{(Source|Destination)\.(\w+)\}/g, (_whole, side: string, key: string) => {
    variables[side + key] = valueOf(side, key);
    return `\${${side}${key}}`;
  });
  if (isTruthy(variables)) return sub(filled, variables);
  return filled.includes("${") ? sub(filled) : filled;
}
