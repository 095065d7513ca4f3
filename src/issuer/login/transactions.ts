import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { ActionRequest } from "../actions/actions.ts";
import type { Session } from "./sessions.ts";

/** Logins under way, between /authorize and the code: in memory, for minutes, bounded. */
export interface Transactions {
  readonly size: number;
  /**
   * Begins one for the browser that holds `browserSecret`; without one, or with one that no login here has given, the
   * browser gets a new one.
   */
  begin(
    step: TransactionStep,
    browserSecret: string | undefined,
  ): { readonly transaction: Transaction; readonly browserSecret: string };
  /** Only for the browser that began it. */
  find(id: string, browserSecret: string | undefined): Transaction | undefined;
  /** Remembers what a consent page shows, so that a yes counts for that and no more. */
  show(transaction: Transaction, scopes: readonly string[]): void;
  /** Counts a wrong password; false when there have been too many and the transaction is over. */
  countFailure(transaction: Transaction): boolean;
  /** Ends it; false when somebody else already has. Each leads to one answer. */
  end(transaction: Transaction): boolean;
}

/** What the browser is asked for now. The request is judged again at each step: the tenant may change meanwhile. */
export type TransactionStep = AskedStep & {
  /** Of the application: whoever has its id later does not go on with this. */
  readonly incarnation: string | undefined;
};

export type AskedStep = {
  readonly parameters: ReadonlyMap<string, string>;
  readonly request: ActionRequest;
} & (
  | { readonly page: "login" }
  | {
      readonly page: "consent";
      readonly session: Session;
      /** What the page last said that the application would get; absent until it was shown. */
      readonly shownScopes?: readonly string[];
    }
);

export type Transaction = TransactionStep & { readonly id: string };

export const TRANSACTION_LIFETIME_SECONDS = 600;
export const MAX_TRANSACTIONS = 1000;
export const MAX_LOGIN_FAILURES = 10;

interface Kept {
  transaction: Transaction;
  readonly browser: Buffer;
  readonly expiresAtMs: number;
  failures: number;
}

export function createTransactions({ clock }: { readonly clock: () => number }): Transactions {
  // In order of their beginning, which is the order of their end.
  const kept = new Map<string, Kept>();

  function forgetOld(): void {
    for (const [id, { expiresAtMs }] of kept) {
      if (expiresAtMs > clock() && kept.size < MAX_TRANSACTIONS) return;
      kept.delete(id);
    }
  }

  return {
    get size() {
      return kept.size;
    },
    begin(step, given) {
      forgetOld();
      // A secret that somebody planted in the browser is never taken up, only one of ours: that of another tab.
      const hashed = digest(given ?? "");
      const isOurs = given !== undefined && [...kept.values()].some(({ browser }) => timingSafeEqual(browser, hashed));
      const browserSecret = isOurs ? given : randomBytes(32).toString("base64url");
      const transaction = { ...step, id: randomBytes(24).toString("base64url") };
      const expiresAtMs = clock() + TRANSACTION_LIFETIME_SECONDS * 1000;
      kept.set(transaction.id, { transaction, browser: digest(browserSecret), expiresAtMs, failures: 0 });
      return { transaction, browserSecret };
    },
    find(id, browserSecret) {
      const found = kept.get(id);
      if (found === undefined || browserSecret === undefined) return undefined;
      const isItsBrowser = timingSafeEqual(found.browser, digest(browserSecret));
      return found.expiresAtMs > clock() && isItsBrowser ? found.transaction : undefined;
    },
    show({ id }, shownScopes) {
      const found = kept.get(id);
      if (found?.transaction.page === "consent") found.transaction = { ...found.transaction, shownScopes };
    },
    countFailure({ id }) {
      const found = kept.get(id);
      if (found === undefined) return false;
      found.failures += 1;
      if (found.failures >= MAX_LOGIN_FAILURES) kept.delete(id);
      return kept.has(id);
    },
    end: ({ id }) => kept.delete(id),
  };
}

function digest(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
