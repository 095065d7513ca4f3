import { evaluateIdentity } from "../../aws/iam/evaluate-identity.ts";
import { combineResourcePolicy } from "../../aws/policy/combine-resource-policy.ts";
import { evaluatePolicy } from "../../aws/policy/evaluate-policy.ts";
import { identifyCaller, type Signer } from "../authorizers/identify-signer.ts";
import { signatureEvidence } from "../authorizers/signature-evidence.ts";
import { SignerAccess } from "../authorizers/signer-access.ts";
import { refusedSignatureRecord, signerRecord } from "../authorizers/signer-record.ts";
import type { Ports } from "../ports.ts";
import type { Trace } from "../trace.ts";
import { decisionEvidence, deniedAcrossAccounts, deniedByIdentity, deniedByResourcePolicy } from "./access-denied.ts";
import type { CompiledMethod, RestDeployment } from "./deployment.ts";
import type { Caller, MatchedMethod, RestRequest } from "./request.ts";
import { refuseSignature } from "./signature-refusal.ts";

interface Around {
  readonly request: RestRequest;
  readonly matched: MatchedMethod<CompiledMethod>;
  readonly deployment: RestDeployment;
  readonly ports: Ports;
  readonly trace: Trace;
}

/**
 * Verifies the signature, then asks the signer's policies together with the API's resource policy: no policy is read
 * before the signature is good (D). Without a promise for every key that is known.
 * conformance/iam/authorization
 */
export function authorizeWithIam(around: Around): Caller | Promise<Caller> {
  const { request, matched, deployment, ports, trace } = around;
  // What cannot be served never asks who calls; a method without a known authorization is compiled as this type.
  if (matched.method.notServed)
    throw new Error(`${matched.method.resourcePath} is not served and was to be authorized`);
  trace.authorization = { type: "AWS_IAM" };
  const signer = identifyCaller(request, deployment.region, ports);
  return signer instanceof Promise ? signer.then((known) => decide(known, around)) : decide(signer, around);
}

function decide(signer: Signer, around: Around): Caller {
  const { request, matched, deployment, ports, trace } = around;
  if (!signer.ok) {
    trace.authorization = refusedSignatureRecord(signer.failure);
    const route = `${request.method} ${matched.method.resourcePath}`;
    throw refuseSignature(signer.failure, signatureEvidence(signer.failure, request.incoming, route));
  }
  const { identity } = signer;
  const access = new SignerAccess(request, matched, identity, ports.now());
  const own = evaluateIdentity(identity.policies, access);
  const resource = deployment.resourcePolicy && evaluatePolicy([deployment.resourcePolicy], access);
  const isCrossAccount = identity.accountId !== deployment.accountId;
  const combined = combineResourcePolicy({
    authorizationType: "AWS_IAM",
    identity: own,
    ...(resource && { resource }),
    isCrossAccount,
  });
  const { decision, side } = combined;
  trace.authorization = {
    ...signerRecord(identity),
    decision,
    decidedBy: side === "identity" ? own.by : "resource",
    ...decisionEvidence(combined, side === "identity" ? own : resource),
  };
  if (decision === "allow") return { iam: identity };
  if (side === "identity") throw deniedByIdentity({ ...own, decision }, identity, matched);
  if (decision === "explicit_deny") throw deniedByResourcePolicy(combined, matched, identity.arn);
  throw deniedAcrossAccounts(identity, resource !== undefined, matched);
}
