import { lambdaFunctionArnOf } from "../aws/arn.ts";
import type { Identity } from "../aws/iam/identity.ts";
import type { Finding, SourcePosition } from "../model/finding.ts";
import type { InvokeAccess } from "../model/invoke-access.ts";
import {
  type InvokeEvidence,
  type InvokeRefusal,
  isCallerCredentials,
  judgeCallerInvoke,
  judgeInvoke,
  refuseCallerCredentials,
} from "./invoke-access.ts";
import { fillStageVariables } from "./stage-variables.ts";

/** What an API's stage is compiled from, as far as it decides who invokes. */
export interface InvokeFacts {
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
  readonly apiId: string;
  readonly stageVariables: Readonly<Record<string, string>>;
  /** Absent: invoking is not held against the files. */
  readonly access?: InvokeAccess;
}

/** By whose leave a function is invoked; empty when API Gateway may, or when the files say nothing of it. */
export interface InvokeTerms {
  /** Why it may not: every call is 500. */
  readonly invokeRefusal?: InvokeRefusal;
  /** The function with its version or alias, where each caller's own policies decide. */
  readonly invokedByCaller?: string;
}

/** Why a function may not be invoked for a request; undefined when it may. */
export function refuseInvoke(
  { invokeRefusal, invokedByCaller }: InvokeTerms,
  signer: Identity | undefined,
  nowMs: number,
): InvokeEvidence | undefined {
  if (invokeRefusal !== undefined) return invokeRefusal.evidence;
  if (invokedByCaller === undefined) return undefined;
  return judgeCallerInvoke(invokedByCaller, signer, nowMs);
}

/** What a route or an authorizer says of how it invokes its function. */
export interface Invoker {
  readonly uri: string;
  /** What follows the API's id in the source ARN: `{stage}/{METHOD}{path}`, or `authorizers/{id}`. */
  readonly source: string;
  readonly credentials?: string | undefined;
  /** Whether callers sign: only then do they have credentials to pass on. */
  readonly hasIamCaller: boolean;
}

interface Cause {
  readonly refusal: InvokeRefusal;
  readonly first: Failing;
  /** All of them, the first included. */
  readonly subjects: Set<string>;
}

/** A route or an authorizer that fails at run time. */
interface Failing {
  /** e.g. `GET /pets`, `authorizer "jwt"`. */
  readonly subject: string;
  /** What AWS answers, e.g. `500 {"message":null}`. */
  readonly answer: string;
  readonly at: SourcePosition;
  readonly logicalId: string;
}

const MAX_NAMED_SUBJECTS = 5;

/** Who may invoke what in one API at one stage, and the findings of what may not: one for each cause, not for each route. */
export class InvokeChecks {
  readonly #facts: InvokeFacts;
  readonly #causes = new Map<string, Cause>();

  constructor(facts: InvokeFacts) {
    this.#facts = facts;
  }

  judge({ uri, source, credentials, hasIamCaller }: Invoker): InvokeTerms {
    const { access, partition, region, accountId, apiId, stageVariables } = this.#facts;
    const named = lambdaFunctionArnOf(fillStageVariables(uri, stageVariables));
    if (named === undefined) return {};
    const functionArn = named.qualifier === undefined ? named.functionArn : `${named.functionArn}:${named.qualifier}`;
    // An empty text is no role (D: resource-based permissions then).
    const credentialsArn = credentials ? fillStageVariables(credentials, stageVariables) : undefined;
    if (credentialsArn !== undefined && isCallerCredentials(credentialsArn)) {
      // Whoever signs is known without any template.
      return hasIamCaller ? { invokedByCaller: functionArn } : termsOf(refuseCallerCredentials(functionArn));
    }
    if (access === undefined) return {};
    const sourceArn = `arn:${partition}:execute-api:${region}:${accountId}:${apiId}/${source}`;
    return termsOf(judgeInvoke({ functionArn, sourceArn, credentialsArn, access }));
  }

  /** Keeps a refusal for `findings`. */
  note({ invokeRefusal: refusal }: InvokeTerms, failing: Failing): void {
    if (refusal === undefined) return;
    const key = `${refusal.cause} ${failing.logicalId}`;
    const cause = this.#causes.get(key);
    if (cause === undefined) this.#causes.set(key, { refusal, first: failing, subjects: new Set([failing.subject]) });
    else cause.subjects.add(failing.subject);
  }

  findings(): Finding[] {
    return [...this.#causes.values()].map(({ refusal, first, subjects }) => {
      const { message, check } = refusal.evidence;
      const others = [...subjects].slice(1);
      const named = others.slice(0, MAX_NAMED_SUBJECTS).join(", ");
      const more = others.length - MAX_NAMED_SUBJECTS;
      const besides = others.length === 0 ? "" : ` The same holds for ${named}${more > 0 ? ` and ${more} more` : ""}.`;
      return {
        rule: refusal.rule,
        severity: "warning",
        effect: "none",
        message: `${first.subject} will answer as on AWS, ${first.answer}: ${message}.${besides}`,
        fix: check,
        at: first.at,
        logicalId: first.logicalId,
      };
    });
  }
}

function termsOf(verdict: ReturnType<typeof judgeInvoke>): InvokeTerms {
  return verdict.ok ? {} : { invokeRefusal: verdict.refusal };
}
