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
export const cutMethodArn = (arn: string): MethodArn | undefined =>
  METHOD_ARN.exec(arn)?.groups as MethodArn | undefined; // the groups have the names of the members

const METHOD_ARN =
  /^(?<stage>(?<service>arn:[^:]+:execute-api:)[^:]*:[^:]*:[^/]+\/[^/]+\/)(?<method>[^/]+)\/(?<path>.*)$/s;

/** Whether the rules let a token call one method: the most specific rule for the path decides, no rule refuses. */
export function mayCall(rules: CompiledRules | undefined, claims: Claims, { method, path }: MethodArn): boolean {
  if (!rules) return true;
  const entry = rules.methods[method]?.find(([, pattern]) => new RegExp(pattern).test(path));
  return !!entry && !new RegExp(rules.ambiguous).test(path) && meets(rules.requirements[entry[0]], claims);
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
  const deny: string[] = [];
  for (const [method, entries] of Object.entries(rules.methods)) {
    for (const [requirement, , glob, ...exceptions] of entries) {
      if (!met[requirement]) continue;
      allow.push(`${stage}${method}/${glob}`);
      for (const [unless, ...globs] of exceptions) {
        if (!met[unless]) deny.push(...globs.map((each) => `${stage}${method}/${each}`));
      }
    }
  }
  if (!allow[0]) return denyAll(stage);
  if (allow.join().includes("*")) {
    deny.push(...rules.ambiguousGlobs.map((each) => `${service}*:*:${each}`));
  }
  return policy(allow, [...new Set(deny)]);
}

/** Only the method asked for. A path with wildcards of its own would allow more than was judged: denied. */
export function policyForMethod(rules: CompiledRules | undefined, claims: Claims, arn: MethodArn): PolicyDocument {
  const { stage, method, path } = arn;
  const isAllowed = mayCall(rules, claims, arn) && !/[*?]|\$\{/.test(path);
  return isAllowed ? policy([`${stage}${method}/${path}`]) : denyAll(stage);
}

export const denyAll = (stage: string): PolicyDocument => policy([], [`${stage}*`]);

const policy = (allow: readonly string[], deny: readonly string[] = []): PolicyDocument => ({
  Version: "2012-10-17",
  Statement: [...statement("Allow", allow), ...statement("Deny", deny)],
});

const statement = (Effect: "Allow" | "Deny", resources: readonly string[]): PolicyDocument["Statement"] => {
  const [only, another] = resources;
  return only ? [{ Effect, Action: "execute-api:Invoke", Resource: another ? resources : only }] : [];
};

const meets = (clauses: readonly Clause[] | undefined, claims: Claims): boolean =>
  // No clauses at all is a broken file; an empty list takes any token.
  !!clauses?.every(({ claim, anyOf }) => {
    const held: readonly unknown[] = claim === "scope" ? scopesOf(claims) : [claims[claim]].flat();
    return anyOf.some((each) => held.includes(each));
  });
