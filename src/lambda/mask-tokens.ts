/** What replaces a JSON Web Token in a log line. */
export const MASKED_JWT = "eyJ…[masked]";
/** What replaces the credential after `Bearer`. */
export const MASKED_BEARER = "…[masked]";

/** Prose, not credentials: "a Bearer token is missing" and `BEARER is "maybe"` stay readable. */
const PROSE = new Set(["is", "token", "tokens", "scheme", "authentication", "authorization", "auth", "prefix"]);

/** Every character a JWS or JWE is made of. One class without nested repetition, so the scan is linear. */
const TOKEN_RUN = /[\w.-]+/g;
const BEARER = /\b(bearer(?:\s|%20|\+){1,8})([^\s"'`,;\\{}()[\]<>]+)/gi;

/**
 * Takes tokens out of a log line: anything shaped like a JWT (`eyJ….….…`, two segments are enough, so that a cut token
 * is caught too) and whatever follows `Bearer`. Works on whole lines: a token that the function prints over two lines,
 * or encodes, is not recognised.
 */
export function maskTokens(line: string): string {
  let masked = line;
  if (masked.includes("eyJ")) masked = masked.replace(TOKEN_RUN, maskRun);
  if (/bearer/i.test(masked)) {
    masked = masked.replace(BEARER, (whole: string, scheme: string, credential: string) =>
      PROSE.has(credential.toLowerCase().replace(/[.:!?]+$/, "")) || credential.startsWith("eyJ…")
        ? whole
        : scheme + MASKED_BEARER,
    );
  }
  return masked;
}

function maskRun(run: string): string {
  const start = run.indexOf("eyJ");
  if (start === -1) return run;
  const dot = run.indexOf(".", start);
  return dot === -1 ? run : run.slice(0, start) + MASKED_JWT;
}
