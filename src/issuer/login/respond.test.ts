import { expect, test } from "vitest";
import type { IssuerAnswer } from "../issuer-request.ts";
import { type ResponseTarget, respond } from "./respond.ts";

const HOSTILE_STATE = `"><script>alert(1)</script>\r\nSet-Cookie: a=b\u2028&`;

function target(given: Partial<ResponseTarget> = {}): ResponseTarget {
  return { redirectUri: "http://localhost:3000/cb", responseMode: "query", state: "st", isSilent: false, ...given };
}

function header({ headers }: IssuerAnswer, name: string): string | undefined {
  const index = headers.indexOf(name);
  return index === -1 ? undefined : headers[index + 1];
}

test("query and fragment keep the callback as it was written and add code and state", () => {
  const query = respond(target({ redirectUri: "http://localhost:3000" }), [["code", "c"]]);
  expect(query.status).toBe(302);
  expect(header(query, "location")).toBe("http://localhost:3000?code=c&state=st");
  expect(header(respond(target({ redirectUri: "http://localhost:3000/?a=b" }), [["code", "c"]]), "location")).toBe(
    "http://localhost:3000/?a=b&code=c&state=st",
  );
  const fragment = respond(target({ responseMode: "fragment", state: undefined }), [["error_description", "a b"]]);
  expect(header(fragment, "location")).toBe("http://localhost:3000/cb#error_description=a%20b");
  expect(header(fragment, "cache-control")).toBe("no-store");
});

test.each(["query", "fragment"] as const)("a hostile state cannot leave a %s", (responseMode) => {
  const location = header(respond(target({ responseMode, state: HOSTILE_STATE }), [["code", "c"]]), "location")!;
  expect(location).toMatch(/^[\x21-\x7e]+$/);
  expect(new URLSearchParams(location.split(/[?#]/)[1]).get("state")).toBe(HOSTILE_STATE);
});

test("an empty state is a state", () => {
  expect(header(respond(target({ state: "" }), [["code", "c"]]), "location")).toBe(
    "http://localhost:3000/cb?code=c&state=",
  );
});

test("form_post sends itself, or by its button, to the callback; nothing in it can be HTML", () => {
  const answer = respond(target({ responseMode: "form_post", state: HOSTILE_STATE }), [["code", "c"]]);
  const page = String(answer.body);
  expect(answer.status).toBe(200);
  expect(page).toContain('<form method="post" action="http://localhost:3000/cb">');
  expect(page).toContain('<input type="hidden" name="code" value="c">');
  expect(page).toContain("<button>");
  expect(page.match(/<script/g)).toHaveLength(1);
  expect(page).not.toContain("alert(1)</script>");
  expect(header(answer, "x-frame-options")).toBe("DENY");
});

test("a silent web_message posts to the callback's exact origin and may be framed by it alone", () => {
  const answer = respond(target({ responseMode: "web_message", state: HOSTILE_STATE, isSilent: true }), [
    ["code", "c"],
  ]);
  const page = String(answer.body);
  const [, message, origin] = /\.postMessage\((\{.*\}), ("[^"]*")\);<\/script>/.exec(page) ?? [];
  expect(JSON.parse(message!)).toEqual({
    type: "authorization_response",
    response: { code: "c", state: HOSTILE_STATE },
  });
  expect(JSON.parse(origin!)).toBe("http://localhost:3000");
  expect(page.match(/<script/g)).toHaveLength(1);
  expect(header(answer, "content-security-policy")).toContain("frame-ancestors http://localhost:3000");
  expect(header(answer, "x-frame-options")).toBeUndefined();
});

test("a popup's web_message may be framed by nobody", () => {
  const answer = respond(target({ responseMode: "web_message" }), [["code", "c"]]);
  expect(header(answer, "content-security-policy")).toContain("frame-ancestors 'none'");
  expect(header(answer, "x-frame-options")).toBe("DENY");
});

test("a web_message has nobody to go to where the callback has no origin", () => {
  const native = target({ responseMode: "web_message", redirectUri: "com.example.app://cb" });
  expect(() => respond(native, [["code", "c"]])).toThrow("without an origin");
});
