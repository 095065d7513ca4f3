import type { IdentityPolicySide, IdentityVerdict } from "../../aws/iam/evaluate-identity.ts";
import type { Identity } from "../../aws/iam/identity.ts";
import type { DecidingStatement } from "../../aws/policy/evaluate-policy.ts";
import { listed } from "../near-misses.ts";
import type { GatewayReason } from "../reasons.ts";
import type { RefusalEvidence } from "../refusal-evidence.ts";
import { INVOKE } from "./signer-access.ts";

const POLICIES_OF: Readonly<Record<IdentityPolicySide, string>> = {
  identity: "identity policies",
  boundary: "permissions boundary",
  session: "session policies",
};

const VERB: Readonly<Record<IdentityPolicySide, string>> = { identity: "do", boundary: "does", session: "do" };

/** Of attached policies whose text is not known. */
const MAX_LISTED_POLICIES = 10;

const IMPLICIT_REASON: Readonly<Record<IdentityPolicySide, GatewayReason>> = {
  identity: "iam_denied_identity",
  boundary: "iam_denied_boundary",
  session: "iam_denied_session",
};

/** Why a signer's own policies do not let a request pass: a Deny of theirs, or the Allow that is missing. */
export function identityDenial(
  { by, decision, statement, limitedBy, unknownPolicyArns = [] }: IdentityVerdict,
  { arn }: Identity,
  methodArn: string,
): RefusalEvidence {
  const question = `${INVOKE} on ${statement?.readAs ?? methodArn}`;
  if (decision === "explicit_deny") {
    return {
      reason: "iam_explicit_deny",
      message: `a Deny statement (${nameOf(statement)}) of the ${POLICIES_OF[by]} of ${arn} matches ${question}`,
      expected: `no Deny for ${question}`,
    };
  }
  const also =
    limitedBy === undefined || limitedBy === by ? "" : `, nor ${VERB[limitedBy]} its ${POLICIES_OF[limitedBy]}`;
  const unknown = listed(unknownPolicyArns, MAX_LISTED_POLICIES, String).join(", ");
  return {
    reason: IMPLICIT_REASON[by],
    message: `the ${POLICIES_OF[by]} of ${arn} ${VERB[by]} not allow ${question}${also}${
      unknown === "" ? "" : `; the text of ${unknown} is not known here and allows nothing`
    }`,
    expected: `Allow ${question}`,
  };
}

function nameOf(statement: DecidingStatement | undefined): string {
  return statement?.sid ?? `number ${(statement?.index ?? 0) + 1}`;
}
