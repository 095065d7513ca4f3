/** Logins under way, between /authorize and the code: in memory, for minutes, bounded. */
export interface Transactions {
  // To be shaped by its only user, the login.
  readonly size: number;
}

export function createTransactions(_ports: { readonly clock: () => number }): Transactions {
  return {} as never; // to be built
}
