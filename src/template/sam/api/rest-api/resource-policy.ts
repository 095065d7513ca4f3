import type { SourcePosition } from "../../../../model/finding.ts";
import { isMapping } from "../../../source-node.ts";
import { isSame, isTruthy, member, sub } from "../../intrinsic.ts";
import { type Made, mapping } from "../../sam-template.ts";
import { ANY_METHOD } from "../definition-paths.ts";
import { worded } from "../subject.ts";
import type { RestDefinition } from "./definition.ts";

const VPC_LISTS: Readonly<Record<"Blacklist" | "Whitelist", readonly string[]>> = {
  Blacklist: ["SourceVpcBlacklist", "IntrinsicVpcBlacklist", "IntrinsicVpceBlacklist"],
  Whitelist: ["SourceVpcWhitelist", "IntrinsicVpcWhitelist", "IntrinsicVpceWhitelist"],
};

const POLICY = "x-amazon-apigateway-policy";

/** Adds what a `ResourcePolicy` says of one path to the API's policy, in SAM's order. */
export function addResourcePolicy(definition: RestDefinition, policy: unknown, path: string, stage: unknown): void {
  const { subject } = definition;
  if (!isMapping(policy)) throw subject.structureRefusal("Resource Policy is not a valid dictionary.");
  const statements = new PolicyStatements(definition);
  const resources = resourcesOf(definition, path, stage);
  const at = (key: string) => subject.sam.at(policy, key, subject.at);

  for (const [key, effect] of [
    ["AwsAccountWhitelist", "Allow"],
    ["AwsAccountBlacklist", "Deny"],
  ] as const) {
    const accounts = policy[key];
    if (!isTruthy(accounts)) continue;
    if (!Array.isArray(accounts) && !isMapping(accounts)) {
      throw subject.structureRefusal(`Type of '${worded(accounts)}' must be a list or dictionary`, [policy, key]);
    }
    statements.addAccounts(effect, resources, Array.isArray(accounts) ? accounts : [accounts], at(key));
  }
  for (const [key, operator] of [
    ["IpRangeWhitelist", "NotIpAddress"],
    ["IpRangeBlacklist", "IpAddress"],
  ] as const) {
    const ranges = policy[key];
    if (!isTruthy(ranges)) continue;
    const condition = mapping({ "aws:SourceIp": Array.isArray(ranges) ? ranges : [ranges] });
    statements.addFence(resources, mapping({ [operator]: condition }), at(key));
  }
  for (const [list, operator] of [
    ["Blacklist", "StringEquals"],
    ["Whitelist", "StringNotEquals"],
  ] as const) {
    const condition = vpcCondition(definition, policy, list);
    if (condition === undefined) continue;
    const given = Object.keys(policy).find((key) => VPC_LISTS[list].includes(key));
    statements.addFence(resources, mapping({ [operator]: condition }), given === undefined ? subject.at : at(given));
  }
  statements.write();
}

/** Adds a user's own statements to the API's policy: as they are when they are the first, else each once. */
export function addCustomStatements(definition: RestDefinition, policy: Made): void {
  const { subject } = definition;
  const custom = policy.CustomStatements;
  const at = subject.place([policy, "CustomStatements"]);
  const statements = new PolicyStatements(definition);
  if (statements.isEmpty) {
    statements.writeAs(custom, at);
    return;
  }
  const each = Array.isArray(custom) ? custom : [custom];
  for (const [index, statement] of each.entries()) statements.addOnce(statement, subject.sam.at(each, index, at));
  statements.write();
}

/** The statements of a definition's policy in the making. */
class PolicyStatements {
  readonly #definition: RestDefinition;
  readonly #policy: Made;
  readonly #places: { statement: unknown; at: SourcePosition }[] = [];
  #isAlone = false;

  constructor(definition: RestDefinition) {
    this.#definition = definition;
    const { sam } = definition.subject;
    this.#policy = definition.part(POLICY);
    const before = member(this.#policy, "Statement");
    if (before === undefined) return;
    this.#isAlone = !Array.isArray(before);
    const at = sam.at(this.#policy, "Statement", definition.subject.at);
    for (const [index, statement] of (Array.isArray(before) ? before : [before]).entries()) {
      this.#places.push({ statement, at: Array.isArray(before) ? sam.at(before, index, at) : at });
    }
  }

  get isEmpty(): boolean {
    return this.#places.length === 0;
  }

  /** Who may, or may not, call: the accounts' principals. The first one stands alone, in no list (C). */
  addAccounts(
    effect: "Allow" | "Deny",
    resources: readonly unknown[],
    accounts: readonly unknown[],
    at: SourcePosition,
  ) {
    this.#isAlone = this.isEmpty;
    this.#places.push({ statement: this.#statement(effect, resources, mapping({ AWS: accounts })), at });
  }

  /** Everyone may call, but not where the condition holds. */
  addFence(resources: readonly unknown[], condition: Made, at: SourcePosition): void {
    this.addOnce(this.#statement("Allow", resources, "*"), at);
    this.addOnce(Object.assign(this.#statement("Deny", resources, "*"), { Condition: condition }), at);
  }

  addOnce(statement: unknown, at: SourcePosition): void {
    this.#isAlone = false;
    if (this.#places.some((each) => isSame(each.statement, statement))) return;
    this.#places.push({ statement, at });
  }

  #statement(effect: string, resources: readonly unknown[], principal: unknown): Made {
    return mapping({ Effect: effect, Action: "execute-api:Invoke", Resource: resources, Principal: principal });
  }

  write(): void {
    const { origins } = this.#definition.subject.sam;
    const [first] = this.#places;
    if (first === undefined) this.#definition.body[POLICY] = this.#policy;
    else if (this.#isAlone) this.writeAs(first.statement, first.at);
    else {
      const list = this.#places.map(({ statement }) => statement);
      for (const [index, { at }] of this.#places.entries()) origins.set(list, index, at);
      this.writeAs(list, first.at);
    }
  }

  writeAs(statement: unknown, at: SourcePosition): void {
    this.#policy.Version = "2012-10-17";
    this.#policy.Statement = statement;
    this.#definition.subject.sam.origins.set(this.#policy, "Statement", at);
    this.#definition.body[POLICY] = this.#policy;
  }
}

/** What a policy names the methods of a path by; path parameters match anything. */
function resourcesOf(definition: RestDefinition, path: string, stage: unknown): Made[] {
  const methods = definition.items(path).flatMap((item) => definition.keysOf(item));
  return methods.map((method) => {
    const lower = method.toLowerCase();
    const verb = lower === ANY_METHOD || lower === "any" ? "*" : method.toUpperCase();
    return sub(`execute-api:/\${__Stage__}/${verb}${withoutPathParameters(path)}`, mapping({ __Stage__: stage }));
  });
}

/** `/pets/{petId}` → `/pets/*`. */
export function withoutPathParameters(path: string): string {
  return path.replace(/\{(?:[a-zA-Z0-9._-]+|[a-zA-Z0-9._-]+\+|proxy\+)\}/g, "*");
}

function vpcCondition({ subject }: RestDefinition, policy: Made, list: "Blacklist" | "Whitelist"): Made | undefined {
  const vpcs: unknown[] = [];
  const endpoints: unknown[] = [];
  const named = member(policy, `SourceVpc${list}`);
  if (named !== undefined) {
    if (!Array.isArray(named) || !named.every((each) => typeof each === "string")) {
      throw subject.structureRefusal(
        `SourceVpc${list} must be a list of strings. Use IntrinsicVpc${list} instead for values that use Intrinsic Functions`,
        [policy, `SourceVpc${list}`],
      );
    }
    endpoints.push(...named.filter((each) => each.startsWith("vpce-")));
    vpcs.push(...named.filter((each) => each.startsWith("vpc-")));
  }
  for (const [key, into] of [
    [`IntrinsicVpc${list}`, vpcs],
    [`IntrinsicVpce${list}`, endpoints],
  ] as const) {
    const values = member(policy, key);
    if (values === undefined) continue;
    if (!Array.isArray(values)) {
      throw subject.refusal(`Property 'ResourcePolicy.${key}' should be a list.`, [policy, key]);
    }
    into.push(...values);
  }
  if (vpcs.length === 0 && endpoints.length === 0) return undefined;
  // An empty list of one kind stands beside a filled one of the other (C).
  const isNamed = (values: readonly unknown[], kind: string): boolean =>
    values.length > 0 || member(policy, `Intrinsic${kind}${list}`) !== undefined;
  return mapping({
    ...(isNamed(vpcs, "Vpc") && { "aws:SourceVpc": vpcs }),
    ...(isNamed(endpoints, "Vpce") && { "aws:SourceVpce": endpoints }),
  });
}
