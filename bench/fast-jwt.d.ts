/** As much as is called of it: `npm ci` installs the other peers here for the tests too, and this one not. */
declare module "fast-jwt" {
  export function createVerifier(options: {
    readonly key: string;
    readonly algorithms: readonly string[];
    readonly allowedIss: string;
    readonly allowedAud: string;
    readonly cache: boolean;
  }): (token: string) => unknown;
}
