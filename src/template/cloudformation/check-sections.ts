import { nearestName } from "../nearest-name.ts";
import type { Report } from "../report.ts";
import { type SourceNode, show } from "../source-node.ts";

/** What a template may have at its top level (D: CloudFormation, "Template sections"); `Globals` is SAM's. */
const SECTIONS = [
  "AWSTemplateFormatVersion",
  "Conditions",
  "Description",
  "Hooks",
  "Mappings",
  "Metadata",
  "Outputs",
  "Parameters",
  "Resources",
  "Rules",
  "Transform",
];

/** Refuses what stands at the top level of a template and is not read: it may be what decides who gets in. */
export function checkSections(root: SourceNode, report: Report, isSam: boolean): void {
  for (const node of root.entries()) {
    if (SECTIONS.includes(node.name) || node.name === "Fn::Transform" || (isSam && node.name === "Globals")) continue;
    const meant = nearestName(node.name, SECTIONS);
    // (D) CloudFormation refuses a template with a section that it does not know.
    const message = `The template has the section ${show(node.name)}, which CloudFormation does not know.`;
    const fix = meant ? `Write ${meant} if that is what is meant, else remove it.` : "Remove it.";
    report.stopLoad({ rule: "template-section-unknown", at: node.keyAt(), message, fix });
  }
  refuseTopLevelIncludes(root, report);
}

/** (D) An include at the top level puts whole sections into the template: they are not read, and may hold anything. */
function refuseTopLevelIncludes(root: SourceNode, report: Report): void {
  const transform = root.get("Transform");
  const given = transform?.isList ? transform.items() : transform ? [transform] : [];
  const includes = given.filter((node) => (node.isMapping ? node.get("Name")?.value : node.value) === "AWS::Include");
  for (const node of [...includes, root.get("Fn::Transform")]) {
    if (node === undefined) continue;
    const message = "The template includes a file at its top level, which is not read.";
    const fix = "Write what the file holds into the template, or include it inside a section.";
    report.stopLoad({ rule: "template-include-invalid", at: node.at(), message, fix });
  }
}
