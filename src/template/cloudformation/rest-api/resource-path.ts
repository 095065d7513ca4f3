import type { SourcePosition } from "../../../model/finding.ts";
import { eachUnknownKey } from "../../report.ts";
import { readText } from "../../scalar.ts";
import { show } from "../../source-node.ts";
import { createReferenceValues } from "../reference-values.ts";
import { ResourceProblems, referenced, type StackContext } from "../resources/stack-context.ts";
import type { StackResource } from "../stack.ts";

const KEYS = new Set(["ParentId", "PathPart", "RestApiId"]);

/** A resource whose way to the root is known. */
export interface PlacedResource {
  readonly id: string;
  /** e.g. `/pets/{petId}`; `/` for the root. */
  readonly path: string;
  readonly at: SourcePosition;
}

interface Declared {
  readonly resource: StackResource;
  readonly parentId: unknown;
  readonly pathPart: string | undefined;
}

/**
 * The root and every AWS::ApiGateway::Resource of an API by id, each after its parent. One whose place is not known
 * refuses the API: requests to it would go to a wider neighbour, under other rules.
 */
export function readResourcePaths(
  api: StackResource,
  resources: readonly StackResource[],
  context: StackContext,
): Map<string, PlacedResource> {
  const { refOf, report } = context;
  const placed = new Map<string, PlacedResource>();
  const rootId = createReferenceValues(context.place)(referenced(api)).attribute("RootResourceId") ?? "";
  placed.set(rootId, { id: rootId, path: "/", at: api.at });
  const children = new Map<unknown, Declared[]>();
  for (const resource of resources) {
    const declared = readDeclared(resource, api.logicalId, context);
    children.set(declared.parentId, [...(children.get(declared.parentId) ?? []), declared]);
  }
  // The map grows while it is walked: every resource is reached once, and a circle never.
  for (const parent of placed.values()) {
    const taken = new Set<string>();
    for (const { resource, pathPart } of children.get(parent.id) ?? []) {
      const { logicalId, at } = resource;
      if (pathPart === undefined) continue;
      if (taken.has(pathPart)) {
        const message = `${logicalId} has the PathPart ${show(pathPart)}, which another resource below ${parent.path} has too.`;
        const problem = { rule: "resource-path-conflict", at, message, fix: "Keep one of the two." };
        report.refuseApi(problem, api.logicalId);
      }
      taken.add(pathPart);
      const path = `${parent.path === "/" ? "" : parent.path}/${pathPart}`;
      const partAt = resource.properties.get("PathPart")?.at() ?? at;
      placed.set(refOf(resource), { id: refOf(resource), path, at: partAt });
    }
  }
  for (const { resource, parentId, pathPart } of [...children.values()].flat()) {
    if (placed.has(refOf(resource)) || pathPart === undefined) continue;
    const node = resource.properties.get("ParentId");
    const message = `ParentId of ${resource.logicalId} is ${show(parentId)}, which does not lead to the root of ${api.logicalId}.`;
    const problem = { rule: "resource-parent-unknown", at: node?.at() ?? resource.at, message };
    report.refuseApi({ ...problem, fix: "Write Fn::GetAtt: [API, RootResourceId], or Ref: RESOURCE." }, api.logicalId);
  }
  return placed;
}

function readDeclared(resource: StackResource, apiLogicalId: string, { report }: StackContext): Declared {
  const { properties, logicalId } = resource;
  const problems = new ResourceProblems(resource);
  eachUnknownKey(properties, KEYS, (child, fix) => {
    const message = `The resource ${logicalId} has the unknown property ${show(child.name)}.`;
    problems.add("resource-property-unknown", child, message, fix);
  });
  const parent = properties.get("ParentId");
  if (!parent) problems.missing("ParentId", "the id of another resource or of the root");
  const part = properties.get("PathPart");
  if (!part) problems.missing("PathPart", "one part of a path, e.g. pets or {petId}");
  let pathPart = typeof part?.value === "number" ? String(part.value) : readText(part, problems.invalid);
  if (part && pathPart?.includes("/")) {
    problems.invalid(part, show(pathPart), "one part of a path, without a slash");
    pathPart = undefined;
  }
  for (const problem of problems.all) report.refuseApi(problem, apiLogicalId);
  return { resource, parentId: parent?.value, pathPart };
}
