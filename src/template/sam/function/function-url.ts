import { isMapping } from "../../source-node.ts";
import { isIntrinsic, isTruthy, member } from "../intrinsic.ts";
import type { MadeResource } from "../made-resource.ts";
import type { SamResource } from "../sam-resource.ts";
import { type Made, mapping } from "../sam-template.ts";

/** FunctionUrlConfig: the URL, and with AuthType NONE the two permissions that open it to everyone. */
export function functionUrl(resource: SamResource, target: Made): MadeResource[] {
  const config = resource.get("FunctionUrlConfig") as Made;
  const { logicalId } = resource;
  if (!isIntrinsic(config)) {
    checkAuthType(resource, config);
    checkCors(resource, config);
  }
  const cors = member(config, "Cors");
  const authType = member(config, "AuthType");
  const urlProperties = mapping({
    AuthType: authType,
    TargetFunctionArn: target,
    InvokeMode: member(config, "InvokeMode"),
    ...(isTruthy(cors) && { Cors: cors }),
  });
  const url = resource.make(`${logicalId}Url`, "AWS::Lambda::Url", urlProperties);
  for (const name of ["AuthType", "Cors", "InvokeMode"]) {
    if (Object.hasOwn(config, name)) resource.sam.origins.set(url.properties, name, resource.sam.at(config, name));
  }
  if (authType !== "NONE" || isIntrinsic(config)) return [url];
  const permission = (suffix: string, properties: Made) => {
    const made = mapping({ FunctionName: target, Principal: "*", ...properties });
    return resource.make(logicalId + suffix, "AWS::Lambda::Permission", made);
  };
  return [
    url,
    permission("UrlPublicPermissions", { Action: "lambda:InvokeFunctionUrl", FunctionUrlAuthType: authType }),
    permission("URLInvokeAllowPublicAccess", { Action: "lambda:InvokeFunction", InvokedViaFunctionUrl: true }),
  ];
}

function checkAuthType(resource: SamResource, config: Made): void {
  const authType = member(config, "AuthType");
  if (isIntrinsic(authType) || authType === "AWS_IAM" || authType === "NONE") return;
  const message =
    "AuthType is required to configure function property `FunctionUrlConfig`. Please provide either AWS_IAM or NONE.";
  const where: [object, string] = Object.hasOwn(config, "AuthType")
    ? [config, "AuthType"]
    : [resource.properties, "FunctionUrlConfig"];
  throw resource.refusal(message, "Write AuthType: AWS_IAM, or NONE for a URL that is open to everyone.", where);
}

const CORS_TYPES: Readonly<Record<string, "list" | "bool" | "int">> = {
  AllowOrigins: "list",
  AllowMethods: "list",
  AllowCredentials: "bool",
  AllowHeaders: "list",
  ExposeHeaders: "list",
  MaxAge: "int",
};

function checkCors(resource: SamResource, config: Made): void {
  const cors = member(config, "Cors");
  if (!isTruthy(cors) || isIntrinsic(cors)) return;
  if (!isMapping(cors)) {
    const message = "Property 'FunctionUrlConfig.Cors' should be a map.";
    throw resource.refusal(message, "Write a mapping.", [config, "Cors"]);
  }
  for (const [name, value] of Object.entries(cors)) {
    if (!Object.hasOwn(CORS_TYPES, name)) {
      const message = `${name} is not a valid property for configuring Cors.`;
      throw resource.refusal(message, `Use ${Object.keys(CORS_TYPES).join(", ")}.`, [cors, name]);
    }
    const wanted = CORS_TYPES[name] as "list" | "bool" | "int";
    const isRight = {
      list: Array.isArray(value),
      bool: typeof value === "boolean",
      int: Number.isInteger(value) || typeof value === "boolean",
    }[wanted];
    if (isRight || isIntrinsic(value)) continue;
    throw resource.refusal(`${name} must be of type ${wanted}.`, `Mend ${name}.`, [cors, name]);
  }
}
