import type { SignatureWording, SigningCredential } from "../../src/aws/sigv4/signature-verdict.ts";
import { SigningKeys } from "../../src/aws/sigv4/signing-keys.ts";
import { verifySigV4 } from "../../src/aws/sigv4/verify-sigv4.ts";
import { type Members, refuseUnknown } from "./refuse-unknown.ts";
import { bodyOf, flatHeaders, type RestQuestion } from "./rest-question.ts";

/** Dates are `YYYYMMDDTHHMMSSZ`. */
interface Given {
  readonly credentials: readonly (SigningCredential & { readonly expiresAt?: string })[];
  readonly region: string;
  readonly service: string;
  readonly now: string;
  readonly wording?: SignatureWording;
}

type When = Pick<RestQuestion, "method" | "headers" | "body"> & { readonly target: string };

const GIVEN_MEMBERS: Members<Given> = { credentials: true, region: true, service: true, now: true, wording: true };
const WHEN_MEMBERS: Members<When> = { method: true, target: true, headers: true, body: true };

/** The text of a mismatch shows what was compared. */
const BLOCKS = /'([^']*)'\n\nThe String-to-Sign should have been\n'([^']*)'\n$/;
const OTHER_SIGNATURE = "0".repeat(64);

/**
 * `given: {credentials, region, service, now, wording?}`, `when: {method, target, headers, body?}` → `{ok, errorType,
 * message}` of a signature that is refused, `{ok, form, accessKeyId, canonicalRequest, stringToSign}` of a good one: the
 * last two are what AWS would print had the signature been another.
 */
export async function askSigV4(
  given: Readonly<Record<string, unknown>>,
  when: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  refuseUnknown("given", given, GIVEN_MEMBERS);
  refuseUnknown("when", when, WHEN_MEMBERS);
  const { credentials, now, ...options } = given as unknown as Given;
  const known = new Map(credentials.map((each) => [each.accessKeyId, each]));
  const ask = ({ method, target, headers = {}, body }: When) =>
    verifySigV4(
      {
        method,
        target,
        headers: flatHeaders({ method, path: target, headers }),
        body: bodyOf({ method, path: target, ...(body !== undefined && { body }) }),
      },
      {
        ...options,
        nowMs: epochMs(now),
        signingKeys: new SigningKeys(),
        find: (accessKeyId) => {
          const found = known.get(accessKeyId);
          if (found === undefined) return undefined;
          const { expiresAt, ...credential } = found;
          return { ...credential, ...(expiresAt !== undefined && { expiresAtMs: epochMs(expiresAt) }) };
        },
      },
    );
  const asked = when as unknown as When;
  const verdict = ask(asked);
  if (!verdict.ok) return { ok: false, reason: verdict.reason, ...verdict.error };
  const other = ask(JSON.parse(JSON.stringify(asked).replace(/(?<=Signature=)[0-9a-f]{64}/, OTHER_SIGNATURE)));
  const [, canonicalRequest, stringToSign] = (!other.ok && BLOCKS.exec(other.error.message)) || [];
  const { form, credential } = verdict;
  return { ok: true, form, accessKeyId: credential.accessKeyId, canonicalRequest, stringToSign };
}

function epochMs(basic: string): number {
  return Date.parse(basic.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
}
