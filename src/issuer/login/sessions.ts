import { createHash, createHmac, randomBytes } from "node:crypto";
import type { Documents, Json, Versioned } from "../../store/documents.ts";
import { keepNewest } from "./keep-newest.ts";

/** A user's login in one browser, kept over restarts. */
export interface Session {
  readonly sessionId: string;
  readonly userId: string;
  /** Epoch seconds of the login. */
  readonly authTimeSeconds: number;
}

/** Whose a session is. Of whoever differs in any of these it is not, and it ends. */
export interface SessionHolder {
  readonly userId: string;
  readonly incarnation: string;
  readonly password: string;
}

export interface Sessions {
  /** The new session and the secret for the browser's cookie; the store keeps a hash of it. */
  create(holder: SessionHolder): Promise<{ readonly session: Session; readonly secret: string }>;
  /**
   * Also puts off its end: each look is a use.
   *
   * @param holderOf who has the session's user id now; undefined when nobody may be logged in under it
   */
  find(secret: string, holderOf: (userId: string) => SessionHolder | undefined): Promise<Session | undefined>;
  end(secret: string): Promise<void>;
}

/** Auth0's defaults for a new tenant: 3 days without use, 7 days in all (?). */
export const SESSION_IDLE_SECONDS = 3 * 86_400;
export const SESSION_ABSOLUTE_SECONDS = 7 * 86_400;
/** The oldest go first. */
export const MAX_SESSIONS = 1000;
/** A use is written down at most this often. */
const TOUCH_INTERVAL_SECONDS = 300;
const MAX_ATTEMPTS = 5;
const COLLECTION = "issuer-sessions";

interface KeptSession extends Session {
  readonly lastUsedSeconds: number;
  readonly bond: string;
}

/** Sessions in the store. Nobody who reads it can log in: it holds SHA-256 of the secrets, which are 256 random bits. */
export function openSessions(ports: { readonly documents: () => Documents; readonly clock: () => number }): Sessions {
  const nowSeconds = (): number => Math.floor(ports.clock() / 1000);

  async function remove(id: string): Promise<void> {
    const documents = ports.documents();
    // Another request may have touched it in between; the session must end all the same.
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const found = await documents.get(COLLECTION, id);
      if (found === undefined || (await documents.delete(COLLECTION, id, found.revision)).ok) return;
    }
    throw new Error("the session could not be ended: it is being changed all the time");
  }

  return {
    async create(holder) {
      const documents = ports.documents();
      const secret = randomBytes(32).toString("base64url");
      const now = nowSeconds();
      const { userId } = holder;
      const session = { sessionId: randomBytes(24).toString("base64url"), userId, authTimeSeconds: now };
      await keepNewest(documents, COLLECTION, MAX_SESSIONS);
      const kept = { ...session, lastUsedSeconds: now, bond: bondOf(secret, holder) };
      const put = await documents.put(COLLECTION, idOf(secret), kept, "absent");
      if (!put.ok) throw new Error(`the session could not be kept: ${put.reason}`);
      return { session, secret };
    },
    async find(secret, holderOf) {
      const id = idOf(secret);
      const found = await ports.documents().get(COLLECTION, id);
      const kept = readSession(found);
      if (found === undefined || kept === undefined) return undefined;
      const now = nowSeconds();
      const endsAt = Math.min(
        kept.lastUsedSeconds + SESSION_IDLE_SECONDS,
        kept.authTimeSeconds + SESSION_ABSOLUTE_SECONDS,
      );
      const holder = holderOf(kept.userId);
      if (now >= endsAt || holder === undefined || kept.bond !== bondOf(secret, holder)) {
        await remove(id);
        return undefined;
      }
      if (now >= kept.lastUsedSeconds + TOUCH_INTERVAL_SECONDS) {
        // A conflict: another request has touched or ended it. It was there when this one looked.
        await ports.documents().put(COLLECTION, id, { ...kept, lastUsedSeconds: now }, found.revision);
      }
      return { sessionId: kept.sessionId, userId: kept.userId, authTimeSeconds: kept.authTimeSeconds };
    },
    end: (secret) => remove(idOf(secret)),
  };
}

function idOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** With the cookie's secret as the key: nobody who reads the store can try passwords on it. */
function bondOf(secret: string, { incarnation, password, userId }: SessionHolder): string {
  const bound = JSON.stringify([userId, incarnation, password]);
  return createHmac("sha256", secret).update(bound).digest("base64url");
}

function readSession(found: Versioned | undefined): (KeptSession & { readonly [name: string]: Json }) | undefined {
  const value = found?.value;
  if (typeof value !== "object" || value === null || !("sessionId" in value)) return undefined;
  const { sessionId, userId, authTimeSeconds, lastUsedSeconds, bond } = value;
  return typeof sessionId === "string" &&
    typeof userId === "string" &&
    typeof authTimeSeconds === "number" &&
    typeof lastUsedSeconds === "number" &&
    typeof bond === "string"
    ? { sessionId, userId, authTimeSeconds, lastUsedSeconds, bond }
    : undefined;
}
