import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { sampleApi, sampleClient } from "../fixtures/sample-issuer.ts";
import { SAMPLE_MANAGEMENT_AUDIENCE, type SampleManagement, sampleManagement } from "../fixtures/sample-management.ts";

let management: SampleManagement;
beforeAll(async () => {
  management = await sampleManagement();
});
beforeEach(() => {
  management.sample.events.length = 0;
});
afterAll(() => management.close());

describe("the token", () => {
  async function askWith(headers: Record<string, string>) {
    const answer = await management.sample.ask("GET", "/api/v2/users", { headers });
    return { status: answer.status, body: answer.json() };
  }
  const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
  const invalid = (message: string) => ({
    status: 401,
    body: { statusCode: 401, error: "Unauthorized", message, attributes: { error: message } },
  });

  test("of this issuer for this audience is accepted", async () => {
    expect((await askWith(bearer(management.token("read:users")))).status).toBe(200);
    const array = management.token("read:users", { aud: ["https://x", SAMPLE_MANAGEMENT_AUDIENCE] });
    expect((await askWith(bearer(array))).status).toBe(200);
  });

  test("is needed", async () => {
    expect(await askWith({})).toEqual(invalid("Missing authentication"));
  });

  test.each([["Basic YTpi"], ["Token a.b.c"], ["Bearer"], ["Bearer opaque"], ["Bearer a.b.c.d.e"], ["Bearer a b"]])(
    "has the form of a bearer token: %s",
    async (Authorization) => {
      const body = {
        statusCode: 400,
        error: "Bad Request",
        message: "Bad HTTP authentication header format",
        errorCode: "Bearer",
      };
      expect(await askWith({ Authorization })).toEqual({ status: 400, body });
    },
  );

  test("must be for the Management API, of this issuer, signed by it and not expired", async () => {
    const other = (claims: object) => bearer(management.token("read:users", { ...claims }));
    expect(await askWith(other({ aud: "https://pets.example" }))).toEqual(invalid("Invalid token"));
    expect(await askWith(other({ aud: SAMPLE_MANAGEMENT_AUDIENCE.slice(0, -1) }))).toEqual(invalid("Invalid token"));
    expect(await askWith(other({ iss: "https://tenant.eu.auth0.com/" }))).toEqual(invalid("Invalid token"));
    const late = invalid("Expired token received for JSON Web Token validation");
    expect(await askWith(other({ exp: 1_700_000_000 }))).toEqual(late);
    const [header, payload, signature] = management.token("read:users").split(".") as [string, string, string];
    const flipped = `${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`;
    const forged = invalid("Invalid signature received for JSON Web Token validation");
    expect(await askWith(bearer(`${header}.${payload}.${flipped}`))).toEqual(forged);
  });

  test("never shows in an event, and the refusal says what was wrong with it", async () => {
    const token = management.token("read:users", { aud: "https://pets.example" });
    await askWith(bearer(token));
    expect(management.sample.events).toEqual([
      {
        kind: "refused",
        endpoint: "GET /api/v2/users",
        reason: "management_token_invalid",
        description: "Invalid token",
        audience: SAMPLE_MANAGEMENT_AUDIENCE,
        expected: [SAMPLE_MANAGEMENT_AUDIENCE],
        actual: ["https://pets.example"],
      },
    ]);
    expect(JSON.stringify(management.sample.events)).not.toContain(token.slice(-20));
  });

  test("is not read when the key that signed it is revoked", async () => {
    const token = management.token("read:users");
    await management.sample.keys.rotate();
    expect((await askWith(bearer(token))).status).toBe(200);
    const previous = management.sample.keys.keys().find(({ state }) => state === "previous")!;
    await management.sample.keys.revoke(previous.key.kid);
    expect(await askWith(bearer(token))).toEqual(invalid("Invalid token"));
  });
});

test("an ordinary API that is called as a custom domain's Management API would be administers nothing", async () => {
  const domain = "http://login.localhost:4567/";
  const squatter = sampleApi({ identifier: `${domain}api/v2/`, scopes: ["read:clients"] });
  const squatted = await sampleManagement("memory", {
    tenant: { customDomains: ["login.localhost"], apis: [squatter], clients: [sampleClient()] },
  });
  try {
    const token = squatted.token("read:clients", { iss: domain, aud: squatter.identifier });
    const headers = { Authorization: `Bearer ${token}` };
    const here = await squatted.sample.ask("GET", "/api/v2/clients", {
      headers: { ...headers, Host: "login.localhost:4567" },
    });
    expect([here.status, here.json().message]).toEqual([401, "Invalid token"]);
    expect(here.text).not.toContain(sampleClient().clientSecret);
    expect(squatted.sample.events.at(-1)).toMatchObject({
      reason: "management_token_invalid",
      expected: [SAMPLE_MANAGEMENT_AUDIENCE],
    });
    // Nor does a token of the real one's audience that names the custom domain as its issuer.
    const other = squatted.token("read:clients", { iss: domain });
    const there = { Authorization: `Bearer ${other}`, Host: "login.localhost:4567" };
    expect((await squatted.sample.ask("GET", "/api/v2/clients", { headers: there })).status).toBe(401);
  } finally {
    squatted.close();
  }
});
