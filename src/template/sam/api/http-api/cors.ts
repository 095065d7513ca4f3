import { isMapping } from "../../../source-node.ts";
import { isIntrinsic, isSame, isTruthy, member } from "../../intrinsic.ts";
import type { Made } from "../../sam-template.ts";
import type { Subject } from "../subject.ts";
import { HttpDefinition, isHttpDefinition } from "./definition.ts";

const PROPERTIES = ["AllowMethods", "AllowHeaders", "AllowOrigins", "MaxAge", "ExposeHeaders", "AllowCredentials"];
const CORS = "x-amazon-apigateway-cors";

/** Writes `CorsConfiguration` of AWS::Serverless::HttpApi into its definition, over what that has. */
export function addHttpCors(subject: Subject, properties: Made): void {
  const given = properties.CorsConfiguration;
  if (!isTruthy(given)) return;
  const where = [properties, "CorsConfiguration"] as const;
  const body = properties.DefinitionBody;
  if (!isTruthy(body)) {
    throw subject.refusal("Cors works only with inline OpenApi specified in 'DefinitionBody' property.", where);
  }
  const wanted = typeof given === "boolean" ? { AllowOrigins: ["*"] } : given;
  if (!isMapping(wanted)) throw subject.refusal("Invalid value for 'Cors' property.", where);
  const unknown = isIntrinsic(wanted) ? undefined : Object.keys(wanted).find((key) => !PROPERTIES.includes(key));
  if (unknown !== undefined) throw subject.refusal(`Invalid key '${unknown}' for 'Cors' property.`, [wanted, unknown]);
  if (!isHttpDefinition(body)) {
    throw subject.refusal(
      "Unable to add Cors configuration because 'DefinitionBody' does not contain a valid OpenApi definition.",
      where,
    );
  }
  if (wanted.AllowCredentials === true && isSame(wanted.AllowOrigins, ["*"])) {
    throw subject.refusal(
      "Unable to add Cors configuration because 'AllowCredentials' can not be true when 'AllowOrigin' is \"'*'\" or not set.",
      [wanted, "AllowCredentials"],
      "Name the origins.",
    );
  }
  const cors = new HttpDefinition(subject, body).part(CORS);
  const { origins } = subject.sam;
  if (!origins.get(body, CORS)) origins.set(body, CORS, subject.place(where));
  for (const [key, value, from] of entriesOf(wanted)) {
    cors[key] = value;
    origins.set(cors, key, subject.sam.at(wanted, from, subject.place(where)));
  }
}

/** The members of `x-amazon-apigateway-cors` that a configuration gives, with the key each comes from. */
function entriesOf(wanted: Made): [string, unknown, string][] {
  const whole = isIntrinsic(wanted) ? wanted : member(wanted, "AllowOrigins");
  // An intrinsic function stands for the whole configuration, its keys inside included (C).
  if (isIntrinsic(whole)) return Object.entries(asOpenApi(whole) as Made).map(([key, value]) => [key, value, key]);
  return PROPERTIES.flatMap((name): [string, unknown, string][] => {
    const value = member(wanted, name);
    const isWanted =
      name === "MaxAge" ? value !== undefined : name === "AllowCredentials" ? value === true : isTruthy(value);
    return isWanted ? [[lowerFirst(name), value, name]] : [];
  });
}

/** CloudFormation's names as OpenAPI has them, wherever they stand, in text too (C: SAM replaces them in the JSON). */
function asOpenApi(value: unknown): unknown {
  const rename = (text: string): string =>
    PROPERTIES.reduce((renamed, name) => renamed.replaceAll(name, lowerFirst(name)), text);
  if (typeof value === "string") return rename(value);
  if (Array.isArray(value)) return value.map(asOpenApi);
  if (!isMapping(value)) return value;
  return Object.fromEntries(Object.keys(value).map((key) => [rename(key), asOpenApi(value[key])]));
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
