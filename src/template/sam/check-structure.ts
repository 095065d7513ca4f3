import { eachUnknownKey } from "../report.ts";
import { isMapping, type SourceNode, show } from "../source-node.ts";
import { isTruthy } from "./intrinsic.ts";
import { invalidTemplate } from "./parameters.ts";
import { SamRefusal } from "./sam-refusal.ts";
import { resourceRefusal } from "./sam-resource.ts";
import type { Made, SamTemplate } from "./sam-template.ts";

/** Sections of a template (D: SAM template anatomy). */
const SECTIONS: ReadonlySet<string> = new Set([
  "AWSTemplateFormatVersion",
  "Transform",
  "Globals",
  "Description",
  "Metadata",
  "Parameters",
  "Rules",
  "Mappings",
  "Conditions",
  "Hooks",
  "Resources",
  "Outputs",
]);

/** Attributes of a resource of SAM (D: Resource attributes; Connectors, IgnoreGlobals). */
const ATTRIBUTES: ReadonlySet<string> = new Set([
  "Type",
  "Properties",
  "DependsOn",
  "Condition",
  "DeletionPolicy",
  "UpdatePolicy",
  "UpdateReplacePolicy",
  "CreationPolicy",
  "Metadata",
  "Connectors",
  "IgnoreGlobals",
]);

const EVENT_MEMBERS: ReadonlySet<string> = new Set(["Type", "Properties"]);

/** Refuses resources that are no mappings, and properties of SAM's that are none. */
export function checkStructure(sam: SamTemplate, template: SourceNode): void {
  const resources = template.get("Resources");
  if (!resources?.isMapping || resources.entries().length === 0) {
    const at = (resources ?? template).at();
    throw invalidTemplate(at, "'Resources' section is required", "Describe at least one resource.");
  }
  for (const node of resources.entries()) {
    if (node.isMapping) continue;
    if (node.name.startsWith("Fn::ForEach::")) {
      const message = `${node.name} makes resources before SAM expands them, which is not done here.`;
      const fix = "Write the resources out, or load the template that AWS makes of this one.";
      throw new SamRefusal(node.keyAt(), "sam-loop-unsupported", message, fix);
    }
    throw invalidTemplate(
      node.at(),
      "All 'Resources' must be Objects. If you're using YAML, this may be an indentation issue.",
      `Write ${node.name} as a mapping with a Type; found ${show(node.value)}.`,
    );
  }
  for (const logicalId of Object.keys(sam.resources)) {
    const resource = sam.resources[logicalId] as Made;
    const condition = resource.Condition;
    if (isTruthy(condition) && typeof condition !== "string") {
      const at = sam.at(resource, "Condition");
      throw invalidTemplate(at, "Every Condition member must be a string.", "Name a condition.");
    }
    if (!isSamType(resource.Type)) continue;
    if (Object.hasOwn(resource, "Properties") && !isMapping(resource.Properties)) {
      const at = sam.at(resource, "Properties");
      throw resourceRefusal(logicalId, at, "Attribute 'Properties' should be a map.", "Write a mapping.");
    }
  }
  for (const section of ["Mappings", "Parameters"]) {
    if (!Object.hasOwn(sam.body, section) || isMapping(sam.body[section])) continue;
    const message = "'Mappings' or 'Parameters' is either null or not a valid dictionary.";
    throw invalidTemplate(sam.at(sam.body, section), message, `Write ${section} as a mapping, or remove it.`);
  }
}

export function isSamType(type: unknown): type is string {
  return typeof type === "string" && type.startsWith("AWS::Serverless::");
}

/**
 * Refuses names that nobody reads: with one letter wrong in Properties or Globals, SAM would leave out an API's Auth
 * without a word.
 */
export function checkNames(sam: SamTemplate, template: SourceNode): void {
  refuseOthers(sam, template, SECTIONS, "section of the template");
  for (const resource of template.get("Resources")?.entries() ?? []) {
    if (!isSamType(resource.get("Type")?.value)) continue;
    refuseOthers(sam, resource, ATTRIBUTES, `attribute of ${resource.name}`);
    for (const event of resource.get("Properties")?.get("Events")?.entries() ?? []) {
      refuseOthers(sam, event, EVENT_MEMBERS, `member of the event ${event.name}`);
    }
  }
}

function refuseOthers(sam: SamTemplate, node: SourceNode, known: ReadonlySet<string>, what: string): void {
  eachUnknownKey(node, known, (child, advice) => {
    sam.refuse(child.keyAt(), "sam-name-unknown", `${child.name} is no ${what} that SAM reads.`, advice);
  });
}
