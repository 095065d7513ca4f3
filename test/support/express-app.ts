import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
// @ts-expect-error It brings no types.
import express from "express";
import { expressjwt } from "express-jwt";
import { auth } from "express-oauth2-jwt-bearer";
import { expressJwtSecret, type GetVerificationKey } from "jwks-rsa";

/*
 * A process of its own, since the authorities that Node.js trusts are read at its start: `express-app.ts ISSUER AUDIENCE
 * STRICT_AUDIENCE` serves a route behind each library, and one that takes tokens of RFC 9068 only, and answers each line
 * of a token with a line of what they said to it.
 */

const [issuer = "", audience = "", strictAudience = ""] = process.argv.slice(2);
const secret = expressJwtSecret({ jwksUri: `${issuer}.well-known/jwks.json`, cache: true }) as GetVerificationKey;

const app = express();
const accept = (_: IncomingMessage, answer: ServerResponse) => answer.end();
app.get("/express-jwt", expressjwt({ secret, issuer, audience, algorithms: ["RS256"] }), accept);
app.get("/express-oauth2-jwt-bearer", auth({ issuerBaseURL: issuer, audience }), accept);
app.get("/strict", auth({ issuerBaseURL: issuer, audience: strictAudience, strict: true }), accept);
app.use((error: { status?: number }, _: IncomingMessage, answer: ServerResponse, _next: () => void) => {
  answer.writeHead(error.status ?? 500).end();
});

const server = app.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  createInterface({ input: process.stdin }).on("line", async (token) => {
    const answers = ["express-jwt", "express-oauth2-jwt-bearer", "strict"].map(async (route) => {
      const headers = { authorization: `Bearer ${token}` };
      return (await fetch(`http://127.0.0.1:${port}/${route}`, { headers })).status;
    });
    process.stdout.write(`${JSON.stringify(await Promise.all(answers))}\n`);
  });
});
