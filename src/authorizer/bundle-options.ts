/*
 * Properties that only this code writes and reads, so that a bundler may shorten them: never those of an event, an answer,
 * a policy, a token, a key, a rules file, a log line or Node. handler.test.ts runs all of its tests on the bundle too.
 */
const INTERNAL_PROPERTIES = [
  "algorithms",
  "allowHttp",
  "atMs",
  "audiences",
  "body",
  "bodyLimitBytes",
  "byKid",
  "cacheMs",
  "claims",
  "clientIdAsAudience",
  "contextClaims",
  "cooldownMs",
  "current",
  "failure",
  "fetchedAtMs",
  "generation",
  "header",
  "initialKeys",
  "isBearerOptional",
  "isMethodPolicy",
  "issuers",
  "jwksUri",
  "keyObject",
  "keySources",
  "maxStaleMs",
  "nowMs",
  "nowSeconds",
  "ok",
  "parseKeys",
  "requireKid",
  "retryPauseMs",
  "rules",
  "signature",
  "signatureBytes",
  "signed",
  "simpleResponses",
  "timeoutMs",
  "unusable",
  "value",
];

/**
 * How the authorizer becomes the one file that is deployed: esbuild options as plain data. The entry assigns `exports`
 * itself, which spares the wrapper that makes a CommonJS module of an ES module.
 *
 *     const { outputFiles } = await build({ ...AUTHORIZER_BUNDLE_OPTIONS, stdin: authorizerEntry(folder), write: false });
 */
export const AUTHORIZER_BUNDLE_OPTIONS = {
  bundle: true,
  minify: true,
  mangleProps: new RegExp(`^(${INTERNAL_PROPERTIES.join("|")})$`),
  format: "cjs",
  platform: "node",
  target: "node22",
  logOverride: { "commonjs-variable-in-esm": "silent" },
} as const;

/** esbuild's `stdin` for the folder that holds handler.ts (or handler.js after the build). */
export function authorizerEntry(folder: string, extension: "ts" | "js" = "ts") {
  return {
    contents: `import { handler } from "./handler.${extension}"; exports.handler = handler;`,
    resolveDir: folder,
  };
}
