import { expect, test } from "vitest";
import { BANNER, html, pageAnswer, scriptJson } from "./html.ts";

const HOSTILE = `"><script>alert('1')</script>&\``;

test("a value is escaped for text and attributes, HTML made by the tag is not escaped again", () => {
  const inner = html`<b title="${HOSTILE}">${HOSTILE}</b>`;
  expect(inner.text).not.toContain("<script>");
  expect(inner.text).toContain("&#34;&#62;&#60;script&#62;alert(&#39;1&#39;)&#60;/script&#62;&#38;&#96;");
  expect(html`<p>${[inner, inner]}${false}${undefined}${0}</p>`.text).toBe(`<p>${inner.text}${inner.text}0</p>`);
});

test("JSON in a script cannot end the script", () => {
  const value = { state: "</script><!--<script>\u2028&" };
  const { text } = scriptJson(value);
  expect(text).not.toMatch(/[<>&\u2028]/);
  expect(JSON.parse(text)).toEqual(value);
});

test("every page carries the banner, runs no inline script, is framed by nobody and is not cached", () => {
  const { body, headers } = pageAnswer(200, { title: HOSTILE, body: html`<p>x</p>` });
  expect(body).toContain(BANNER);
  expect(body).not.toContain("<script");
  const all = headers.join("\n");
  expect(all).toContain("default-src 'none'");
  expect(all).toContain("frame-ancestors 'none'");
  expect(all).not.toContain("unsafe-inline");
  expect(all).not.toContain("script-src");
  expect(all).toContain("x-frame-options\nDENY");
  expect(all).toContain("cache-control\nno-store");
});

test("a page's own script has a nonce that is new each time", () => {
  const policies = [1, 2].map(() => {
    const { body, headers } = pageAnswer(200, { title: "x", body: html``, script: html`go()` });
    const nonce = /script-src 'nonce-([^']+)'/.exec(headers.join())?.[1];
    expect(body).toContain(`<script nonce="${html`${nonce}`.text}">go()</script>`);
    return nonce;
  });
  expect(policies[0]).not.toBe(policies[1]);
});
