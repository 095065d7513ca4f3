import { isMapping } from "../source-node.ts";
import { functionName } from "./intrinsic.ts";
import type { MadeResource } from "./made-resource.ts";
import type { Made } from "./sam-template.ts";

/** Properties of SAM resources that templates refer to as if they were resources: `!Ref Function.Alias`. */
const REFERABLE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "AWS::Serverless::Function": {
    Alias: "AWS::Lambda::Alias",
    Version: "AWS::Lambda::Version",
    DestinationTopic: "AWS::SNS::Topic",
    DestinationQueue: "AWS::SQS::Queue",
  },
  "AWS::Serverless::Api": {
    Stage: "AWS::ApiGateway::Stage",
    Deployment: "AWS::ApiGateway::Deployment",
    DomainName: "AWS::ApiGateway::DomainName",
    DomainNameV2: "AWS::ApiGateway::DomainNameV2",
    UsagePlan: "AWS::ApiGateway::UsagePlan",
    UsagePlanKey: "AWS::ApiGateway::UsagePlanKey",
    ApiKey: "AWS::ApiGateway::ApiKey",
  },
  "AWS::Serverless::HttpApi": { Stage: "AWS::ApiGatewayV2::Stage", DomainName: "AWS::ApiGatewayV2::DomainName" },
  "AWS::Serverless::WebSocketApi": { Stage: "AWS::ApiGatewayV2::Stage", DomainName: "AWS::ApiGatewayV2::DomainName" },
};

/** What references must be rewritten once everything is expanded. */
export class References {
  readonly #properties = new Map<string, string>();
  readonly #renamed = new Map<string, string>();

  /** Remembers what a SAM resource came to. Of several resources of a type the last counts. */
  add(type: string, logicalId: string, made: readonly Pick<MadeResource, "type" | "logicalId">[]): void {
    for (const [property, madeType] of Object.entries(REFERABLE[type] ?? {})) {
      const last = made.findLast((each) => each.type === madeType);
      if (last !== undefined) this.#properties.set(`${logicalId}.${property}`, last.logicalId);
    }
  }

  /** A resource whose logical id is another one now. */
  rename(logicalId: string, to: string): void {
    if (logicalId !== to) this.#renamed.set(logicalId, to);
  }

  /** Rewrites Ref, Fn::GetAtt, Fn::Sub and DependsOn everywhere below a value, in place. */
  rewrite(value: unknown): void {
    if (this.#renamed.size > 0) this.#renameDependencies(value);
    if (this.#renamed.size > 0) this.#walk(value, (text) => this.#renamedReference(text));
    if (this.#properties.size > 0) this.#walk(value, (text) => this.#propertyReference(text));
  }

  #walk(value: unknown, change: (reference: Reference) => string | undefined): void {
    if (typeof value !== "object" || value === null) return;
    if (Array.isArray(value)) {
      for (const each of value) this.#walk(each, change);
      return;
    }
    const name = functionName(value);
    if (name !== undefined) rewriteCall(value as Made, name, change);
    for (const key in value) this.#walk((value as Made)[key], change);
  }

  #renamedReference({ parts, isRef }: Reference): string | undefined {
    const [logicalId = "", ...attributes] = parts;
    if (isRef && attributes.length > 0) return undefined;
    const to = this.#renamed.get(logicalId);
    return to === undefined ? undefined : [to, ...attributes].join(".");
  }

  #propertyReference({ parts, isRef }: Reference): string | undefined {
    const [logicalId, property, ...attributes] = parts;
    if (property === undefined || (isRef && attributes.length > 0)) return undefined;
    const to = this.#properties.get(`${logicalId}.${property}`);
    return to === undefined ? undefined : [to, ...attributes].join(".");
  }

  #renameDependencies(value: unknown): void {
    if (typeof value !== "object" || value === null) return;
    if (isMapping(value) && Object.hasOwn(value, "DependsOn")) {
      const on = value.DependsOn;
      if (typeof on === "string") value.DependsOn = this.#renamed.get(on) ?? on;
      else if (Array.isArray(on)) {
        on.forEach((each, index) => {
          if (typeof each === "string") on[index] = this.#renamed.get(each) ?? each;
        });
      }
    }
    for (const each of Object.values(value)) this.#renameDependencies(each);
  }
}

interface Reference {
  /** Logical id, property, attributes. */
  readonly parts: readonly string[];
  /** A Ref has no attributes. */
  readonly isRef: boolean;
}

const SUB_REFERENCE = /\$\{([A-Za-z0-9.]+|AWS::[A-Z][A-Za-z]*)\}/g;

function rewriteCall(call: Made, name: string, change: (reference: Reference) => string | undefined): void {
  const argument = call[name];
  if (name === "Ref" && typeof argument === "string") {
    call.Ref = change({ parts: argument.split("."), isRef: true }) ?? argument;
  } else if (name === "Fn::GetAtt" && Array.isArray(argument) && argument.length >= 2) {
    if (!argument.every((part) => typeof part === "string")) return;
    const rewritten = change({ parts: argument.join(".").split("."), isRef: false });
    if (rewritten !== undefined) call["Fn::GetAtt"] = rewritten.split(".");
  } else if (name === "Fn::Sub") {
    const fill = (text: string) =>
      text.replace(SUB_REFERENCE, (whole, path: string) => {
        const rewritten = change({ parts: path.split("."), isRef: false });
        return rewritten === undefined ? whole : `\${${rewritten}}`;
      });
    if (typeof argument === "string") call["Fn::Sub"] = fill(argument);
    else if (Array.isArray(argument) && typeof argument[0] === "string") argument[0] = fill(argument[0]);
  }
}
