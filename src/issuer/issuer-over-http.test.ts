import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRemoteJWKSet, customFetch, jwtVerify } from "jose";
import { expect, test } from "vitest";
import { createMemoryDocuments } from "../store/memory-documents.ts";
import { fixedTenantStore } from "./fixtures/fixed-tenant-store.ts";
import { createIssuer, type Issuer } from "./issuer.ts";
import { openKeyRing } from "./keys/keys.ts";
import { openStateFolder } from "./state-folder.ts";
import { deriveTenant } from "./tenant/derived-tenant.ts";

test("a client over HTTP follows discovery to a token, and a verifier over HTTP accepts it", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "gatewarden-http-"));
  let issuer: Issuer | undefined;
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const { method = "", url: target = "", rawHeaders: headers } = incoming;
    const answer = await issuer!.handle({ method, target, headers, body: Buffer.concat(chunks) });
    outgoing.writeHead(answer.status, answer.headers as string[]).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const folder = openStateFolder(dataDir);
    const tenant = await deriveTenant(folder, {
      project: "demo",
      apis: [{ identifier: "pets", scopes: ["read:pets"] }],
    });
    issuer = createIssuer({
      issuerUrl: `${origin}/`,
      tenants: fixedTenantStore(tenant),
      keys: await openKeyRing(folder),
      folder,
      documents: createMemoryDocuments,
    });
    const { clientId, clientSecret } = tenant.clients[0]!;

    const discovered = await fetch(`${origin}/.well-known/openid-configuration`);
    const metadata = (await discovered.json()) as Record<"issuer" | "jwks_uri" | "token_endpoint", string>;
    const answer = await fetch(metadata.token_endpoint, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        grant_type: "client_credentials",
        client_id: clientId,
        client_secret: clientSecret,
        audience: "pets",
      }),
    });
    const { access_token } = (await answer.json()) as { access_token: string };
    let fetches = 0;
    const jwks = createRemoteJWKSet(new URL(metadata.jwks_uri), {
      [customFetch]: (...args) => {
        fetches += 1;
        return fetch(...args);
      },
    });
    const verified = await jwtVerify(access_token, jwks, { issuer: metadata.issuer, audience: "pets" });
    expect(verified.payload).toMatchObject({ sub: `${clientId}@clients`, scope: "read:pets" });
    expect(fetches).toBe(1);
    await expect(
      jwtVerify(issuer.mint({ badSignature: true }), jwks, { issuer: metadata.issuer, audience: "pets" }),
    ).rejects.toMatchObject({ code: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED" });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(dataDir, { recursive: true });
  }
});
