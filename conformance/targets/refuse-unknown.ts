/** The members that something may have. */
export type Members<Of> = Readonly<Record<keyof Of, true>>;

/** What nobody reads shows nothing, and looks as if it did. @throws Error naming the first such member */
export function refuseUnknown(what: string, value: object | undefined, members: Readonly<Record<string, true>>): void {
  const unknown = Object.keys(value ?? {}).find((name) => !Object.hasOwn(members, name));
  if (unknown !== undefined) {
    throw new Error(`${what} has the unknown member ${unknown}; there are ${Object.keys(members).join(", ")}`);
  }
}
