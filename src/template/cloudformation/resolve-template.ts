import type { SourcePosition } from "../../model/finding.ts";
import { derivedDocument, Origins } from "../derived-document.ts";
import type { SourceDocument } from "../document.ts";
import { nearestName } from "../nearest-name.ts";
import { Report } from "../report.ts";
import { SourceNode, show } from "../source-node.ts";
import { Conditions } from "./conditions.ts";
import { expandForEach } from "./for-each.ts";
import { includedMembers } from "./include.ts";
import { resolveFunction } from "./intrinsics.ts";
import { readParameters } from "./parameters.ts";
import type { ReferenceValues, ResolvedStack, StackResource } from "./stack.ts";
import type { ResolveTemplateOptions } from "./stack-readers.ts";

/** AWS's bound on one template (D: CloudFormation quotas); more is warned about. */
export const MAX_RESOURCES = 500;
/** Functions inside each other. */
export const MAX_NESTING = 100;
/** Characters that one Sub or Join may make. */
export const MAX_TEXT_CHARACTERS = 4 * 1024 * 1024;

/** What `AWS::NoValue` resolves to: the member or item that holds it is left out. */
export const NO_VALUE: unique symbol = Symbol("AWS::NoValue");

/** The key of a value that could not be resolved, followed by the function's name: a mapping, so that it is never taken for text. */
export const UNRESOLVED = "Unresolved::";

/**
 * Resolves a CloudFormation template for one set of parameters: what is left are resources whose conditions hold, with
 * plain properties that still point at what the user wrote. Never throws for what stands in the template.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
 */
export function resolveTemplate(document: SourceDocument, options: ResolveTemplateOptions): ResolvedStack {
  const report = new Report();
  const root = SourceNode.root(document);
  const files = new Set<string>();
  noteRules(root, report);
  const parameters = readParameters(root.get("Parameters"), options.parameters, report);
  const scope = new Scope(root, options, parameters, report, files);
  const resources: StackResource[] = [];
  const declared = scope.resources();
  if (declared.length > MAX_RESOURCES) {
    const message = `The template has ${declared.length} resources, AWS allows ${MAX_RESOURCES}.`;
    const at = root.get("Resources")?.keyAt() ?? root.at();
    report.note("warning", { rule: "template-too-many-resources", at, message, fix: "Split the stack." });
  }
  for (const node of declared) {
    const resource = scope.resource(node);
    if (resource !== undefined) resources.push(resource);
  }
  const secrets = [...parameters.values()].flatMap(({ value, isSecret }) => (isSecret ? value : []));
  return { resources, outputs: scope.outputs(), findings: report.findings, secrets, files: [...files] };
}

/** What resources may have beside their type (D: CloudFormation, resource attributes). */
const RESOURCE_ATTRIBUTES = [
  "Condition",
  "CreationPolicy",
  "DeletionPolicy",
  "DependsOn",
  "Description",
  "Metadata",
  "Properties",
  "Type",
  "UpdatePolicy",
  "UpdateReplacePolicy",
];

/** What every CDK app says of its own deployment. */
const CDK_RULE = "CheckBootstrapVersion";

/** (D) AWS creates no stack whose rules do not hold of its parameters; here nobody asks. */
function noteRules(root: SourceNode, report: Report): void {
  for (const rule of root.get("Rules")?.entries() ?? []) {
    if (rule.name === CDK_RULE) continue;
    const message = `The rule ${rule.name} is not checked: AWS would refuse parameters that it does not allow.`;
    const fix = "Check the parameters against it.";
    report.note("warning", { rule: "template-rule-unchecked", at: rule.keyAt(), message, fix });
  }
}

/** Everything that names can refer to while a template is resolved. */
export class Scope {
  readonly root: SourceNode;
  readonly options: ResolveTemplateOptions;
  readonly parameters: ReturnType<typeof readParameters>;
  readonly conditions: Conditions;
  readonly report: Report;
  readonly files: Set<string>;
  readonly origins = new Origins();
  /** How much was made by loops and includes, counted for all scopes together. */
  readonly made: { members: number; includes: number };
  /** Loop variables of Fn::ForEach. */
  readonly variables: ReadonlyMap<string, string>;
  readonly #declared: Map<string, DeclaredResource>;
  readonly #references: Map<string, ReferenceValues>;
  /** Resources whose properties are being resolved for a reference: meeting one again is a cycle. */
  readonly #resolving: string[];
  #depth = 0;

  constructor(
    root: SourceNode,
    options: ResolveTemplateOptions,
    parameters: Scope["parameters"],
    report: Report,
    files: Set<string>,
    outer?: { readonly scope: Scope; readonly variables: ReadonlyMap<string, string> },
  ) {
    this.root = root;
    this.options = options;
    this.parameters = parameters;
    this.report = report;
    this.files = files;
    this.variables = outer?.variables ?? new Map();
    this.made = outer?.scope.made ?? { members: 0, includes: 0 };
    if (outer === undefined) {
      this.#references = new Map();
      this.#resolving = [];
      this.conditions = new Conditions(this, root.get("Conditions"));
      // Shared with the scopes of loops, which are made while it is filled.
      this.#declared = new Map();
      for (const [name, declared] of declaredResources(root.get("Resources"), this)) this.#declared.set(name, declared);
    } else {
      this.#references = outer.scope.#references;
      this.#resolving = outer.scope.#resolving;
      this.conditions = outer.scope.conditions;
      this.#declared = outer.scope.#declared;
      this.origins = outer.scope.origins;
    }
  }

  /** The same with a loop's variables. */
  with(variables: ReadonlyMap<string, string>): Scope {
    const { root, options, parameters, report, files } = this;
    return new Scope(root, options, parameters, report, files, { scope: this, variables });
  }

  resources(): readonly DeclaredResource[] {
    return [...this.#declared.values()];
  }

  isResource(name: string): boolean {
    return this.#declared.has(name);
  }

  /** A resource with its properties resolved; undefined when its condition does not hold. */
  resource({ logicalId, node, scope }: DeclaredResource): StackResource | undefined {
    const type = node.get("Type");
    if (typeof type?.value !== "string") {
      const message = `The resource ${logicalId} has the type ${show(type?.value)}, wanted one such as AWS::Lambda::Function.`;
      this.report.stopLoad({ rule: "resource-type-missing", at: (type ?? node).at(), message, fix: "Add its Type." });
      return undefined;
    }
    this.#refuseUnknownAttributes(node, type.value);
    if (!scope.holds(node.get("Condition"))) return undefined;
    const properties = node.get("Properties");
    const metadata = node.get("Metadata");
    return {
      logicalId,
      type: type.value,
      properties: scope.resolved(properties, node, logicalId),
      metadata: metadata && scope.resolved(metadata, node, logicalId),
      at: node.keyAt(),
    };
  }

  /** CloudFormation takes no others: a misspelt one may be the condition under which the resource exists. */
  #refuseUnknownAttributes(node: SourceNode, type: string): void {
    for (const { name } of node.entries()) {
      if (RESOURCE_ATTRIBUTES.includes(name)) continue;
      const meant = nearestName(name, RESOURCE_ATTRIBUTES);
      if (meant === undefined && name !== "Fn::Transform" && !type.startsWith("AWS::ApiGateway")) continue;
      const message = `The resource ${node.name} has ${show(name)} beside its Type, which CloudFormation does not know there.`;
      const at = node.get(name)?.keyAt() ?? node.at();
      const fix = meant ? `Write ${meant}.` : "Remove it.";
      this.report.stopLoad({ rule: "resource-attribute-unknown", at, message, fix });
    }
  }

  /** Whether the condition named by a Condition attribute holds; true without one. */
  holds(condition: SourceNode | undefined): boolean {
    if (condition === undefined) return true;
    if (typeof condition.value === "string") return this.conditions.holds(condition.value, condition);
    const message = `Condition is ${show(condition.value)}, wanted the name of a condition.`;
    this.report.stopLoad({ rule: "condition-invalid", at: condition.at(), message, fix: "Name a condition." });
    return false;
  }

  outputs(): Readonly<Record<string, unknown>> {
    const outputs: Record<string, unknown> = Object.create(null);
    for (const { logicalId: name, node, scope } of declaredResources(this.root.get("Outputs"), this).values()) {
      if (!scope.holds(node.get("Condition"))) continue;
      const value = node.get("Value");
      if (value === undefined) continue;
      const resolved = scope.resolve(value);
      if (resolved !== NO_VALUE) outputs[name] = resolved;
    }
    return outputs;
  }

  /** Resolved values of a section, as a document of its own whose places are those of the template. */
  resolved(section: SourceNode | undefined, owner: SourceNode, logicalId: string): SourceNode {
    const before = this.report.findings.length;
    const value = section === undefined ? {} : this.resolve(section);
    // What went wrong inside belongs to this resource.
    for (let at = before; at < this.report.findings.length; at++) {
      const finding = this.report.findings[at];
      if (finding?.effect === "none" && finding.logicalId === undefined) {
        this.report.findings[at] = { ...finding, logicalId };
      }
    }
    const at = (section ?? owner).keyAt();
    return SourceNode.root(derivedDocument(value === NO_VALUE ? {} : value, this.origins, at));
  }

  /** The plain value of a node with every function in it resolved. */
  resolve(node: SourceNode): unknown {
    if (this.#depth >= MAX_NESTING) {
      return this.unresolved(node, "Nesting", `Functions are nested more than ${MAX_NESTING} deep.`, "Simplify them.");
    }
    this.#depth++;
    try {
      if (node.isList) return this.#resolveList(node);
      if (!node.isMapping) return node.value;
      const members = node.entries();
      const [only] = members;
      if (only !== undefined && members.length === 1 && isFunctionName(only.name)) {
        if (only.name.startsWith("Fn::ForEach::")) return this.#resolveMembers(members);
        return resolveFunction(only, this);
      }
      return this.#resolveMembers(members);
    } finally {
      this.#depth--;
    }
  }

  #resolveList(node: SourceNode): unknown[] {
    const made: unknown[] = [];
    this.origins.follow(made, node);
    for (const item of node.items()) {
      const value = this.resolve(item);
      if (value === NO_VALUE) continue;
      const index = made.push(value) - 1;
      if (index !== item.key) this.origins.set(made, index, item);
    }
    return made;
  }

  #resolveMembers(members: readonly SourceNode[]): unknown {
    const made: Record<string, unknown> = Object.create(null);
    const source = members[0]?.parent;
    if (source) this.origins.follow(made, source);
    const add = (name: string, value: unknown, from: SourceNode): void => {
      if (value === NO_VALUE) return;
      made[name] = value;
      if (from.parent !== source || from.name !== name) this.origins.set(made, name, from);
    };
    for (const member of members) {
      if (member.name.startsWith("Fn::ForEach::")) {
        for (const each of expandForEach(member, this)) add(each.key, each.scope.resolve(each.node), each.node);
        continue;
      }
      if (member.name === "Fn::Transform") {
        for (const each of includedMembers(member, this)) add(each.name, this.resolve(each), each);
        continue;
      }
      if (isFunctionName(member.name) && members.length > 1 && member.name !== "Condition") {
        const message = `The function ${member.name} stands beside other keys in one mapping.`;
        add(member.name, this.unresolved(member, member.name, message, "Give it a mapping of its own."), member);
        continue;
      }
      add(member.name, this.resolve(member), member);
    }
    return made;
  }

  /** Ref and GetAtt of a resource; undefined when there is none, or not under these conditions. */
  reference(logicalId: string, from: SourceNode): ReferenceValues | undefined {
    const known = this.#references.get(logicalId);
    const declared = this.#declared.get(logicalId);
    if (declared === undefined) return undefined;
    // (D) Conditions are worked out before there are resources.
    if (this.conditions.refusesUnknown(`the resource ${logicalId}`, "Compare parameters and mappings."))
      return undefined;
    if (known !== undefined) return known;
    if (!declared.scope.holds(declared.node.get("Condition"))) return undefined;
    const type = declared.node.get("Type")?.value;
    const values = this.options.referenceValues({
      logicalId,
      type: typeof type === "string" ? type : "",
      property: (name) => {
        const property = declared.node.get("Properties")?.get(name);
        if (property === undefined) return undefined;
        if (this.#resolving.includes(logicalId)) {
          const cycle = [...this.#resolving.slice(this.#resolving.indexOf(logicalId)), logicalId].join(" → ");
          const message = `The resources refer to each other in a circle: ${cycle}.`;
          this.report.stopLoad({ rule: "reference-cycle", at: from.at(), message, fix: "Break the circle." });
          return undefined;
        }
        this.#resolving.push(logicalId);
        try {
          const value = declared.scope.resolve(property);
          return value === NO_VALUE ? undefined : value;
        } finally {
          this.#resolving.pop();
        }
      },
    });
    const remembered = withMemory(values);
    this.#references.set(logicalId, remembered);
    return remembered;
  }

  /** Reports what cannot be resolved; the value that stands for it is a mapping, which no reader takes for text. */
  unresolved(node: SourceNode, what: string, message: string, fix: string): Record<string, unknown> {
    this.problem("template-function-invalid", node.at(), message, fix);
    return { [`${UNRESOLVED}${what}`]: true };
  }

  unknownName(node: SourceNode, name: string): Record<string, unknown> {
    if (this.#declared.has(name)) {
      // CloudFormation refuses such a template ("Unresolved resource dependencies") (C).
      const message = `The resource ${name} does not exist: its condition does not hold.`;
      this.problem("template-name-unknown", node.at(), message, "Refer to it under the same condition only (Fn::If).");
      return { [`${UNRESOLVED}Ref`]: name };
    }
    // A parameter that has no usable value is declared all the same, and is told as that.
    if (this.root.get("Parameters")?.get(name) !== undefined) return { [`${UNRESOLVED}Ref`]: name };
    const meant = nearestName(name, [...this.#declared.keys(), ...this.parameters.keys()]);
    const message = `${JSON.stringify(name)} is no parameter or resource of this template.`;
    this.problem(
      "template-name-unknown",
      node.at(),
      message,
      meant ? `Write ${meant} if that is meant.` : "Correct the name.",
    );
    return { [`${UNRESOLVED}Ref`]: name };
  }

  problem(rule: string, at: SourcePosition, message: string, fix: string): void {
    this.report.findings.push({ severity: "error", effect: "none", rule, at, message, fix });
  }
}

/** Each attribute is worked out once: attributes that are made of others would double the work at every step. */
function withMemory({ attribute, ...values }: ReferenceValues): ReferenceValues {
  const known = new Map<string, string | undefined>();
  return {
    ...values,
    attribute: (name) => {
      if (!known.has(name)) known.set(name, attribute(name));
      return known.get(name);
    },
  };
}

/** A resource or output as declared, with the loop variables it was made under. */
export interface DeclaredResource {
  readonly logicalId: string;
  readonly node: SourceNode;
  readonly scope: Scope;
}

function declaredResources(section: SourceNode | undefined, scope: Scope): ReadonlyMap<string, DeclaredResource> {
  const declared = new Map<string, DeclaredResource>();
  const add = (logicalId: string, node: SourceNode, own: Scope): void => {
    if (!declared.has(logicalId)) {
      declared.set(logicalId, { logicalId, node, scope: own });
      return;
    }
    const message = `${logicalId} is declared twice, once by Fn::ForEach.`;
    scope.report.stopLoad({ rule: "template-name-twice", at: node.keyAt(), message, fix: "Rename one." });
  };
  for (const node of section?.entries() ?? []) {
    if (node.name.startsWith("Fn::ForEach::")) {
      for (const each of expandForEach(node, scope)) add(each.key, each.node, each.scope);
    } else if (node.name === "Fn::Transform") {
      for (const each of includedMembers(node, scope)) add(each.name, each, scope);
    } else add(node.name, node, scope);
  }
  return declared;
}

function isFunctionName(name: string): boolean {
  return name === "Ref" || name.startsWith("Fn::") || name === "Condition";
}
