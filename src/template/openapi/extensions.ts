import { nearestName } from "../nearest-name.ts";
import type { Problem } from "../report.ts";
import { type SourceNode, show } from "../source-node.ts";

/** Where an extension or key may stand. */
export type Place = "root" | "path" | "operation" | "scheme" | "tag" | "components";

export const AWS_PREFIX = "x-amazon-apigateway-";

/** Every extension of the REST API importer by the places it has a meaning in (D: Developer Guide, OpenAPI extensions). */
const EXTENSIONS: Readonly<Record<string, readonly Place[]>> = {
  "any-method": ["path"],
  "api-key-source": ["root"],
  auth: ["root", "operation"],
  authorizer: ["scheme"],
  authtype: ["scheme"],
  "binary-media-types": ["root"],
  cors: ["root"],
  documentation: ["root"],
  "endpoint-access-mode": ["root"],
  "endpoint-configuration": ["root"],
  "gateway-responses": ["root"],
  "importexport-version": ["root"],
  integration: ["operation"],
  integrations: ["components"],
  "minimum-compression-size": ["root"],
  policy: ["root"],
  "request-validator": ["root", "operation"],
  "request-validators": ["root"],
  "security-policy": ["root"],
  "tag-value": ["tag"],
};

/** The fields OpenAPI itself defines; Swagger 2.0 and OpenAPI 3 together, since none of them changes its meaning. */
const FIELDS: Readonly<Partial<Record<Place, ReadonlySet<string>>>> = {
  root: new Set(
    (
      "swagger openapi info host basePath schemes consumes produces paths definitions parameters responses " +
      "securityDefinitions security tags externalDocs servers components jsonSchemaDialect webhooks"
    ).split(" "),
  ),
  path: new Set("$ref summary description servers parameters get put post delete options head patch trace".split(" ")),
  operation: new Set(
    (
      "tags summary description externalDocs operationId consumes produces parameters requestBody responses callbacks " +
      "schemes deprecated security servers"
    ).split(" "),
  ),
};

/**
 * Calls `onUnknown` for every AWS extension that has no meaning in this place, and for every field that OpenAPI does
 * not define there: a misspelt `security` must not leave a route open.
 */
export function eachUnknownField(node: SourceNode, place: Place, onUnknown: (problem: Problem) => void): void {
  const fields = FIELDS[place];
  for (const child of node.entries()) {
    const { name } = child;
    if (name.startsWith(AWS_PREFIX)) {
      const places = Object.hasOwn(EXTENSIONS, name.slice(AWS_PREFIX.length))
        ? EXTENSIONS[name.slice(AWS_PREFIX.length)]
        : undefined;
      if (places?.includes(place)) continue;
      onUnknown(places ? misplaced(child, place, places) : unknown(child, place));
    } else if (fields && !fields.has(name) && !name.startsWith("x-")) onUnknown(unknown(child, place));
  }
}

function misplaced(child: SourceNode, place: Place, places: readonly Place[]): Problem {
  return {
    rule: "extension-misplaced",
    at: child.keyAt(),
    message: `${child.name} has no meaning ${PLACE_WORDS[place]}, wanted ${places.map((each) => PLACE_WORDS[each]).join(" or ")}.`,
    fix: "Move it.",
  };
}

function unknown(child: SourceNode, place: Place): Problem {
  const isExtension = child.name.startsWith(AWS_PREFIX);
  const known = isExtension
    ? Object.keys(EXTENSIONS).map((each) => `${AWS_PREFIX}${each}`)
    : (FIELDS[place] ?? new Set<string>());
  const meant = nearestName(child.name, known);
  return {
    rule: isExtension ? "extension-unknown" : "openapi-key-unknown",
    at: child.keyAt(),
    message: `The key ${show(child.name)} ${PLACE_WORDS[place]} is not known and may decide who gets in.`,
    fix: meant ? `Write ${meant} if that is what is meant, else remove it.` : "Remove it.",
  };
}

const PLACE_WORDS: Readonly<Record<Place, string>> = {
  root: "at the root of the document",
  path: "in a path",
  operation: "in an operation",
  scheme: "in a security scheme",
  tag: "in a tag",
  components: "in components",
};
