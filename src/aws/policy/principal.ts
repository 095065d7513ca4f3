import { parseArn } from "../arn.ts";

/** Who asks, as the judge of a resource policy sees it. */
export type Principal =
  | { readonly type: "anonymous" }
  | {
      readonly type: "aws";
      /** The caller's ARN: a user, or an assumed-role session. */
      readonly arn: string;
      readonly accountId: string;
      /** For a session, the ARN of the role behind it. */
      readonly roleArn?: string;
      /** A user's unique id (`AIDA…`); for a session, its role's (`AROA…`). */
      readonly uniqueId?: string;
      /** A permissions boundary is attached to the user, or to the session's role. */
      readonly isBounded?: boolean;
    }
  | { readonly type: "service"; readonly service: string }
  | { readonly type: "federated"; readonly provider: string };

/** Principal, or NotPrincipal when `not`. */
export interface PrincipalElement {
  readonly not: boolean;
  /** `"*"` or `{"AWS": "*"}`: everyone, the anonymous included (D). */
  readonly everyone: boolean;
  readonly accounts: ReadonlySet<string>;
  /** ARNs and unique ids, compared exactly: no wildcards (D). */
  readonly identities: ReadonlySet<string>;
  readonly services: ReadonlySet<string>;
  readonly providers: ReadonlySet<string>;
  /** As written, for evidence. */
  readonly expected: readonly string[];
}

/**
 * How a Principal element came to match. Naming a whole account is a weaker grant than naming an identity, and naming the
 * role behind a session weaker than naming the session.
 */
export type PrincipalMatch = "everyone" | "account" | "role" | "identity";

/** Something in a Principal element that is not understood; `path` is relative to the element. */
export interface PrincipalProblem {
  readonly path: string;
  readonly found: unknown;
  readonly wanted: string;
}

const ACCOUNT = /^\d{12}$/;
const UNIQUE_ID = /^A[A-Z0-9]{15,127}$/;

/**
 * Reads `"*"`, `{"AWS": …}`, `{"Service": …}` and `{"Federated": …}`.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
 */
export function parsePrincipal(value: unknown, not: boolean): PrincipalElement | PrincipalProblem {
  const accounts = new Set<string>();
  const identities = new Set<string>();
  const services = new Set<string>();
  const providers = new Set<string>();
  const expected: string[] = [];
  let everyone = false;
  const built = (): PrincipalElement => ({ not, everyone, accounts, identities, services, providers, expected });
  if (value === "*") {
    everyone = true;
    expected.push("*");
    return built();
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { path: "", found: value, wanted: '"*" or an object with AWS, Service or Federated' };
  }
  for (const [type, listed] of Object.entries(value as Record<string, unknown>)) {
    const path = `.${type}`;
    if (type !== "AWS" && type !== "Service" && type !== "Federated") {
      return { path, found: type, wanted: "AWS, Service or Federated" };
    }
    const names: readonly unknown[] = Array.isArray(listed) ? listed : [listed];
    for (const name of names) {
      if (typeof name !== "string" || name === "") return { path, found: name, wanted: "text, or a list of texts" };
      expected.push(`${type}: ${name}`);
      if (type === "AWS" && name === "*") everyone = true;
      else if (/[*?]/.test(name)) return { path, found: name, wanted: "a whole name: principals take no wildcards" };
      else if (type === "Service") services.add(name);
      else if (type === "Federated") providers.add(name);
      else if (ACCOUNT.test(name)) accounts.add(name);
      else if (UNIQUE_ID.test(name)) identities.add(name);
      else {
        const arn = parseArn(name);
        if (arn === undefined) return { path, found: name, wanted: "an account id, an ARN or *" };
        if (arn.service === "iam" && arn.resource === "root") accounts.add(arn.accountId);
        else identities.add(name);
      }
    }
  }
  return built();
}

/**
 * How the element of a statement with this effect matches a caller; undefined when it does not. NotPrincipal matches whoever
 * is not listed, and the two effects read "listed" each in its strict way: an Allow leaves out a caller who is listed by any
 * of account, role and own name (?), a Deny spares only a caller of whom all of them are listed, and never one with a
 * permissions boundary (D).
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
 */
export function matchPrincipal(
  element: PrincipalElement,
  principal: Principal,
  effect: "Allow" | "Deny",
): PrincipalMatch | undefined {
  if (!element.not) return matchListed(element, principal);
  const spared = effect === "Deny" ? isWhollyListed(element, principal) : matchListed(element, principal) !== undefined;
  return spared ? undefined : "everyone";
}

function isWhollyListed(element: PrincipalElement, principal: Principal): boolean {
  if (element.everyone || principal.type !== "aws") return matchListed(element, principal) !== undefined;
  const { accounts, identities } = element;
  const { accountId, arn, roleArn, uniqueId, isBounded } = principal;
  if (isBounded === true || !accounts.has(accountId)) return false;
  const isUniqueIdListed = uniqueId !== undefined && identities.has(uniqueId);
  if (roleArn === undefined) return identities.has(arn) || isUniqueIdListed;
  return identities.has(arn) && (identities.has(roleArn) || isUniqueIdListed);
}

function matchListed(element: PrincipalElement, principal: Principal): PrincipalMatch | undefined {
  if (element.everyone) return "everyone";
  switch (principal.type) {
    case "anonymous":
      return undefined;
    case "service":
      return element.services.has(principal.service) ? "identity" : undefined;
    case "federated":
      return element.providers.has(principal.provider) ? "identity" : undefined;
    case "aws": {
      const { identities } = element;
      const { arn, roleArn, uniqueId } = principal;
      if (identities.has(arn)) return "identity";
      if (roleArn !== undefined && identities.has(roleArn)) return "role";
      if (uniqueId !== undefined && identities.has(uniqueId)) return roleArn === undefined ? "identity" : "role";
      return element.accounts.has(principal.accountId) ? "account" : undefined;
    }
  }
}
