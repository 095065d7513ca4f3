import { expect, test } from "vitest";
import { endedSessionCookie, readCookie, SESSION_COOKIE, sessionCookie, transactionCookie } from "./cookies.ts";

const secret = "a".repeat(43);
const other = "b".repeat(43);

function read(...cookie: string[]) {
  const headers = cookie.flatMap((each) => ["Cookie", each]);
  return readCookie({ method: "GET", target: "/", headers, body: Buffer.alloc(0) }, SESSION_COOKIE);
}

test("a cookie is found among others, and the same one twice is one", () => {
  expect(read(`x=1; auth0=${secret}; y=auth0=${other}`)).toEqual({ ok: true, value: secret });
  expect(read(`auth0=${secret}`, `auth0=${secret}`)).toEqual({ ok: true, value: secret });
});

test("two different cookies of one name are nobody's: one of them may be planted", () => {
  expect(read(`auth0=${secret}; auth0=${other}`)).toEqual({ ok: false, reason: "ambiguous" });
  expect(read(`auth0=${secret}`, "auth0=")).toEqual({ ok: false, reason: "ambiguous" });
});

test.each(["", "auth0", "xauth0=a", "AUTH0=a"])("%j holds no session cookie", (cookie) => {
  expect(read(cookie)).toEqual({ ok: false, reason: "absent" });
});

test.each([`auth0="${secret}"`, `auth0=${secret}a`, "auth0=__proto__", `auth0=${secret.slice(1)}\u00e9`])(
  "%j is none that the issuer made",
  (cookie) => expect(read(cookie)).toEqual({ ok: false, reason: "malformed" }),
);

test("more cookies than a browser keeps are not read", () => {
  expect(read(`${"x=1; ".repeat(200)}auth0=${secret}`)).toEqual({ ok: false, reason: "malformed" });
});

test("over http the session cookie is Lax, over https None and Secure; no script can read either", () => {
  expect(sessionCookie(secret, 5, "http://localhost:1/")[1]).toBe(
    `auth0=${secret}; Max-Age=5; Path=/; HttpOnly; SameSite=Lax`,
  );
  expect(sessionCookie(secret, 5, "https://localhost:1/")[1]).toBe(
    `auth0=${secret}; Max-Age=5; Path=/; HttpOnly; SameSite=None; Secure`,
  );
  expect(transactionCookie(secret, 5, "https://localhost:1/")[1]).toMatch(/; Path=\/; HttpOnly; SameSite=Lax; Secure$/);
  expect(endedSessionCookie("http://localhost:1/")[1]).toBe("auth0=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax");
});
