import type { Documents } from "../../store/documents.ts";

/** A user's login in one browser, kept over restarts. */
export interface Session {
  readonly sessionId: string;
  readonly userId: string;
  /** Epoch seconds of the login. */
  readonly authTimeSeconds: number;
}

export interface Sessions {
  /** The new session and the secret for the browser's cookie; the store keeps a hash of it. */
  create(userId: string): Promise<{ readonly session: Session; readonly secret: string }>;
  find(secret: string): Promise<Session | undefined>;
  end(secret: string): Promise<void>;
}

export function openSessions(_ports: { readonly documents: () => Documents; readonly clock: () => number }): Sessions {
  return {} as never; // to be built
}
