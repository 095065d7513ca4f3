import { evaluateIdentity } from "../../aws/iam/evaluate-identity.ts";
import type { Identity } from "../../aws/iam/identity.ts";
import { identifyCaller, type Signer } from "../authorizers/identify-signer.ts";
import { identityDenial } from "../authorizers/identity-denial.ts";
import { judgeForwardedQuery } from "../authorizers/judge-route.ts";
import { signatureEvidence } from "../authorizers/signature-evidence.ts";
import { SignerAccess } from "../authorizers/signer-access.ts";
import { refusedSignatureRecord, signerRecord } from "../authorizers/signer-record.ts";
import { boundedMisses } from "../near-misses.ts";
import type { Ports } from "../ports.ts";
import type { RefusalEvidence } from "../refusal-evidence.ts";
import type { Trace } from "../trace.ts";
import type { HttpApiDeployment } from "./deployment.ts";
import { HttpApiRefusal } from "./refusal.ts";
import type { Caller, HttpApiRequest, MatchedRoute } from "./request.ts";

/** `$context.authorizer.error` of an unsigned request (R). Of other failures no text is known, and none is made up. */
const NOT_SIGNED_LOG_TEXT = "The request for the IAM Authorizer doesn't match the format that API Gateway expects.";

interface Around {
  readonly request: HttpApiRequest;
  readonly matched: MatchedRoute;
  readonly deployment: HttpApiDeployment;
  readonly ports: Ports;
  readonly trace: Trace;
}

/**
 * Verifies the signature, then asks the signer's policies: HTTP APIs have no resource policies, so a caller of another
 * account has nobody to allow it (D). Without a promise for every key that is known. All refusals are a bare 403
 * `Forbidden`, without the signature's explanation that REST APIs give (C). conformance/http-api/iam
 */
export function authorizeWithIam(around: Around): Caller | Promise<Caller> {
  const { request, matched, deployment, ports, trace } = around;
  // What cannot be served never asks who calls; a route without a known authorization is compiled as this type.
  if (matched.route.notServed) throw new Error(`${matched.route.routeKey} is not served and was to be authorized`);
  trace.authorization = { type: "AWS_IAM" };
  const signer = identifyCaller(request, deployment.region, ports);
  return signer instanceof Promise ? signer.then((known) => decide(known, around)) : decide(signer, around);
}

function withQueryJudged(signer: Signer, { rawQuery }: HttpApiRequest): Signer {
  const failure = signer.ok ? judgeForwardedQuery(rawQuery, signer.identity.credential.accessKeyId) : undefined;
  return failure === undefined ? signer : { ok: false, failure };
}

function decide(known: Signer, { request, matched, deployment, ports, trace }: Around): Caller {
  const { route, routeArn } = matched;
  const signer = withQueryJudged(known, request);
  if (!signer.ok) {
    const { failure } = signer;
    trace.authorization = refusedSignatureRecord(failure);
    const isUnsigned = failure.reason === "signature_missing";
    throw new HttpApiRefusal(403, "Forbidden", signatureEvidence(failure, request.incoming, route.routeKey), {
      isUnauthenticated: true,
      ...(isUnsigned && { authorizerError: NOT_SIGNED_LOG_TEXT }),
    });
  }
  const { identity } = signer;
  const asked = { methodArn: routeArn, otherArns: matched.otherArns };
  const own = evaluateIdentity(identity.policies, new SignerAccess(request, asked, identity, ports.now()));
  const { decision, statement, nearMisses } = own;
  const isForeign = identity.accountId !== deployment.accountId;
  trace.authorization = {
    ...signerRecord(identity),
    decision: decision === "allow" && isForeign ? "implicit_deny" : decision,
    decidedBy: decision === "allow" && isForeign ? "resource" : own.by,
    ...(statement && { statement }),
    ...(nearMisses && { nearMisses: boundedMisses(nearMisses) }),
  };
  if (decision !== "allow") throw new HttpApiRefusal(403, "Forbidden", identityDenial(own, identity, routeArn));
  if (isForeign) throw new HttpApiRefusal(403, "Forbidden", deniedAcrossAccounts(identity, deployment.accountId));
  return { iam: identity };
}

function deniedAcrossAccounts({ arn, accountId }: Identity, owner: string): RefusalEvidence {
  return {
    reason: "iam_denied_cross_account",
    message: `${arn} is of account ${accountId}, the API of ${owner}: HTTP APIs have no resource policies, so assume a role of ${owner} and sign with that session`,
    expected: `a caller of account ${owner}`,
    actual: accountId,
  };
}
