import { randomBytes } from "node:crypto";

/** A pair that signs until it is deleted or made inactive. */
export interface AccessKeyPair {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** 32 characters, so that every one has five random bits. */
const ID_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const ID_RANDOM_CHARACTERS = 16;
/** 40 characters of base64. */
const SECRET_BYTES = 30;
/** AWS's are opaque, of several hundred characters, and must be encoded in a query. */
const SESSION_TOKEN_BYTES = 240;

/**
 * A pair as AWS makes them: `AKIA…` for a user, `ASIA…` for a session, and a secret of 40 characters.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
 */
export function newAccessKeyPair(prefix: "AKIA" | "ASIA"): AccessKeyPair {
  let accessKeyId: string = prefix;
  for (const byte of randomBytes(ID_RANDOM_CHARACTERS)) accessKeyId += ID_ALPHABET[byte % ID_ALPHABET.length];
  return { accessKeyId, secretAccessKey: randomBytes(SECRET_BYTES).toString("base64") };
}

/** A session token: it says nothing, whoever gave it out keeps what it stands for. */
export function newSessionToken(): string {
  return randomBytes(SESSION_TOKEN_BYTES).toString("base64");
}
