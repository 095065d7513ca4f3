/** What stands where the secret is not shown. */
const SECRET_VARIABLE = "CLIENT_SECRET";

/** The curl line that gets a client its own token, as Auth0's dashboard gives it. */
export function tokenCurl(ask: {
  readonly issuerUrl: string;
  readonly clientId: string;
  readonly audience: string;
  /** Without it the line reads it from the environment. */
  readonly clientSecret?: string;
}): string {
  const { issuerUrl, clientId, audience, clientSecret } = ask;
  const mark = "\u0000";
  const body = JSON.stringify({
    client_id: clientId,
    client_secret: clientSecret ?? mark,
    audience,
    grant_type: "client_credentials",
  });
  const quoted = body.split(JSON.stringify(mark).slice(1, -1)).map(shellQuoted);
  const data = quoted.join(`"$${SECRET_VARIABLE}"`);
  return `curl --request POST --url ${shellQuoted(`${issuerUrl}oauth/token`)} --header 'content-type: application/json' --data ${data}`;
}

/** The line before it. */
export function secretLine(clientId: string): string {
  return `${SECRET_VARIABLE}=$(gatewarden issuer secrets show ${shellQuoted(clientId)})`;
}

/** One word of a POSIX shell, whatever it holds. */
export function shellQuoted(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
