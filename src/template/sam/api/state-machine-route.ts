import { isMapping } from "../../source-node.ts";
import { choose, isTruthy, member, sub } from "../intrinsic.ts";
import { checkProperties } from "../property-types.ts";
import { type Made, mapping, type SamTemplate } from "../sam-template.ts";
import { MANAGED, STATE_MACHINE_EVENT_PROPERTIES } from "./api-properties.ts";
import { eventPlace } from "./function-event.ts";
import { RestDefinition } from "./rest-api/definition.ts";
import { addEventAuth, findRestApi, readRoute } from "./rest-api/event-route.ts";
import { orRefuse, Subject } from "./subject.ts";

/** What an event of a state machine starts, and by which role. */
export interface StateMachineTarget {
  /** Logical id of the AWS::Serverless::StateMachine the event stands on. */
  readonly stateMachineId: string;
  /** Logical id of what is started: the state machine, or its alias. */
  readonly startedId: string;
  /** `{Fn::GetAtt: [role, Arn]}` of the role that starts it. */
  readonly roleArn: Made;
  /** Attributes that every made resource of the state machine carries on. */
  readonly passthrough: Made;
}

/** Writes the route of a state machine's event of Type Api into a definition that SAM manages. */
export function addStateMachineRoute(sam: SamTemplate, target: StateMachineTarget, eventId: string, event: Made): void {
  orRefuse(sam, () => {
    const { stateMachineId } = target;
    const at = eventPlace(sam, stateMachineId, eventId);
    const subject = Subject.resource(sam, stateMachineId).event(eventId, at);
    const properties = event.Properties ?? {};
    if (!isMapping(properties)) throw subject.refusal("Properties should be a map.", [event, "Properties"]);
    const checked = { logicalId: stateMachineId + eventId, type: "Api", at };
    checkProperties(sam, checked, properties, STATE_MACHINE_EVENT_PROPERTIES);
    const routeEvent = { sam, subject, properties, at };
    const linked = findRestApi(routeEvent);
    const route = readRoute(routeEvent);
    const body = member(linked.api, "DefinitionBody");
    if (!isTruthy(linked.api[MANAGED]) || body === undefined) return;
    const definition = new RestDefinition(subject, body);
    if (definition.hasIntegration(route.path, route.method)) {
      throw subject.refusal(`API method "${route.method}" defined multiple times for path "${route.path}".`, [
        properties,
        "Path",
      ]);
    }
    const condition = target.passthrough.Condition;
    const named = typeof condition === "string" ? condition : undefined;
    const responses = { "200": { description: "OK" }, "400": { description: "Bad Request" } };
    definition.addIntegration(route, integration(target, isTruthy(properties.UnescapeMappingTemplate), named), {
      condition: named,
      responses: mapping(responses),
    });
    const auth = properties.Auth;
    // An event of a state machine knows no stage, unless it names one (C).
    const stage = properties.Stage ?? null;
    if (isTruthy(auth) && isMapping(auth)) addEventAuth(routeEvent, definition, route, auth, { ...linked, stage });
  });
}

function integration(target: StateMachineTarget, isUnescaped: boolean, condition: string | undefined): Made {
  const uri = sub("arn:${AWS::Partition}:apigateway:${AWS::Region}:states:action/StartExecution");
  const input = isUnescaped
    ? "$util.escapeJavaScript($input.json('$')).replaceAll(\"\\\\'\",\"'\")"
    : "$util.escapeJavaScript($input.json('$'))";
  const template = `{"input": "${input}", "stateMachineArn": "\${${target.startedId}}"}`;
  return mapping({
    type: "aws",
    httpMethod: "POST",
    uri: condition === undefined ? uri : choose(condition, uri),
    responses: mapping({ "200": mapping({ statusCode: "200" }), "400": mapping({ statusCode: "400" }) }),
    credentials: target.roleArn,
    requestTemplates: mapping({ "application/json": sub(template) }),
  });
}
