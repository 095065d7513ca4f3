import { isMapping } from "../../../source-node.ts";
import { asText, getAtt, member } from "../../intrinsic.ts";
import type { MadeResource } from "../../made-resource.ts";
import { required, strict, TEXT, TEXT_OR_TEXTS } from "../../property-types.ts";
import { resourceRefusal } from "../../sam-resource.ts";
import { mapping } from "../../sam-template.ts";
import { linkedResource, propertiesOf, relinked } from "./bucket-event.ts";
import type { FunctionTarget, SamEvent } from "./event-target.ts";
import { eventPermission } from "./permission.ts";

/** Cognito: triggers written into a user pool of the same template. */
export function cognitoEvent(event: SamEvent, target: FunctionTarget): MadeResource[] {
  event.check({ UserPool: required(TEXT), Trigger: required(strict(TEXT_OR_TEXTS)) });
  const { sam } = event.resource;
  const given = event.get("UserPool");
  if (isMapping(given) && Object.hasOwn(given, "Ref") && typeof given.Ref !== "string") {
    throw event.refusal("Ref in Userpool is not a string.", "Name the user pool.", "UserPool", event.logicalId);
  }
  const needed = "Cognito events must reference a Cognito UserPool in the same template.";
  const { id, body } = linkedResource(event, "UserPool", "AWS::Cognito::UserPool", needed);
  const arn = mapping({ SourceArn: getAtt(id, "Arn") });
  const permission = eventPermission(event, target, "cognito-idp.amazonaws.com", arn, `${target.targetId}Cognito`);
  const pool = propertiesOf(event, id, body);
  const config = member(pool, "LambdaConfig") ?? mapping({});
  if (!isMapping(config)) {
    const at = sam.at(pool, "LambdaConfig");
    throw resourceRefusal(id, at, "Property 'LambdaConfig' should be a map.", "Write a mapping.");
  }
  pool.LambdaConfig = config;
  const trigger = event.get("Trigger");
  for (const each of (Array.isArray(trigger) ? trigger : [trigger]) as string[]) {
    if (Object.hasOwn(config, each)) {
      const message = `Cognito trigger "${asText(trigger)}" defined multiple times.`;
      throw event.refusal(message, "Let one function have the trigger.", "Trigger");
    }
    config[each] = target.arn;
    sam.origins.set(config, each, event.at);
  }
  return [permission, relinked(event, id, body)];
}
