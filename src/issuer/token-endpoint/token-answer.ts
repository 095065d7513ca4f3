/** The body of a granted request (R); `scope` is absent when none was granted. */
export interface TokenAnswer {
  readonly access_token: string;
  readonly refresh_token?: string;
  readonly id_token?: string;
  readonly scope?: string;
  readonly expires_in: number;
  readonly token_type: "Bearer";
}

/** A granted request, with what its event says of it. */
export interface Granted {
  readonly answer: TokenAnswer;
  /** Absent for an opaque token. */
  readonly audience?: string;
  readonly userId?: string;
}

export function scopesOf(parameter: string | undefined): readonly string[] {
  return [...new Set((parameter ?? "").split(" ").filter((scope) => scope !== ""))];
}
