import { isTruthy, ref, sub } from "../../intrinsic.ts";
import type { MadeResource } from "../../made-resource.ts";
import { required, TEXT } from "../../property-types.ts";
import { mapping } from "../../sam-template.ts";
import type { FunctionTarget, SamEvent } from "./event-target.ts";
import { eventPermission } from "./permission.ts";

/** AlexaSkill: Alexa may invoke. */
export function alexaSkillEvent(event: SamEvent, target: FunctionTarget): MadeResource[] {
  event.check({ SkillId: TEXT });
  return [eventPermission(event, target, "alexa-appkit.amazon.com", { EventSourceToken: event.get("SkillId") })];
}

/** IoTRule: a rule over MQTT messages. */
export function iotRuleEvent(event: SamEvent, target: FunctionTarget): MadeResource[] {
  event.check({ Sql: required(TEXT), AwsIotSqlVersion: TEXT });
  const { partition } = event.resource.sam.place;
  const arn = `arn:${partition}:iot:\${AWS::Region}:\${AWS::AccountId}:rule/\${RuleName}`;
  const version = event.get("AwsIotSqlVersion");
  const payload = mapping({
    Sql: event.get("Sql"),
    RuleDisabled: false,
    Actions: [mapping({ Lambda: mapping({ FunctionArn: target.arn }) })],
    ...(isTruthy(version) && { AwsIotSqlVersion: version }),
  });
  return [
    eventPermission(event, target, "iot.amazonaws.com", {
      SourceArn: sub(arn, mapping({ RuleName: ref(event.logicalId) })),
      SourceAccount: sub("${AWS::AccountId}"),
    }),
    event.make(event.logicalId, "AWS::IoT::TopicRule", mapping({ TopicRulePayload: payload })),
  ];
}

/** CloudWatchLogs: a subscription to a log group. */
export function cloudWatchLogsEvent(event: SamEvent, target: FunctionTarget): MadeResource[] {
  event.check({ LogGroupName: required(TEXT), FilterPattern: required(TEXT) });
  const { partition } = event.resource.sam.place;
  const arn = `arn:${partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:\${__LogGroupName__}:*`;
  const logGroup = event.get("LogGroupName");
  const permission = eventPermission(event, target, "logs.amazonaws.com", {
    SourceArn: sub(arn, mapping({ __LogGroupName__: logGroup })),
  });
  const properties = mapping({
    LogGroupName: logGroup,
    FilterPattern: event.get("FilterPattern"),
    DestinationArn: target.arn,
  });
  const attributes = event.resource.passthrough();
  attributes.DependsOn = [permission.logicalId];
  return [permission, event.make(event.logicalId, "AWS::Logs::SubscriptionFilter", properties, attributes)];
}
