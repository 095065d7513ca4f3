import { expect, test } from "vitest";
import { sampleClient } from "../fixtures/sample-issuer.ts";
import { allowedOrigins, originOf, webMessageOrigins } from "./origins.ts";

const client = sampleClient({
  callbacks: ["http://localhost:3000/callback", "http://localhost:3000/other", "com.example.app://cb"],
  webOrigins: ["https://app.example/", "HTTP://LOCALHOST:3001"],
  allowedOrigins: ["https://api.example:443"],
});

test("the origins of web_origins, allowed_origins and callbacks are written as a browser writes them, once each", () => {
  expect(allowedOrigins(client)).toEqual([
    "https://app.example",
    "http://localhost:3001",
    "https://api.example",
    "http://localhost:3000",
  ]);
});

test("an answer is posted to web_origins only, not to those that callbacks have or that CORS alone allows", () => {
  expect(webMessageOrigins(client)).toEqual(["https://app.example", "http://localhost:3001"]);
});

test.each([
  "null",
  "",
  "*",
  "https://*.example",
  "javascript:alert(1)",
  "data:text/html,x",
  "com.example.app://cb",
  "//x",
])("%j has no origin that may be allowed", (url) => {
  expect(originOf(url)).toBeUndefined();
  expect(allowedOrigins(sampleClient({ callbacks: [url], webOrigins: [url], allowedOrigins: [url] }))).toEqual([]);
});
