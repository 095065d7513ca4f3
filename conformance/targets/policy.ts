import {
  type CombinedVerdict,
  combineResourcePolicy,
  deniesBeforeAuthorizer,
} from "../../src/aws/policy/combine-resource-policy.ts";
import { type AccessRequest, evaluatePolicy } from "../../src/aws/policy/evaluate-policy.ts";
import { type ParsePolicyOptions, parsePolicy } from "../../src/aws/policy/parse-policy.ts";
import type { Policy, PolicyKind } from "../../src/aws/policy/policy.ts";
import type { AuthorizationType } from "../../src/model/rest-api.ts";
import { type Members, refuseUnknown } from "./refuse-unknown.ts";

interface Given {
  readonly policies?: readonly unknown[];
  readonly kind?: PolicyKind;
  readonly api?: ParsePolicyOptions["api"];
  /** With this, `policies` are the caller's or the authorizer's and are combined with `resourcePolicy`. */
  readonly authorizationType?: AuthorizationType;
  readonly resourcePolicy?: unknown;
  readonly isCrossAccount?: boolean;
}

const GIVEN_MEMBERS: Members<Given> = {
  policies: true,
  kind: true,
  api: true,
  authorizationType: true,
  resourcePolicy: true,
  isCrossAccount: true,
};
const WHEN_MEMBERS: Members<AccessRequest> = {
  action: true,
  resource: true,
  principal: true,
  context: true,
  otherReadings: true,
};

interface Invalid {
  readonly invalid: { readonly reason: string; readonly path: string };
}

/**
 * `given: {policies, kind?, api?}`, `when: {action, resource, principal?, context?}` → the verdict, or `{invalid}`.
 * `given: {authorizationType, policies?, resourcePolicy?, isCrossAccount?}` → the combined verdict, with
 * `stopsBeforeAuthorizer` where a Lambda authorizer would be called.
 */
export async function askPolicy(
  given: Readonly<Record<string, unknown>>,
  when: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  refuseUnknown("given", given, GIVEN_MEMBERS);
  refuseUnknown("when", when, WHEN_MEMBERS);
  const { policies: documents, kind = "authorizer", api, authorizationType } = given as Given;
  const policies: Policy[] = [];
  for (const document of documents ?? []) {
    const policy = read(document, kind, api);
    if ("invalid" in policy) return policy;
    policies.push(policy);
  }
  const request = when as unknown as AccessRequest;
  if (authorizationType === undefined) return evaluatePolicy(policies, request);
  return combine(given as Given, documents === undefined ? undefined : policies, request);
}

function combine(
  { resourcePolicy, api, authorizationType = "NONE", isCrossAccount = false }: Given,
  own: readonly Policy[] | undefined,
  request: AccessRequest,
): (CombinedVerdict & { stopsBeforeAuthorizer?: boolean }) | Invalid {
  const parsed = resourcePolicy === undefined ? undefined : read(resourcePolicy, "resource", api);
  if (parsed !== undefined && "invalid" in parsed) return parsed;
  const combined = combineResourcePolicy({
    authorizationType,
    ...(own && { identity: evaluatePolicy(own, request) }),
    ...(parsed && { resource: evaluatePolicy([parsed], request) }),
    isCrossAccount,
  });
  if (authorizationType !== "CUSTOM" || parsed === undefined) return combined;
  return { ...combined, stopsBeforeAuthorizer: deniesBeforeAuthorizer(parsed, request) !== undefined };
}

function read(document: unknown, kind: PolicyKind, api: ParsePolicyOptions["api"]): Policy | Invalid {
  const verdict = parsePolicy(document, kind, api === undefined ? {} : { api });
  return verdict.ok ? verdict.policy : { invalid: { reason: verdict.reason, path: verdict.path } };
}
