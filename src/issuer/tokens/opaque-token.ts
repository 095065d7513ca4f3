import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { type StateFolder, StateFolderError } from "../state-folder.ts";

/** What an access token for no API stands for: good at /userinfo, and nowhere else. */
export interface OpaqueGrant {
  readonly clientId: string;
  readonly userId: string;
  readonly scopes: readonly string[];
  /** Those of the ID token that an Action has set: /userinfo answers them too (R). */
  readonly customClaims: Readonly<Record<string, unknown>>;
}

/**
 * Access tokens of logins that asked for no API: a JWE of five parts with direct encryption, as Auth0's (D, C). Only the
 * issuer can look inside, so nothing needs to be stored.
 */
export interface OpaqueTokens {
  issue(issuerUrl: string, grant: OpaqueGrant): Promise<string>;
  /** Undefined for whatever this issuer has not issued, or no longer stands by. Never throws for any text. */
  read(issuerUrl: string, token: string): Promise<OpaqueGrant | undefined>;
}

/** Auth0's lifetime of such a token (D); it cannot be changed there either. */
export const OPAQUE_TOKEN_LIFETIME_SECONDS = 86_400;
/** Longer ones are not looked at; ours are short enough for a header. */
export const MAX_OPAQUE_TOKEN_CHARS = 16_384;
/** Custom claims beyond this stay out of the token: a header could not carry it. */
export const MAX_OPAQUE_CUSTOM_CLAIMS_BYTES = 4096;

const KEY_FILE = "opaque-token-key";
const ALGORITHM = "aes-256-gcm";
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

interface Content {
  readonly sub: string;
  readonly client_id: string;
  readonly scope: string;
  readonly exp: number;
  readonly claims: Readonly<Record<string, unknown>>;
}

export function openOpaqueTokens({
  folder,
  clock,
}: {
  readonly folder: StateFolder;
  readonly clock: () => number;
}): OpaqueTokens {
  let key: Promise<KeyObject> | undefined;

  function openKey(): Promise<KeyObject> {
    key ??= readKey(folder);
    // A folder that could not be read now may be readable the next time.
    key.catch(() => {
      key = undefined;
    });
    return key;
  }

  return {
    async issue(issuerUrl, { clientId, customClaims, scopes, userId }) {
      const content: Content = {
        sub: userId,
        client_id: clientId,
        scope: scopes.join(" "),
        exp: Math.floor(clock() / 1000) + OPAQUE_TOKEN_LIFETIME_SECONDS,
        claims: Buffer.byteLength(JSON.stringify(customClaims)) > MAX_OPAQUE_CUSTOM_CLAIMS_BYTES ? {} : customClaims,
      };
      const header = headerOf(issuerUrl);
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv(ALGORITHM, await openKey(), iv).setAAD(Buffer.from(header));
      const sealed = Buffer.concat([cipher.update(JSON.stringify(content)), cipher.final()]);
      // The second part is the encrypted key: direct encryption has none (RFC 7518 §4.5).
      return [header, "", ...[iv, sealed, cipher.getAuthTag()].map((part) => part.toString("base64url"))].join(".");
    },

    async read(issuerUrl, token) {
      if (token.length > MAX_OPAQUE_TOKEN_CHARS) return undefined;
      const [header, encryptedKey, ...rest] = token.split(".");
      const [iv, sealed, tag] = rest.map((part) => Buffer.from(part, "base64url"));
      // The header is compared whole: its algorithm is never the token's choice.
      if (header !== headerOf(issuerUrl) || encryptedKey !== "" || rest.length !== 3) return undefined;
      if (iv?.length !== IV_BYTES || tag?.length !== TAG_BYTES) return undefined;
      const decipher = createDecipheriv(ALGORITHM, await openKey(), iv, { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(header)).setAuthTag(tag);
      let content: Content;
      try {
        // Authentic, so it is what issue() wrote.
        content = JSON.parse(Buffer.concat([decipher.update(sealed!), decipher.final()]).toString()) as Content;
      } catch {
        return undefined;
      }
      if (content.exp <= clock() / 1000) return undefined;
      const scopes = content.scope.split(" ").filter((scope) => scope !== "");
      return { clientId: content.client_id, userId: content.sub, scopes, customClaims: content.claims };
    },
  };
}

/** (C) Member for member as in public examples of Auth0's, with the issuer in it. */
function headerOf(issuerUrl: string): string {
  return Buffer.from(JSON.stringify({ alg: "dir", enc: "A256GCM", iss: issuerUrl })).toString("base64url");
}

async function readKey(folder: StateFolder): Promise<KeyObject> {
  const text = await folder.readOrCreate(KEY_FILE, () => `${randomBytes(KEY_BYTES).toString("base64url")}\n`);
  const bytes = Buffer.from(text.trim(), "base64url");
  if (bytes.length !== KEY_BYTES) {
    const path = `${folder.path}/${KEY_FILE}`;
    throw new StateFolderError("malformed", path, `${path} holds no usable key. Delete it and a new one is made.`);
  }
  return createSecretKey(bytes);
}
