// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are API Gateway's variables
import { expect, test } from "vitest";
import {
  compileAccessLogFormat,
  compileGatewayResponseTemplate,
  lookupContext,
  MAX_ACCESS_LOG_FORMAT_BYTES,
} from "./context-variables.ts";

const CONTEXT = {
  requestId: "r-1",
  extendedRequestId: "e-1",
  httpMethod: "GET",
  status: 200,
  identity: { sourceIp: "192.0.2.1", user: null, userAgent: 'curl\n"8"' },
  authorizer: { claims: { sub: "auth0|1" }, "https://x/roles": "r", principalId: "p" },
  error: { message: 'no "entry"', responseType: "UNAUTHORIZED" },
};

test("a context variable is found by its dotted name, and nothing of JavaScript is", () => {
  expect(lookupContext(CONTEXT, "identity.sourceIp")).toBe("192.0.2.1");
  expect(lookupContext(CONTEXT, "authorizer.claims.sub")).toBe("auth0|1");
  expect(lookupContext({ a: { "b.c": 1 } }, "a.b.c")).toBe(1);
  expect(lookupContext(CONTEXT, "identity.user")).toBeNull();
  for (const name of [
    "none",
    "identity.none",
    "constructor",
    "identity.__proto__",
    "requestId.length",
    "__proto__.x",
    "",
  ]) {
    expect(lookupContext(CONTEXT, name)).toBeUndefined();
  }
});

function log(format: string): string {
  const verdict = compileAccessLogFormat(format);
  if (!verdict.ok) throw new Error(verdict.message);
  return verdict.render(CONTEXT);
}

test("an access log line has the values, and - for what is missing (C)", () => {
  expect(
    log(
      '$context.identity.sourceIp $context.identity.caller [$context.requestTime] "$context.httpMethod" $context.status $context.requestId',
    ),
  ).toBe('192.0.2.1 - [-] "GET" 200 r-1');
  expect(log("$context.extendedRequestId,${context.status},$context.identity.user.")).toBe("e-1,200,-.");
  expect(log('{ "requestId":"$context.requestId", "m":"$context.httpMethod" }')).toBe(
    '{ "requestId":"r-1", "m":"GET" }',
  );
});

test("a map of $context, such as the claims alone, has no text (D)", () => {
  expect(log("$context.requestId $context.authorizer.claims $context.identity $context.authorizer.claims.sub")).toBe(
    "r-1 - - auth0|1",
  );
  expect(respond("[$context.authorizer.claims$context.identity]")).toBe("[]");
});

test("a value with line breaks keeps the log one line an entry", () => {
  expect(log("$context.requestId $context.identity.userAgent")).toBe('r-1 curl\\n"8"');
});

test.each([
  ["", "empty"],
  ["$context.httpMethod", "neither $context.requestId nor"],
  ["$context.requestId\n$context.status", "more than one line"],
  ["$context.requestId $input.body", "$input.body"],
  ["$context.requestId ${stageVariables.x}", "stageVariables"],
  [`$context.requestId ${"x".repeat(MAX_ACCESS_LOG_FORMAT_BYTES)}`, "bytes"],
])("an access log format of %j is refused (D)", (format, reason) => {
  const verdict = compileAccessLogFormat(format);
  expect(verdict.ok ? "" : verdict.message).toContain(reason);
});

function respond(template: string, context: Record<string, unknown> = CONTEXT): string {
  const parameters: Record<string, string> = { "header.X-A": "a", "querystring.q": "1", "path.id": "7" };
  return compileGatewayResponseTemplate(template)({
    context,
    stageVariables: { support: "s@example.com" },
    parameter: (location, name) => parameters[`${location}.${name}`],
  });
}

test("the default gateway response template gives the message as JSON (R), null for none (D)", () => {
  const template = '{"message":$context.error.messageString}';
  expect(respond(template)).toBe('{"message":"no \\"entry\\""}');
  expect(respond(template, { error: { message: null } })).toBe('{"message":null}');
  expect(respond(template, {})).toBe('{"message":null}');
  expect(respond(template, { error: { message: "", messageString: "null" } })).toBe('{"message":null}');
});

test("a gateway response template knows $context, $stageVariables and $method.request (D)", () => {
  expect(
    respond(
      "$context.error.message $context.error.responseType $stageVariables.support $method.request.header.X-A $method.request.querystring.q ${method.request.path.id}.",
    ),
  ).toBe('no "entry" UNAUTHORIZED s@example.com a 1 7.');
  expect(respond("[$context.none$stageVariables.none$method.request.header.none$context.constructor]")).toBe("[]");
  expect(respond("$context.authorizer.principalId")).toBe("p");
});

test("a gateway response template is not VTL (D)", () => {
  const source = "#set($x = 1)#if(true)$x#end $input.body $util.urlEncode('a') #foreach";
  expect(respond(source)).toBe(source);
  expect(respond("$context.requestId.toUpperCase()")).toBe("()");
});

test("values are put in as they are, and not read again", () => {
  expect(respond("$context.a", { a: "$context.b", b: "x" })).toBe("$context.b");
  expect(respond("$context.a", { a: "$& $1 $$" })).toBe("$& $1 $$");
});
