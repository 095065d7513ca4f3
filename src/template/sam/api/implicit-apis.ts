import type { SourcePosition } from "../../../model/finding.ts";
import { isMapping } from "../../source-node.ts";
import { choose, isTruthy, member, ref } from "../intrinsic.ts";
import { type Made, mapping, type SamTemplate } from "../sam-template.ts";
import { MANAGED } from "./api-properties.ts";
import { addCombinedCondition } from "./combined-condition.ts";
import { ANY_METHOD, type DefinitionPaths } from "./definition-paths.ts";
import { expansionOrder, keysInOrder, resourceAdded, resourceRemoved } from "./expansion-order.ts";
import { apiIdOf } from "./function-event.ts";
import { DEFAULT_PATH, emptyHttpDefinition, HttpDefinition, isHttpDefinition } from "./http-api/definition.ts";
import { PythonKeys } from "./python-keys.ts";
import { emptyRestDefinition, isRestDefinition, RestDefinition } from "./rest-api/definition.ts";
import { orRefuse, Subject } from "./subject.ts";

/** How the two kinds of API differ where events are concerned. */
interface Kind {
  readonly eventType: string;
  readonly apiType: string;
  /** The event's property that names its API. */
  readonly idProperty: string;
  readonly implicitId: string;
  readonly implicitProperties: () => Made;
  readonly isDefinition: (body: unknown) => boolean;
  readonly open: (subject: Subject, body: unknown) => DefinitionPaths;
}

const REST: Kind = {
  eventType: "Api",
  apiType: "AWS::Serverless::Api",
  idProperty: "RestApiId",
  implicitId: "ServerlessRestApi",
  implicitProperties: () => mapping({ StageName: "Prod", DefinitionBody: emptyRestDefinition(), [MANAGED]: true }),
  isDefinition: isRestDefinition,
  open: (subject, body) => new RestDefinition(subject, body),
};

const HTTP: Kind = {
  eventType: "HttpApi",
  apiType: "AWS::Serverless::HttpApi",
  idProperty: "ApiId",
  implicitId: "ServerlessHttpApi",
  implicitProperties: () => mapping({ DefinitionBody: emptyHttpDefinition(), [MANAGED]: true }),
  isDefinition: isHttpDefinition,
  open: (subject, body) => new HttpDefinition(subject, body),
};

const WITH_EVENTS = ["AWS::Serverless::Function", "AWS::Serverless::StateMachine"];

/**
 * Makes ServerlessRestApi / ServerlessHttpApi for API events that name no API, sets their RestApiId/ApiId, and writes the
 * paths of all events into the definitions that SAM manages, with their conditions. It comes after the default
 * definitions and before Globals are merged, which then count for the made APIs too (C: the order of SAM's plugins).
 */
export function addImplicitApis(sam: SamTemplate): void {
  // What is wrong with REST events is told before HTTP events are looked at, as SAM tells it.
  for (const kind of [REST, HTTP]) if (!sam.isRefused) new ImplicitApi(sam, kind).add();
}

/** What an event says of its route, and what its function has. */
interface EventRoute {
  readonly apiId: string;
  readonly path: string;
  readonly method: string;
  readonly condition: string | undefined;
}

class ImplicitApi {
  readonly #sam: SamTemplate;
  readonly #kind: Kind;
  readonly #routes: EventRoute[] = [];
  readonly #policies: { apiId: string; deletion: unknown; updateReplace: unknown }[] = [];
  #at: SourcePosition | undefined;

  constructor(sam: SamTemplate, kind: Kind) {
    this.#sam = sam;
    this.#kind = kind;
  }

  add(): void {
    const { implicitId } = this.#kind;
    const sam = this.#sam;
    const users = sam.resource(implicitId);
    const usersAt = sam.resourceAt(implicitId);
    // It stands in the template before it is known to be needed, so that all events are treated alike.
    const made = mapping({ Type: this.#kind.apiType, Properties: this.#kind.implicitProperties() });
    sam.put(implicitId, made, usersAt);
    resourceAdded(sam, implicitId);
    for (const logicalId of expansionOrder(sam)) {
      const resource = sam.resource(logicalId);
      if (resource && WITH_EVENTS.some((type) => type === resource.Type)) {
        orRefuse(sam, () => this.#readEvents(logicalId, resource));
      }
    }
    this.#addAttributes(made);
    orRefuse(sam, () => this.#addPathConditions());
    const { paths } = (made.Properties as Made).DefinitionBody as Made;
    if (Object.keys(paths as Made).length > 0) sam.put(implicitId, made, this.#at ?? usersAt);
    else if (users) sam.put(implicitId, users, usersAt);
    else {
      sam.remove(implicitId);
      resourceRemoved(sam, implicitId);
    }
  }

  #readEvents(functionId: string, resource: Made): void {
    const sam = this.#sam;
    const condition = resource.Condition;
    const subject = Subject.resource(sam, functionId);
    if (isTruthy(condition) && typeof condition !== "string") {
      throw subject.structureRefusal("Every Condition member must be a string.", [resource, "Condition"]);
    }
    const events = member(resource.Properties, "Events");
    if (!isMapping(events)) return;
    const isOfKind = (eventId: string) => member(events[eventId], "Type") === this.#kind.eventType;
    for (const eventId of PythonKeys.of(keysInOrder(events).filter(isOfKind)).keys()) {
      const event = events[eventId];
      if (!isMapping(event)) continue;
      this.#readEvent(subject.event(eventId, sam.at(events, eventId, subject.at)), resource, event);
    }
  }

  #readEvent(subject: Subject, resource: Made, event: Made): void {
    const sam = this.#sam;
    const { idProperty, implicitId } = this.#kind;
    const properties = this.#propertiesOf(subject, event);
    if (properties === undefined) return;
    if (!Object.hasOwn(properties, idProperty)) {
      this.#passTagsOn(resource);
      properties[idProperty] = ref(implicitId);
      sam.origins.set(properties, idProperty, subject.at);
      this.#at ??= subject.at;
    }
    if (this.#kind === HTTP && !isTruthy(properties.Path) && !isTruthy(properties.Method)) {
      properties.Path = DEFAULT_PATH;
      properties.Method = ANY_METHOD;
    }
    const route = this.#readRoute(subject, resource, properties);
    this.#routes.push(route);
    this.#policies.push({
      apiId: route.apiId,
      deletion: resource.DeletionPolicy,
      updateReplace: resource.UpdateReplacePolicy,
    });
    this.#addRoute(subject, route, properties);
    if (this.#kind === HTTP && Object.hasOwn(properties, "RouteSettings")) {
      this.#addRouteSettings(subject, route, properties);
    }
  }

  /** The event's properties; an Api event without any is refused later, an HttpApi one is the default route. */
  #propertiesOf(subject: Subject, event: Made): Made | undefined {
    const given = Object.hasOwn(event, "Properties") ? event.Properties : mapping({});
    if (this.#kind === REST && !isTruthy(given)) return undefined;
    if (!isMapping(given)) throw subject.refusal("Properties should be a map.", [event, "Properties"]);
    event.Properties = given;
    return given;
  }

  #passTagsOn(resource: Made): void {
    const tags = member(resource.Properties, "Tags") ?? this.#globalOf(resource, "Tags");
    const isWanted =
      isTruthy(member(resource.Properties, "PropagateTags")) || this.#globalOf(resource, "PropagateTags");
    if (!isMapping(tags) || !isTruthy(tags) || !isTruthy(isWanted)) return;
    const api = this.#sam.resource(this.#kind.implicitId)?.Properties as Made;
    if (!isMapping(api.Tags)) api.Tags = mapping({});
    Object.assign(api.Tags as Made, tags);
    api.PropagateTags = true;
  }

  /** Globals are not merged yet. */
  #globalOf(resource: Made, name: string): unknown {
    const section = String(resource.Type).slice("AWS::Serverless::".length);
    return member(member(this.#sam.body.Globals, section), name);
  }

  #readRoute(subject: Subject, resource: Made, properties: Made): EventRoute {
    const { idProperty } = this.#kind;
    for (const key of ["Path", "Method"]) {
      if (member(properties, key) === undefined) {
        throw subject.refusal(`Property '${key}' is required.`, undefined, `Add ${key}.`);
      }
    }
    const textOf = (key: string, value: unknown): string => {
      if (typeof value === "string") return value;
      throw subject.refusal(`Property '${key}' should be a string.`, [properties, key]);
    };
    const condition = resource.Condition;
    return {
      apiId: textOf(idProperty, apiIdOf(properties[idProperty])),
      path: textOf("Path", properties.Path),
      method: textOf("Method", properties.Method),
      condition: typeof condition === "string" && condition !== "" ? condition : undefined,
    };
  }

  /** Adds path and method to the definition, if it is one that SAM manages; users' own are left alone. */
  #addRoute(subject: Subject, { apiId, path, method }: EventRoute, properties: Made): void {
    const { idProperty, apiType, isDefinition, open } = this.#kind;
    const api = this.#sam.resource(apiId);
    if (api === undefined || (api.Type === "AWS::Serverless::HttpApi" && apiType !== api.Type)) {
      throw subject.refusal(
        `${idProperty} must be a valid reference to an '${apiType}' resource in same template.`,
        [properties, idProperty],
        "Refer to one by !Ref, or remove the property to have one made.",
      );
    }
    const body = member(api.Properties, "DefinitionBody");
    if (!isDefinition(body) || !isTruthy(member(api.Properties, MANAGED))) return;
    const methodAt = subject.place([properties, "Method"]);
    open(subject, body).add(path, method, subject.place([properties, "Path"]), methodAt);
  }

  #addRouteSettings(subject: Subject, { apiId, path, method, condition }: EventRoute, properties: Made): void {
    const sam = this.#sam;
    const api = sam.resource(apiId)?.Properties;
    if (!isMapping(api)) return;
    const route = method === ANY_METHOD ? path : `${method.toUpperCase()} ${path}`;
    const given = properties.RouteSettings;
    const settings = condition === undefined ? given : choose(condition, given);
    if (!isMapping(settings)) {
      throw subject.refusal("Property 'RouteSettings' should be a map.", [properties, "RouteSettings"]);
    }
    api.RouteSettings ??= mapping({});
    const all = api.RouteSettings;
    if (!isMapping(all)) {
      throw Subject.resource(sam, apiId).refusal("Property 'RouteSettings' should be a map.", [api, "RouteSettings"]);
    }
    const before = all[route] ?? mapping({});
    if (!isMapping(before)) {
      throw Subject.resource(sam, apiId).refusal(`Property 'RouteSettings.${route}' should be a map.`, [all, route]);
    }
    all[route] = mapping({ ...before, ...settings });
    sam.origins.set(all, route, subject.place([properties, "RouteSettings"]));
  }

  /** The implicit API exists where any of its functions does, and is kept where one of them is kept. */
  #addAttributes(made: Made): void {
    const { implicitId } = this.#kind;
    const conditions = conditionsOf(this.#routes.filter(({ apiId }) => apiId === implicitId));
    if (conditions?.length === 1) made.Condition = conditions[0];
    else if (conditions) {
      made.Condition = `${implicitId}Condition`;
      addCombinedCondition(this.#sam, `${implicitId}Condition`, conditions);
    }
    const policies = this.#policies.filter(({ apiId }) => apiId === implicitId);
    const deletion = ["Retain", "Delete"].find((each) => policies.some((policy) => policy.deletion === each));
    if (deletion) made.DeletionPolicy = deletion;
    const update = ["Retain", "Snapshot", "Delete"].find((each) =>
      policies.some(({ updateReplace }) => updateReplace === each),
    );
    if (update) made.UpdateReplacePolicy = update;
  }

  /** A path whose every method is conditional must not be there when none of them is. */
  #addPathConditions(): void {
    const sam = this.#sam;
    for (const apiId of Object.keys(sam.resources)) {
      const api = sam.resource(apiId);
      const properties = api?.Properties;
      if (api?.Type !== this.#kind.apiType || !isMapping(properties) || !isTruthy(properties[MANAGED])) continue;
      const definition = this.#kind.open(Subject.resource(sam, apiId), properties.DefinitionBody);
      const own = this.#routes.filter((each) => each.apiId === apiId);
      const byPath = Map.groupBy(own, ({ path }) => path);
      for (const path of definition.names()) {
        const conditions = conditionsOf(byPath.get(path) ?? []);
        if (conditions === undefined) continue;
        const [only] = conditions;
        const combined = `${apiId}${path.replaceAll("/", "SLASH").replaceAll("{", "OB").replaceAll("}", "CB")}PathCondition`;
        if (conditions.length > 1) addCombinedCondition(sam, combined, conditions);
        definition.makeConditional(path, conditions.length === 1 && only !== undefined ? only : combined);
      }
    }
  }
}

/** The conditions of routes, when every one has one; of two events for one method the later counts (C). */
function conditionsOf(routes: readonly EventRoute[]): string[] | undefined {
  const byMethod = new Map(routes.map(({ path, method, condition }) => [`${method} ${path}`, condition]));
  const conditions = [...new Set(byMethod.values())];
  if (conditions.length === 0) return undefined;
  const named = conditions.filter((condition) => condition !== undefined);
  return named.length === conditions.length ? named : undefined;
}
