/** What a login has granted an application, from the code to the last refresh. */
export interface AuthorizationGrant {
  readonly clientId: string;
  readonly userId: string;
  /** The two again, told from whoever has their ids later. */
  readonly holders: string;
  /** Absent when nobody asked for an API: the access token is then opaque, good for /userinfo only (D). */
  readonly audience?: string;
  /** Decided: what was asked for, less what the user or the client may not have, plus what an Action added. */
  readonly scopes: readonly string[];
  /** Epoch seconds of the login itself. */
  readonly authTimeSeconds: number;
  /** The ID token's `sid`. */
  readonly sessionId?: string;
  /** Custom claims that an Action has set. */
  readonly accessTokenClaims: Readonly<Record<string, unknown>>;
  readonly idTokenClaims: Readonly<Record<string, unknown>>;
}

/** A grant on its way through the browser. */
export interface CodeGrant extends AuthorizationGrant {
  readonly redirectUri: string;
  /** /authorize was not told it (the application's first callback was taken): the exchange need not repeat it then. */
  readonly isRedirectUriImplied?: boolean;
  readonly nonce?: string;
  /** Asked for, so that `auth_time` is in the ID token. */
  readonly hasMaxAge: boolean;
  readonly codeChallenge?: { readonly method: "S256" | "plain"; readonly value: string };
}
