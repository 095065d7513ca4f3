import { MAX_EXPIRES_SECONDS } from "../aws/sigv4/judge-claim.ts";
import { signRequest } from "../aws/sigv4/sign-request.ts";
import { type Arguments, UsageError } from "./arguments.ts";
import type { Command } from "./command.ts";
import { parseUrl, splitHeader } from "./request-arguments.ts";
import { CLIENT_FLAGS, findRunningServer } from "./running-server.ts";
import { EXECUTE_API, findSigner, SESSION_FLAGS } from "./signing-flags.ts";

export const sign: Command = {
  usage: "sign METHOD URL [--as NAME]",
  words: 2,
  details:
    "NAME is a user (alice) or a role (role/web), of another account with it (111122223333/alice), by default the first that iam.yaml or the template declares.\nA signed header is good for 5 minutes; with --presign the signature is in the URL, for as long as --expires says.",
  flags: {
    as: { type: "string", value: "NAME", help: "a user, or role/NAME (the first that is declared)" },
    header: { type: "string", value: "'NAME: VALUE'", multiple: true, help: "a request header" },
    data: { type: "string", value: "TEXT", help: "the body; - reads standard input" },
    presign: { type: "boolean", help: "a curl line whose URL carries the signature" },
    expires: { type: "number", value: "SECONDS", help: `of a presigned URL, 1 to ${MAX_EXPIRES_SECONDS} (900)` },
    region: { type: "string", value: "REGION", env: true, help: "of the credential scope (the server's)" },
    service: { type: "string", value: "NAME", help: `of the credential scope (${EXECUTE_API})` },
    ...SESSION_FLAGS,
    ...CLIENT_FLAGS,
  },
  async run(args, io) {
    const [method, address] = args.positionals;
    if (method === undefined || address === undefined)
      throw new UsageError("wanted a method and a URL: gatewarden sign GET /_aws/execute-api/petstoreiam/test/pets");
    const url = parseUrl(address.startsWith("/") ? `${findRunningServer(args, io.cwd).gatewayUrl}${address}` : address);
    const data = args.string("data") === "-" ? await io.stdin() : args.string("data");
    const given = args.strings("header").flatMap(splitHeader);
    const { credentials, region } = await findSigner(args.string("as"), args, io.cwd);
    const signed = signRequest(
      {
        method: method.toUpperCase(),
        target: `${url.pathname}${url.search}`,
        headers: hasHeader(given, "host") ? given : ["Host", url.host, ...given],
        body: Buffer.from(data ?? ""),
      },
      credentials,
      {
        region: args.string("region") ?? region,
        service: args.string("service") ?? EXECUTE_API,
        nowMs: Date.now(),
        form: args.boolean("presign") ? "query" : "header",
        ...readExpiry(args),
      },
    );
    const headers = hasHeader(given, "host") ? signed.headers : withoutHost(signed.headers);
    io.out(`${curlLine(signed.method, `${url.origin}${signed.target}`, headers, data)}\n`);
    return 0;
  },
};

function readExpiry(args: Arguments): { expiresSeconds?: number } {
  const expiresSeconds = args.number("expires");
  if (expiresSeconds === undefined) return {};
  if (!args.boolean("presign"))
    throw new UsageError("--expires goes with --presign: a signed header is good for 5 minutes.");
  if (expiresSeconds < 1 || expiresSeconds > MAX_EXPIRES_SECONDS)
    throw new UsageError(`--expires is ${expiresSeconds}, wanted 1 to ${MAX_EXPIRES_SECONDS} seconds.`);
  return { expiresSeconds };
}

/** curl sends Host by itself. */
function withoutHost(headers: readonly string[]): readonly string[] {
  return headers.flatMap((text, at) => {
    const name = headers[at - (at % 2)] as string;
    return name.toLowerCase() === "host" ? [] : text;
  });
}

function hasHeader(headers: readonly string[], lowerCaseName: string): boolean {
  return headers.some((text, at) => at % 2 === 0 && text.toLowerCase() === lowerCaseName);
}

/** One that sends what was signed and nothing that changes it: `--path-as-is` keeps dot segments, `--data-raw` an `@`. */
function curlLine(method: string, url: string, headers: readonly string[], data: string | undefined): string {
  const words = ["curl -i --path-as-is"];
  if (method !== (data === undefined ? "GET" : "POST"))
    words.push(method === "HEAD" ? "--head" : `-X ${quoted(method)}`);
  for (let at = 0; at < headers.length; at += 2) words.push(`-H ${quoted(`${headers[at]}: ${headers[at + 1]}`)}`);
  // Else curl says that it is a form, which was not signed but decides how the body is read.
  if (data !== undefined && !hasHeader(headers, "content-type")) words.push("-H 'Content-Type: application/json'");
  if (data !== undefined) words.push(`--data-raw ${quoted(data)}`);
  return [...words, quoted(url)].join(" ");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
