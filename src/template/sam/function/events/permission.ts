import type { MadeResource } from "../../made-resource.ts";
import { type Made, mapping } from "../../sam-template.ts";
import type { FunctionTarget, SamEvent } from "./event-target.ts";

/** Lets a service invoke the function for one event: `<function><event>Permission`. */
export function eventPermission(
  event: SamEvent,
  target: FunctionTarget,
  principal: string,
  more: Made,
  prefix: string = event.logicalId,
): MadeResource {
  const properties = mapping({
    Action: "lambda:InvokeFunction",
    FunctionName: target.ref,
    Principal: principal,
    ...more,
  });
  return event.make(`${prefix}Permission`, "AWS::Lambda::Permission", properties);
}
