import { decodeJwt } from "jose";
import { afterEach, expect, test } from "vitest";
import { type Documents, StoreError } from "../store/documents.ts";
import {
  answered,
  asRequest,
  SAMPLE_ISSUER_URL,
  type SampleIssuer,
  sampleApi,
  sampleClient,
  sampleIssuer,
  sampleUser,
} from "./fixtures/sample-issuer.ts";
import { StateFolderError } from "./state-folder.ts";

const clientId = "m2m";
const clientSecret = "s".repeat(64);
const audience = sampleApi().identifier;
const client = sampleClient({
  clientId,
  clientSecret,
  tokenEndpointAuthMethod: "client_secret_post",
  grantTypes: ["client_credentials"],
});
const body = { grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret, audience };
const grant = { id: "cgr_1", clientId, audience, scopes: [], subjectType: "client" } as const;

let sample: SampleIssuer;
afterEach(() => sample.close());

async function withDomain(): Promise<void> {
  sample = await sampleIssuer({
    apis: [sampleApi()],
    clients: [client],
    clientGrants: [grant],
    customDomains: ["login.localhost"],
  });
}

/** The `iss` of a token, by the Host that asks for it. */
async function issuerAt(host: string, listener = SAMPLE_ISSUER_URL): Promise<unknown> {
  const headers = { Host: host, Origin: "http://localhost:3000" };
  const answer = answered(
    await sample.issuer.handle(asRequest("POST", "/oauth/token", { headers, body: { ...body } }), listener),
  );
  return answer.status === 200 ? decodeJwt(answer.json().access_token).iss : answer.status;
}

test("a custom domain is an issuer of its own, at the listener's port and in one spelling", async () => {
  await withDomain();
  for (const host of ["login.localhost:4567", "login.localhost", "LOGIN.localhost:1", "login.localhost:99999"]) {
    expect(await issuerAt(host), host).toBe("http://login.localhost:4567/");
  }
  expect(await issuerAt("login.localhost:4568", "https://localhost:4568/")).toBe("https://login.localhost:4568/");
});

test("a host that is no custom domain has the listener's issuer, whatever its port", async () => {
  await withDomain();
  for (const host of ["localhost:1", "127.0.0.1:99999", "other.localhost", "[::1]:4567"]) {
    expect(await issuerAt(host), host).toBe(SAMPLE_ISSUER_URL);
  }
});

test.each([
  new StoreError("failed", "/data/logins.sqlite", "Cannot use /data/logins.sqlite: database or disk is full"),
  new StateFolderError("not_private", "/data/key", "/data/key has mode 644, so others can read it."),
])("state that cannot be used is told the developer, and is no crash: %s", async (error) => {
  const failing = (): Documents => {
    throw error;
  };
  const password = { tokenEndpointAuthMethod: "none", grantTypes: ["password", "refresh_token"] } as const;
  sample = await sampleIssuer(
    { apis: [sampleApi()], clients: [sampleClient(password)], users: [sampleUser()] },
    { documents: failing },
  );
  const { email: username, password: secret } = sampleUser();
  const answer = await sample.ask("POST", "/oauth/token", {
    body: {
      grant_type: "password",
      client_id: sampleClient().clientId,
      username,
      password: secret,
      audience,
      scope: "offline_access",
    },
  });
  expect(answer.status).toBe(500);
  expect(answer.header("x-dev-issuer")).toBe("gatewarden");
  expect(answer.json()).toEqual({
    error: "server_error",
    error_description: "The development issuer cannot read or write its state. Its terminal says why.",
  });
  expect(sample.events.at(-1)).toMatchObject({ reason: "state_unusable", actual: error.message });
});

test("a defect of ours is no refusal", async () => {
  sample = await sampleIssuer({ clients: [client] }, { actions: undefined as never });
  const broken = { ...asRequest("GET", "/userinfo"), headers: undefined as never };
  await expect(sample.issuer.handle(broken)).rejects.toThrow(TypeError);
});
