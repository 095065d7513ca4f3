import { resolve } from "node:path";
import { signRequest } from "../aws/sigv4/sign-request.ts";
import type { SignedRequest } from "../aws/sigv4/signature-verdict.ts";
import type { DecisionRecord } from "../execute-api/decision-record.ts";
import { createHttpClient } from "../execute-api/integrations/http-client/http-client.ts";
import { MintError } from "../issuer/tokens/mint-token.ts";
import { SERVER_DEFAULTS } from "../server/server-options.ts";
import { StartError } from "../server/start-error.ts";
import { type Arguments, UsageError } from "./arguments.ts";
import type { Command, CommandIo } from "./command.ts";
import { AS_CODE_FLAGS, codeLanguageOf } from "./copy-as-code/as-code-flags.ts";
import type { CallDescription } from "./copy-as-code/call-request.ts";
import type { CodeLanguageName } from "./copy-as-code/code-language.ts";
import type { Step } from "./copy-as-code/write-steps.ts";
import { printRecord } from "./print-record.ts";
import { parseUrl, splitHeader } from "./request-arguments.ts";
import { CLIENT_FLAGS, findRunningServer, originOf } from "./running-server.ts";
import { EXECUTE_API, findSigner, SESSION_FLAGS } from "./signing-flags.ts";

const CALL_TIMEOUT_MS = 60_000;

export const call: Command = {
  usage: "call METHOD URL",
  words: 2,
  details:
    "Exits 0 on any HTTP answer; with --fail, 1 when the status is 400 or more.\nWith --as-code: sends nothing, and prints the code that fetches a token and the code that calls.",
  flags: {
    header: { type: "string", value: "'NAME: VALUE'", multiple: true, help: "a request header" },
    token: { type: "string", value: "TOKEN", help: "short for --header 'Authorization: Bearer TOKEN'" },
    sign: { type: "string", value: "NAME", help: "sign with SigV4 as a user of the project, or as role/NAME" },
    data: { type: "string", value: "TEXT", help: "the body; - reads standard input" },
    fail: { type: "boolean", help: "exit 1 when the status is 400 or more" },
    json: { type: "boolean", help: "answer and record as one JSON line" },
    ...AS_CODE_FLAGS,
    "no-token-step": { type: "boolean", help: "with --as-code: the call alone" },
    "raw-token": { type: "boolean", help: "with --as-code: the token without Bearer" },
    api: { type: "string", value: "AUDIENCE", help: "with --as-code: the API that the token is for" },
    ...SESSION_FLAGS,
    ...CLIENT_FLAGS,
  },
  async run(args, io) {
    const [method, address] = args.positionals;
    if (method === undefined || address === undefined)
      throw new UsageError(
        "wanted a method and a URL: gatewarden call GET http://127.0.0.1:4566/_aws/execute-api/petstore/test/pets",
      );
    const url = parseUrl(address.startsWith("/") ? `${findRunningServer(args, io.cwd).gatewayUrl}${address}` : address);
    const data = args.string("data") === "-" ? await io.stdin() : args.string("data");
    const given = args.strings("header").flatMap(splitHeader);
    const token = args.string("token");
    const language = codeLanguageOf(args);
    if (language !== undefined) {
      await printCallCode(language, { method: method.toUpperCase(), url, headers: given, token, data }, args, io);
      return 0;
    }
    const needsCode = AS_CODE_ONLY.find((flag) => args.boolean(flag) || args.string(flag) !== undefined);
    if (needsCode !== undefined) throw new UsageError(`--${needsCode} goes with --as-code LANGUAGE.`);
    if (token !== undefined) given.push("Authorization", `Bearer ${token}`);
    const request = {
      method: method.toUpperCase(),
      target: `${url.pathname}${url.search}`,
      headers: withDefaults(given, ["Host", url.host, "User-Agent", "gatewarden-call", "Accept", "*/*"]),
      body: Buffer.from(data ?? ""),
    };
    const sent = await signed(request, args, io.cwd);
    const http = createHttpClient();
    const result = await http.request({
      method: sent.method,
      url: originOf(url),
      path: sent.target,
      headers: sent.headers,
      ...(data !== undefined && { body: sent.body }),
      timeoutMs: CALL_TIMEOUT_MS,
    });
    await http.close();
    if (result.outcome !== "response") {
      io.err(`${address}: ${result.outcome}${"detail" in result ? ` (${result.detail})` : ""}\n`);
      return 1;
    }
    const requestId = headerOf(result.headers, "x-amzn-requestid") ?? headerOf(result.headers, "apigw-requestid");
    const record = requestId === undefined ? undefined : await recordOf(requestId, args, io.cwd);
    if (args.boolean("json")) {
      io.out(
        `${JSON.stringify({ status: result.status, headers: result.headers, body: result.body.toString("utf8"), record: record ?? null })}\n`,
      );
    } else {
      io.out(`${result.status} ${result.reason}\n`);
      for (let at = 0; at < result.headers.length; at += 2)
        io.out(`${result.headers[at]}: ${result.headers[at + 1]}\n`);
      io.out(`\n${result.body.toString("utf8")}\n\n`);
      io.out(
        record === undefined
          ? "No decision record: the answer has no request id that this server knows.\n"
          : printRecord(record),
      );
    }
    return args.boolean("fail") && result.status >= 400 ? 1 : 0;
  },
};

/** With `--sign` as that user or role signs it; a token then needs a header of its own. */
async function signed(request: SignedRequest, args: Arguments, cwd: string): Promise<SignedRequest> {
  const name = args.string("sign");
  if (name === undefined) return request;
  if (headerOf(request.headers, "authorization") !== undefined) {
    throw new UsageError(
      "--sign puts the signature into Authorization, where a token is already: send the token in another header.",
    );
  }
  const { credentials, region } = await findSigner(name, args, cwd);
  return signRequest(request, credentials, { region, service: EXECUTE_API, nowMs: Date.now(), form: "header" });
}

const AS_CODE_ONLY = ["include-secret", "no-token-step", "raw-token", "api"];

async function printCallCode(
  language: CodeLanguageName,
  called: Pick<CallDescription, "method" | "url" | "headers" | "token" | "data">,
  args: Arguments,
  io: CommandIo,
): Promise<void> {
  const { describeCall, variablesOf } = await import("./copy-as-code/call-request.ts");
  const { writeSteps } = await import("./copy-as-code/write-steps.ts");
  const includeSecret = args.boolean("include-secret");
  const request = describeCall({ ...called, rawToken: args.boolean("raw-token"), includeSecret });
  const steps = [{ title: "the call", request }];
  if (!args.boolean("no-token-step")) steps.unshift(await tokenStep(includeSecret, args, io.cwd));
  io.out(await writeSteps(steps, language));
  const variables = [...new Set(steps.flatMap((step) => variablesOf(step.request)))];
  if (variables.length > 0) io.err(`Read from the environment: ${variables.join(", ")}.\n`);
}

async function tokenStep(includeSecret: boolean, args: Arguments, cwd: string): Promise<Step> {
  const { readTokenRequest } = await import("./copy-as-code/token-request.ts");
  const dataDir = resolve(cwd, args.string("data-dir") ?? SERVER_DEFAULTS.dataDir);
  const wanted = { dataDir, cwd, api: args.string("api"), m2m: undefined, scopes: undefined, includeSecret };
  try {
    const { request, clientName, audience } = await readTokenRequest(wanted);
    return { title: `a token for ${audience} by "${clientName}"; its access_token is the TOKEN of step 2`, request };
  } catch (error) {
    if (error instanceof MintError) throw new UsageError(error.message);
    if (error instanceof StartError) throw new UsageError(`${error.message} Or leave it out: --no-token-step.`);
    throw error;
  }
}

/** The record, when the answer came from the server that runs here: it may as well be AWS's, or another gateway's. */
async function recordOf(requestId: string, args: Arguments, cwd: string): Promise<DecisionRecord | undefined> {
  try {
    return await findRunningServer(args, cwd).record(requestId);
  } catch (error) {
    if (error instanceof StartError) return undefined;
    throw error;
  }
}

/** The given fields, then those of the defaults whose name was not given. */
function withDefaults(given: readonly string[], defaults: readonly string[]): string[] {
  const headers = [...given];
  for (let at = 0; at < defaults.length; at += 2) {
    const name = defaults[at] as string;
    if (headerOf(given, name.toLowerCase()) === undefined) headers.push(name, defaults[at + 1] as string);
  }
  return headers;
}

function headerOf(headers: readonly string[], lowerCaseName: string): string | undefined {
  for (let at = 0; at < headers.length; at += 2)
    if (headers[at]?.toLowerCase() === lowerCaseName) return headers[at + 1];
  return undefined;
}
