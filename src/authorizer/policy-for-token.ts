import { scopesOf } from "../token/scopes.ts";
import type { Claims } from "../token/token-verdict.ts";
import type { Clause, CompiledRules } from "./compiled-rules.ts";

/** A method or route ARN, cut where a policy needs it. */
export interface MethodArn {
  /** `arn:{partition}:execute-api:` */
  readonly service: string;
  /** Up to the stage, with the slash after it. */
  readonly stage: string;
  readonly method: string;
  /** As received, without leading slash. */
  readonly path: string;
}

export interface PolicyDocument {
  readonly Version: "2012-10-17";
  readonly Statement: readonly {
    readonly Effect: "Allow" | "Deny";
    readonly Action: "execute-api:Invoke";
    readonly Resource: string | readonly string[];
  }[];
}

/** Cuts `arn:aws:execute-api:us-east-1:123456789012:abcdef1234/test/GET/pets/42`; undefined for other text. */
export function cutMethodArn(arn: string): MethodArn | undefined {
  const [, stage, service, method, path] =
    /^((arn:[^:]+:execute-api:)[^:]*:[^:]*:[^/]+\/[^/]+\/)([^/]+)\/(.*)$/s.exec(arn) ?? [];
  return stage && service && method && path !== undefined ? { service, stage, method, path } : undefined;
}

/** Whether the rules let a token call one method: the most specific rule for the path decides, no rule refuses. */
export function mayCall(rules: CompiledRules | undefined, claims: Claims, { method, path }: MethodArn): boolean {
  if (!rules) return true;
  if (new RegExp(rules.ambiguous).test(path)) return false;
  const entry = rules.methods[method]?.find((each) => new RegExp(each.path).test(path));
  return entry !== undefined && meets(rules.requirements[entry.requirement], claims);
}

/**
 * What this token may call in the whole stage, so that a cached answer is right for every method the cache serves: allow
 * and deny patterns that together equal `mayCall` for every path. Without rules, everything in the stage.
 */
export function policyForToken(rules: CompiledRules | undefined, claims: Claims, arn: MethodArn): PolicyDocument {
  const { stage, service } = arn;
  if (!rules) return policy([`${stage}*/*`]);
  const met = rules.requirements.map((clauses) => meets(clauses, claims));
  const allow: string[] = [];
  const deny = new Set<string>();
  for (const [method, entries] of Object.entries(rules.methods)) {
    for (const { requirement, glob, excess, overlaps } of entries) {
      if (!met[requirement]) continue;
      allow.push(`${stage}${method}/${glob}`);
      for (const each of excess) deny.add(`${stage}${method}/${each}`);
      for (const other of overlaps) {
        if (met[entries[other.entry]?.requirement ?? -1]) continue;
        for (const each of other.deny) deny.add(`${stage}${method}/${each}`);
      }
    }
  }
  if (allow.length === 0) return denyAll(stage);
  if (allow.some((each) => each.includes("*"))) {
    deny.add(`${stage}*/?*/`);
    for (const each of rules.ambiguousGlobs) deny.add(`${service}*:*:${each}`);
  }
  return policy(allow, [...deny]);
}

/** Only the method asked for. A path with wildcards of its own would allow more than was judged: denied. */
export function policyForMethod(rules: CompiledRules | undefined, claims: Claims, arn: MethodArn): PolicyDocument {
  const { stage, method, path } = arn;
  return mayCall(rules, claims, arn) && !/[*?]|\$\{/.test(path)
    ? policy([`${stage}${method}/${path}`])
    : denyAll(stage);
}

export function denyAll(stage: string): PolicyDocument {
  return policy([], [`${stage}*`]);
}

function policy(allow: readonly string[], deny: readonly string[] = []): PolicyDocument {
  const Statement = [statement("Allow", allow), statement("Deny", deny)].filter((each) => each.Resource.length > 0);
  return { Version: "2012-10-17", Statement };
}

function statement(Effect: "Allow" | "Deny", resources: readonly string[]) {
  const [only] = resources;
  const Resource = resources.length === 1 && only ? only : resources;
  return { Effect, Action: "execute-api:Invoke", Resource } as const;
}

function meets(clauses: readonly Clause[] | undefined, claims: Claims): boolean {
  // No clauses at all is a broken file; an empty list takes any token.
  return !!clauses?.every(({ claim, anyOf, allOf = [] }) => {
    const held: readonly unknown[] = claim === "scope" ? scopesOf(claims).scopes : [claims[claim]].flat();
    const holds = (each: unknown): boolean => held.includes(each);
    return (anyOf ? anyOf.some(holds) : allOf.length > 0) && allOf.every(holds);
  });
}
