import { createHash } from "node:crypto";
import { type KeyEntry, KeyRingError } from "../keys/keys.ts";
import { pkcs7Of } from "./certificate-pkcs7.ts";
import { inexistent, invalid } from "./management-error.ts";
import { created, type ManagementCall, type Operation, ok } from "./operation.ts";

export const SIGNING_KEY_OPERATIONS: readonly Operation[] = [
  {
    method: "GET",
    path: "keys/signing",
    scopes: ["read:signing_keys"],
    answer: ({ context }) => ok(context.state.keys.keys().map(keyJson)),
  },
  {
    method: "POST",
    path: "keys/signing/rotate",
    scopes: ["create:signing_keys", "update:signing_keys"],
    async answer({ context }) {
      const { emit, keys } = context.state;
      await keys.rotate().catch(asRefusal);
      const [next] = keys.keys().filter(({ state }) => state === "next");
      emit({ kind: "keys_changed", message: `The key ${keys.current.kid} signs from now on.` });
      return created(nameAndCertificate(next!)); // The new next key (D); a rotation always makes one.
    },
  },
  {
    method: "GET",
    path: "keys/signing/{}",
    scopes: ["read:signing_keys"],
    answer: (call) => ok(keyJson(keyOf(call))),
  },
  {
    method: "PUT",
    path: "keys/signing/{}/revoke",
    scopes: ["update:signing_keys"],
    async answer(call) {
      const entry = keyOf(call);
      const { emit, keys } = call.context.state;
      await keys.revoke(entry.key.kid).catch(asRefusal);
      emit({
        kind: "keys_changed",
        message: `The key ${entry.key.kid} is revoked: no token that it signed is good any more.`,
      });
      return ok(nameAndCertificate(entry));
    },
  },
];

/** As Auth0 writes it (R, and D for the two digests: the same SHA-1, with and without colons). */
function keyJson({ currentSince, currentUntil, key, revokedAt, state }: KeyEntry): Readonly<Record<string, unknown>> {
  const thumbprint = createHash("sha1").update(key.certificate).digest("hex").toUpperCase();
  return {
    kid: key.kid,
    cert: pem("CERTIFICATE", key.certificate),
    pkcs7: pem("PKCS7", pkcs7Of(key.certificate)),
    current: state === "current",
    next: state === "next",
    previous: state === "previous",
    ...(currentSince !== undefined && { current_since: currentSince }),
    ...(currentUntil !== undefined && { current_until: currentUntil }),
    fingerprint: thumbprint.replace(/..(?=.)/g, "$&:"),
    thumbprint,
    revoked: state === "revoked",
    ...(revokedAt !== undefined && { revoked_at: revokedAt }),
  };
}

function nameAndCertificate({ key }: KeyEntry): Readonly<Record<string, unknown>> {
  return { cert: pem("CERTIFICATE", key.certificate), kid: key.kid };
}

/** With CRLF, as Auth0's are (R). */
function pem(label: string, der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\r\n");
}

function keyOf({ context, ids }: ManagementCall): KeyEntry {
  const entry = context.state.keys.keys().find(({ key }) => key.kid === ids[0]);
  if (entry === undefined) throw inexistent("signingKey");
  return entry;
}

function asRefusal(error: unknown): never {
  if (!(error instanceof KeyRingError)) throw error;
  if (error.code === "key_unknown") throw inexistent("signingKey");
  throw invalid(error.message, "invalid_body"); // Ours: the ring's own sentence says what to do instead.
}
