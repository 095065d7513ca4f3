import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { type Documents, type Json, MAX_LIST_LIMIT } from "../../store/documents.ts";
import type { AuthorizationGrant } from "../login/authorization-grant.ts";
import type { RefreshTokenSettings } from "../tenant/tenant.ts";

/*
 * All refresh tokens that descend from one login are a family, and a family is one document: a compare-and-set of it is
 * what lets one of two concurrent uses win, and nothing is left behind when it ends. A token is the family's id and a
 * secret, together opaque; of the secret only a SHA-256 is kept. So any token of the family that is no longer known can
 * be told from one that never was, however often it has rotated since, without a memory of every token ever issued.
 */

/** Refresh tokens, kept as SHA-256 over restarts; all that descend from one login are a family and end together. */
export interface RefreshTokens {
  issue(
    grant: AuthorizationGrant,
    settings: RefreshTokenSettings,
  ): Promise<{ readonly token: string; readonly familyId: string }>;
  /**
   * What `use` would answer, without rotating: for checks that may still refuse, so that a refused client keeps its
   * token. It ends the family of a reused token as `use` does.
   */
  check(token: string, clientId: string, settings: RefreshTokenSettings): Promise<RefreshVerdict>;
  /** Checks one and, where tokens rotate, replaces it. A second use outside the leeway ends the family. */
  use(token: string, clientId: string, settings: RefreshTokenSettings): Promise<RefreshVerdict>;
  /** Ends the token's family, if it is this client's. */
  revoke(token: string, clientId: string): Promise<boolean>;
  endFamily(familyId: string): Promise<void>;
}

export type RefreshVerdict =
  | { readonly ok: true; readonly grant: AuthorizationGrant; readonly newToken: string | undefined }
  | { readonly ok: false; readonly reason: "unknown" | "expired" | "reused" | "other_client" };

/** Auth0's limit of active refresh tokens per user and application; the oldest makes room (D). */
export const MAX_FAMILIES_PER_USER_AND_CLIENT = 200;
/** Tokens of one family that can be used now; more come only of many uses within one leeway. The oldest makes room. */
export const MAX_LIVE_TOKENS = 16;
/** Families that have ended by themselves are deleted this often, with the next login. */
export const SWEEP_INTERVAL_SECONDS = 600;

const FAMILIES = "issuer-refresh-families";
/** Of the family's id: whose it is (so that those of one user and client are neighbours), since when, and chance. */
const OWNER_BYTES = 8;
const TIME_BYTES = 6;
const CHANCE_BYTES = 10;
const FAMILY_ID_BYTES = OWNER_BYTES + TIME_BYTES + CHANCE_BYTES;
/** 256 bits. */
const SECRET_BYTES = 32;
const TOKEN_CHARS = Math.ceil(((FAMILY_ID_BYTES + SECRET_BYTES) * 4) / 3);
/** Each conflict means that another use has won, so this many in a row are not met. */
const MAX_ATTEMPTS = 20;

interface Family {
  readonly grant: AuthorizationGrant;
  readonly issuedAtMs: number;
  /** Of the whole family; null: never. */
  readonly expiresAtMs: number | null;
  /** Those that may be used, and the rotated ones that a leeway may still cover. */
  readonly tokens: readonly KnownToken[];
}

interface KnownToken {
  /** SHA-256 of its secret, base64url. */
  readonly hash: string;
  /** The one that it replaced: once this one is used, no leeway covers that one any more (D). */
  readonly replaced: string | null;
  /** When it ends unless it is used; null: never. */
  readonly idleAtMs: number | null;
  readonly rotatedAtMs: number | null;
}

export function openRefreshTokens({
  documents,
  clock,
}: {
  readonly documents: () => Documents;
  readonly clock: () => number;
}): RefreshTokens {
  let sweptAtMs = Number.NEGATIVE_INFINITY;

  async function read(familyId: string) {
    const stored = await documents().get(FAMILIES, familyId);
    // Nobody but this file writes the collection.
    return stored && { family: stored.value as unknown as Family, revision: stored.revision };
  }

  async function endFamily(familyId: string): Promise<void> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const stored = await documents().get(FAMILIES, familyId);
      if (!stored || (await documents().delete(FAMILIES, familyId, stored.revision)).ok) return;
    }
    throw new Error("A refresh token family could not be ended: it kept changing.");
  }

  async function use(
    token: string,
    clientId: string,
    settings: RefreshTokenSettings,
    isRotating: boolean,
  ): Promise<RefreshVerdict> {
    const parts = parseToken(token);
    if (!parts) return { ok: false, reason: "unknown" };
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const stored = await read(parts.familyId);
      if (!stored) return { ok: false, reason: "unknown" };
      const { family, revision } = stored;
      const { grant } = family;
      const judged = judge(family, parts.hash, clientId, settings, clock());
      if (!("known" in judged)) {
        if (judged.reason === "reused") await endFamily(parts.familyId);
        return judged;
      }
      if (!isRotating) return { ok: true, grant, newToken: undefined };
      const { next, newToken } = afterUse(family, judged.known, parts.familyId, settings, clock());
      // A conflict means another use came first: judged again, it may well be a reuse now.
      if ((await documents().put(FAMILIES, parts.familyId, asJson(next), revision)).ok) {
        return { ok: true, grant, newToken };
      }
    }
    throw new Error("A refresh token could not be used: its family kept changing.");
  }

  /** Deletes what has expired. A family that changes at this moment is in use, and left for the next time. */
  async function sweep(): Promise<void> {
    if (clock() - sweptAtMs < SWEEP_INTERVAL_SECONDS * 1000) return;
    sweptAtMs = clock();
    let after: string | undefined;
    do {
      const page = await documents().list(FAMILIES, { limit: MAX_LIST_LIMIT, ...(after !== undefined && { after }) });
      for (const { id, revision, value } of page.documents) {
        const { expiresAtMs, tokens } = value as unknown as Family; // as in read
        const isOver = isPast(expiresAtMs, clock()) || tokens.every(({ idleAtMs }) => isPast(idleAtMs, clock()));
        if (isOver) await documents().delete(FAMILIES, id, revision);
      }
      after = page.next;
    } while (after !== undefined);
  }

  async function makeRoom(owner: string): Promise<void> {
    const limit = MAX_FAMILIES_PER_USER_AND_CLIENT + 1;
    const { documents: neighbours } = await documents().list(FAMILIES, { after: owner, limit });
    const theirs = neighbours.filter(({ id }) => id.startsWith(owner));
    for (const { id } of theirs.slice(0, Math.max(0, theirs.length - MAX_FAMILIES_PER_USER_AND_CLIENT + 1))) {
      await endFamily(id);
    }
  }

  return {
    async issue(grant, settings) {
      await sweep();
      const owner = ownerOf(grant);
      await makeRoom(owner);
      const nowMs = clock();
      const time = Buffer.alloc(TIME_BYTES);
      time.writeUIntBE(nowMs, 0, TIME_BYTES);
      const familyId = `${owner}${time.toString("hex")}${randomBytes(CHANCE_BYTES).toString("hex")}`;
      const { token, hash } = newToken(familyId);
      const isExpiring = settings.expiration === "expiring";
      const family: Family = {
        grant,
        issuedAtMs: nowMs,
        expiresAtMs: isExpiring ? nowMs + settings.lifetimeSeconds * 1000 : null,
        tokens: [{ hash, replaced: null, idleAtMs: idleEnd(settings, nowMs), rotatedAtMs: null }],
      };
      const written = await documents().put(FAMILIES, familyId, asJson(family), "absent");
      if (!written.ok) throw new Error(`A refresh token could not be stored: ${written.reason}`);
      return { token, familyId };
    },
    check: (token, clientId, settings) => use(token, clientId, settings, false),
    use: (token, clientId, settings) => use(token, clientId, settings, true),
    async revoke(token, clientId) {
      const parts = parseToken(token);
      const stored = parts && (await read(parts.familyId));
      if (stored?.family.grant.clientId !== clientId) return false;
      await endFamily(parts!.familyId);
      return true;
    },
    endFamily,
  };
}

function judge(
  family: Family,
  hash: string,
  clientId: string,
  settings: RefreshTokenSettings,
  nowMs: number,
): { readonly known: KnownToken } | Extract<RefreshVerdict, { readonly ok: false }> {
  if (family.grant.clientId !== clientId) return { ok: false, reason: "other_client" };
  if (isPast(family.expiresAtMs, nowMs)) return { ok: false, reason: "expired" };
  const known = family.tokens.find((each) => isEqual(each.hash, hash));
  if (!known) return { ok: false, reason: "reused" };
  if (known.rotatedAtMs !== null && !isCovered(known.rotatedAtMs, settings, nowMs)) {
    return { ok: false, reason: "reused" };
  }
  return isPast(known.idleAtMs, nowMs) ? { ok: false, reason: "expired" } : { known };
}

/** The family after one of its tokens was used: with a new one where they rotate, else with the old one's time renewed. */
function afterUse(
  family: Family,
  used: KnownToken,
  familyId: string,
  settings: RefreshTokenSettings,
  nowMs: number,
): { readonly next: Family; readonly newToken: string | undefined } {
  const idleAtMs = idleEnd(settings, nowMs);
  if (settings.rotation === "non-rotating") {
    const tokens = family.tokens.map((each) => (each === used ? { ...each, idleAtMs } : each));
    return { next: { ...family, tokens }, newToken: undefined };
  }
  const { token, hash } = newToken(familyId);
  const kept = family.tokens
    // The leeway covers the token before the newest only (D): what `used` replaced is history now.
    .filter(
      (each) =>
        each.hash !== used.replaced &&
        (each.rotatedAtMs === null || each === used || isCovered(each.rotatedAtMs, settings, nowMs)),
    )
    .map((each) => (each === used ? { ...each, rotatedAtMs: each.rotatedAtMs ?? nowMs } : each));
  const tokens = [...kept, { hash, replaced: used.hash, idleAtMs, rotatedAtMs: null }];
  return { next: { ...family, tokens: tokens.slice(-MAX_LIVE_TOKENS) }, newToken: token };
}

/** Whether the leeway still covers a rotated token. A clock that was set back does not prolong it. */
function isCovered(rotatedAtMs: number, { leewaySeconds }: RefreshTokenSettings, nowMs: number): boolean {
  return Math.abs(nowMs - rotatedAtMs) < leewaySeconds * 1000;
}

function idleEnd({ expiration, idleLifetimeSeconds }: RefreshTokenSettings, nowMs: number): number | null {
  return expiration === "expiring" ? nowMs + idleLifetimeSeconds * 1000 : null;
}

function isPast(endMs: number | null, nowMs: number): boolean {
  return endMs !== null && nowMs >= endMs;
}

function ownerOf({ clientId, userId }: AuthorizationGrant): string {
  const digest = createHash("sha256")
    .update(JSON.stringify([clientId, userId]))
    .digest();
  return digest.subarray(0, OWNER_BYTES).toString("hex");
}

function newToken(familyId: string): { readonly token: string; readonly hash: string } {
  const secret = randomBytes(SECRET_BYTES);
  return { token: Buffer.concat([Buffer.from(familyId, "hex"), secret]).toString("base64url"), hash: hashOf(secret) };
}

function parseToken(token: string): { readonly familyId: string; readonly hash: string } | undefined {
  const bytes = Buffer.from(token.length === TOKEN_CHARS ? token : "", "base64url");
  if (bytes.toString("base64url") !== token || bytes.length !== FAMILY_ID_BYTES + SECRET_BYTES) return undefined;
  const secret = bytes.subarray(FAMILY_ID_BYTES);
  return { familyId: bytes.subarray(0, FAMILY_ID_BYTES).toString("hex"), hash: hashOf(secret) };
}

function hashOf(secret: Buffer): string {
  return createHash("sha256").update(secret).digest("base64url");
}

/** Both are SHA-256, so of one length. */
function isEqual(hash: string, other: string): boolean {
  return timingSafeEqual(Buffer.from(hash), Buffer.from(other));
}

/** An Action's claims are JSON already; anything in a grant that is not is left out as JSON leaves it out. */
function asJson(family: Family): Json {
  return JSON.parse(JSON.stringify(family)) as Json;
}
