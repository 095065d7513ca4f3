import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { MAX_TENANT_DEPTH, MAX_TENANT_FILE_BYTES } from "./parse-tenant-yaml.ts";
import { readTenantFile } from "./read-tenant-file.ts";
import { MAX_METADATA_CHARS } from "./tenant-content.ts";
import { MAX_TENANT_LIST_ITEMS } from "./tenant-fields.ts";
import { formatTenantFinding } from "./tenant-finding.ts";

const dir = mkdtempSync(join(tmpdir(), "gatewarden-tenant-file-"));
afterAll(() => rmSync(dir, { recursive: true }));

function findingsOf(text: string): string[] {
  const verdict = readTenantFile(text, join(dir, "tenant.yaml"));
  return verdict.ok ? [] : verdict.findings.map((each) => formatTenantFinding(each).replace(`${dir}/`, ""));
}

function contentOf(text: string) {
  const verdict = readTenantFile(text, join(dir, "tenant.yaml"));
  if (!verdict.ok) throw new Error(verdict.findings.map(formatTenantFinding).join("\n"));
  return verdict.content;
}

const WHOLE = `
default_audience: https://pets.example
allowed_logout_urls: []
consent: skip
login: buttons
custom_domains: [login.localhost]
actions: ./actions.js
apis:
  - identifier: https://pets.example
    name: Pets
    scopes: [read:pets, {value: write:pets, description: Change pets}]
    signing_alg: RS256
    token_dialect: access_token_authz
    enforce_policies: true
    allow_offline_access: true
    token_lifetime: 86400
    token_lifetime_for_web: 7200
    skip_consent_for_verifiable_first_party_clients: true
    subject_type_authorization: {user: {policy: allow_all}, client: {policy: require_client_grant}}
applications:
  - name: Pets SPA
    client_id: pets-spa
    description: ""
    logo_uri: https://pets.example/logo.png
    client_metadata: {shop: Bonn}
    app_type: spa
    token_endpoint_auth_method: none
    grant_types: [authorization_code, refresh_token]
    callbacks: [http://localhost:3000, "com.example.pets://callback"]
    web_origins: [http://localhost:3000]
    allowed_origins: []
    allowed_logout_urls: [http://localhost:3000]
    is_first_party: true
    refresh_token: {rotation_type: rotating, expiration_type: expiring, leeway: 0, token_lifetime: 100, idle_token_lifetime: 100}
    id_token_lifetime: 36000
client_grants: [{application: Pets SPA, audience: https://pets.example, scope: [read:pets], subject_type: user}]
roles: [{name: keeper, description: Keeps pets, permissions: {https://pets.example: [write:pets]}}]
users:
  - email: alice@example.com
    user_id: auth0|alice
    name: Alice
    nickname: alice
    given_name: Alice
    family_name: Liddell
    username: alice.liddell
    phone_number: "+14155550100"
    phone_verified: true
    picture: https://pets.example/alice.png
    email_verified: true
    roles: [keeper]
    permissions: {https://pets.example: [read:pets]}
    user_metadata: {colour: blue, sizes: [1, 2], __proto__: {x: 1}}
    app_metadata: {plan: free}
    blocked: false
`;

describe("what a tenant's file may say", () => {
  test("every field is read", () => {
    const content = contentOf(WHOLE);
    expect(content).toMatchObject({
      default_audience: { name: "https://pets.example", at: { line: 2, column: 19 } },
      consent: "skip",
      custom_domains: ["login.localhost"],
      apis: [
        {
          identifier: "https://pets.example",
          scopes: [{ value: "read:pets" }, { value: "write:pets", description: "Change pets" }],
          subject_type_authorization: { client: { policy: "require_client_grant" } },
        },
      ],
      applications: [
        {
          client_id: "pets-spa",
          client_metadata: { shop: "Bonn" },
          description: "",
          refresh_token: { idle_token_lifetime: 100 },
        },
      ],
      client_grants: [{ application: { name: "Pets SPA" }, scope: [{ name: "read:pets" }], subject_type: "user" }],
    });
    expect(content.users?.[0]?.permissions?.get("https://pets.example")?.value).toMatchObject([{ name: "read:pets" }]);
    expect(Object.keys(content.users?.[0]?.user_metadata ?? {})).toEqual(["colour", "sizes", "__proto__"]);
  });

  test.each(["", "# nothing yet\n", "---\n", "apis:\n# - identifier: x\nusers:\n"])(
    "%j is a tenant with nothing",
    (text) => {
      expect(findingsOf(text)).toEqual([]);
    },
  );

  test("a public key is a JWK, PEM text or a PEM file beside it", () => {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
    writeFileSync(join(dir, "client.pem"), pem);
    writeFileSync(join(dir, "private.pem"), privateKey.export({ type: "pkcs8", format: "pem" }).toString());
    const jwk = JSON.stringify({ ...publicKey.export({ format: "jwk" }), kid: "k1" });
    const application = (key: string) => `applications: [{name: Web, public_keys: [${key}]}]`;
    for (const key of [jwk, JSON.stringify(pem), "client.pem"]) {
      expect(contentOf(application(key)).applications?.[0]?.public_keys).toMatchObject([{ kty: "RSA", e: "AQAB" }]);
    }
    expect(contentOf(application(jwk)).applications?.[0]?.public_keys?.[0]).toHaveProperty("kid", "k1");
    const secret =
      "tenant.yaml:1:42: error tenant-secret-in-file: applications[0].public_keys[0] is a private or shared key";
    expect(findingsOf(application("private.pem"))[0]).toContain(secret);
    expect(findingsOf(application(JSON.stringify(privateKey.export({ format: "jwk" }))))[0]).toContain(secret);
    expect(findingsOf(application("absent.pem"))[0]).toContain("wanted a public key");
    expect(findingsOf(application('{"kty":"oct","k":"c2VjcmV0"}'))[0]).toContain("is a private or shared key");
    const weak = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({ format: "jwk" });
    expect(findingsOf(application(JSON.stringify(weak)))[0]).toContain("at least 2048 bits");
  });
});

describe("what it may not", () => {
  test.each([
    [
      "apis: [{identifier: a, scops: []}]",
      'tenant.yaml:1:24: error tenant-key-unknown: The key "scops" is unknown in apis[0]. Did you mean scopes?',
    ],
    ["clients: []", 'The key "clients" is unknown in the tenant\'s file. Known here are default_audience,'],
    ["applications: [{name: A, clientId: x}]", "Did you mean client_id?"],
    [
      "applications: [{name: A, client_secret: hunter2hunter2}]",
      "is a secret, and this file is for git. Remove the line; secrets live in the state folder: gatewarden issuer secrets set.",
    ],
    ["apis: [{identifier: a, signing_secret: hunter2}]", "apis[0].signing_secret is a secret"],
    ["users: [{email: a@b.example, password: hunter2}]", "users[0].password is a secret"],
    ["apis: [{name: A}]", "apis[0] has no identifier. Add identifier."],
    ["apis: [{identifier: a b}]", "wanted an identifier of at most 600 characters without spaces"],
    ["apis: [{identifier: a, name: <b>}]", "without < and >"],
    ["apis: [{identifier: a, scopes: [read pets]}]", 'apis[0].scopes[0] is "read pets", wanted a scope without spaces'],
    ["apis: [{identifier: a, scopes: [x, x]}]", 'tenant-duplicate: apis[0].scopes[1] is "x" once more.'],
    ["apis: [{identifier: a, token_lifetime: 2592001}]", "is 2592001, wanted whole seconds from 1 to 2592000."],
    ["apis: [{identifier: a, token_lifetime: 1.5}]", "wanted whole seconds"],
    ["apis: [{identifier: a, token_lifetime: .inf}]", "wanted whole seconds"],
    ["apis: [{identifier: a, token_lifetime: 9, token_lifetime_for_web: 10}]", "wanted at most token_lifetime (9)"],
    ["apis: [{identifier: a, signing_alg: none}]", "wanted RS256, PS256, HS256"],
    ["apis: [{identifier: a, enforce_policies: yes}]", 'apis[0].enforce_policies is "yes", wanted true or false.'],
    [
      "apis: [{identifier: a, subject_type_authorization: {client: {policy: allow_all}}}]",
      "wanted require_client_grant or deny_all",
    ],
    ["apis: [{identifier: a}, {identifier: a}]", 'apis[1] has the identifier "a", which apis[0] has already.'],
    ["applications: [{name: A}, {name: A}]", 'has the name "A"'],
    ["applications: [{name: A, client_id: x}, {name: B, client_id: x}]", 'has the client_id "x"'],
    ["applications: [{name: A, client_id: ../../keys}]", "wanted 1 to 64 letters, digits, _ and -"],
    ["applications: [{name: A, callbacks: ['http://*.example']}]", "wanted an absolute URL without * and #"],
    ["applications: [{name: A, callbacks: ['/callback']}]", "wanted an absolute URL"],
    ["applications: [{name: A, callbacks: ['javascript:alert(1)']}]", "wanted an absolute URL"],
    ["applications: [{name: A, callbacks: ['http://a.example/#x']}]", "wanted an absolute URL"],
    ["applications: [{name: A, web_origins: ['http://localhost:3000/']}]", "wanted an origin without path and *"],
    ["applications: [{name: A, allowed_origins: ['https://*']}]", "wanted an origin"],
    ["applications: [{name: A, allowed_logout_urls: ['https://*.a.example']}]", "wanted an absolute URL"],
    ["applications: [{name: A, grant_types: [everything]}]", "wanted authorization_code, "],
    [
      "applications: [{name: A, token_endpoint_auth_method: private_key_jwt}]",
      "uses private_key_jwt and has no public_keys",
    ],
    [
      "applications: [{name: A, refresh_token: {token_lifetime: 10, idle_token_lifetime: 11}}]",
      "refresh_token.idle_token_lifetime is 11, wanted at most token_lifetime (10).",
    ],
    ["client_grants: [{audience: a, scope: []}]", "wants exactly one of application and client_id"],
    ["client_grants: [{application: A, audience: a}]", "client_grants[0] has no scope."],
    ["roles: [{name: A, id: x}]", "wanted rol_ and 16 letters or digits"],
    ["roles: [{name: A}, {name: A}]", "roles[1] has the name"],
    ["users: [{name: A}]", "has neither email nor user_id"],
    ["users: [{email: no}]", "wanted an email address"],
    ["users: [{email: a@b.example}, {email: A@B.example}]", 'has the email "a@b.example"'],
    ["users: [{email: a@b.example, user_metadata: [1]}]", "users[0].user_metadata is a list, wanted a mapping"],
    ["users: [{email: a@b.example, user_metadata: {n: .nan}}]", "wanted a number that JSON can hold"],
    ["custom_domains: [pets.example]", "wanted a host name below localhost"],
    ["custom_domains: [localhost]", "wanted a host name below localhost"],
    ["consent: sometimes", 'consent is "sometimes", wanted skip or auth0.'],
    ["- a", "The file is a list, wanted a mapping."],
    ["apis: {}", "apis is a mapping, wanted a list."],
    ["apis: [7]", "apis[0] is 7, wanted a mapping."],
  ])("%s", (text, wanted) => {
    expect(findingsOf(text)[0]).toContain(wanted);
  });

  test("a secret's value is in no message", () => {
    const text = "applications: [{name: A, client_secret: hunter2}]\nusers: [{email: a@b.example, password: hunter2}]";
    expect(findingsOf(text)).toHaveLength(2);
    expect(findingsOf(text).join("\n")).not.toContain("hunter2");
  });

  test.each([
    ["a: [1\nb", "tenant-yaml-syntax"],
    ["\tapis: 1", "tenant-yaml-syntax"],
    ["apis: 1\n---\nusers: 1", "more than one YAML document"],
    ["consent: skip\nconsent: auth0", 'tenant.yaml:2:1: error tenant-duplicate: The key "consent" is written twice'],
    ["login: !secret x", "tenant-yaml-"],
    ["login: !!str buttons", "has no meaning in a tenant's file"],
    ["apis: &a []\nroles: *a", "tenant.yaml:1:10: error tenant-yaml-unsupported: The file uses the anchor &a."],
    ["a: &a [*a]", "the anchor &a"],
    ["{<<: {consent: skip}}", 'The key "<<" is unknown'],
    ["1: x", "A key of this mapping is not text."],
    ["? [a]\n: b", "A key of this mapping is not text."],
    ["__proto__: {consent: skip}", 'The key "__proto__" is unknown'],
    ["consent: skip\u0000", "tenant-"],
  ])("%j is refused with its place", (text, wanted) => {
    expect(findingsOf(text).join("\n")).toContain(wanted);
  });
});

describe("bounds", () => {
  test("bytes of the file", () => {
    const padded = (bytes: number): string => `# ${"x".repeat(bytes - 3)}\n`;
    expect(findingsOf(padded(MAX_TENANT_FILE_BYTES))).toEqual([]);
    expect(findingsOf(padded(MAX_TENANT_FILE_BYTES + 1))[0]).toContain("tenant-too-large");
  });

  test("items of a list", () => {
    const users = (count: number) => `users: [${Array.from({ length: count }, (_, n) => `{email: u${n}@a.example}`)}]`;
    expect(findingsOf(users(MAX_TENANT_LIST_ITEMS))).toEqual([]);
    expect(findingsOf(users(MAX_TENANT_LIST_ITEMS + 1))[0]).toContain("at most 1000 are read");
  });

  test("depth, by brackets that no stack would hold", () => {
    expect(findingsOf(`users: ${"[".repeat(100_000)}`)[0]).toContain(`nested more than ${MAX_TENANT_DEPTH} deep`);
    expect(findingsOf(`users: ${"- ".repeat(100_000)}`)[0]).toContain("tenant-");
  });

  test("metadata of a user", () => {
    const user = (chars: number) => `users: [{email: a@b.example, user_metadata: {a: ${"x".repeat(chars)}}}]`;
    expect(findingsOf(user(MAX_METADATA_CHARS - 8))).toEqual([]);
    expect(findingsOf(user(MAX_METADATA_CHARS))[0]).toContain("tenant-too-large");
  });
});

describe("anything else", () => {
  const KEYS = [...new Set(WHOLE.match(/\w+(?=:)/g))];
  const anything = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(null, true, 0, -1, 1e30, "", "*", "https://pets.example", "<b>", "auth0|a", "\u0000"),
      fc.string(),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...KEYS), tie("value"), { maxKeys: 5 }),
    ),
  })).value;

  test("a wrong value of any field is a finding or is read, never a throw", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...KEYS), anything, { maxKeys: 6 }), (value) => {
        const verdict = readTenantFile(JSON.stringify(value), join(dir, "tenant.yaml"));
        if (!verdict.ok) for (const { at } of verdict.findings) expect(at.line * at.column).toBeGreaterThan(0);
      }),
      { numRuns: 1_000 },
    );
  });

  test("a file with one character more or less is read or gives findings", () => {
    fc.assert(
      fc.property(
        fc.nat(WHOLE.length),
        fc.constantFrom("", ":", "&", "*", "{", "]", "\t", "!", "|", "%", "'"),
        (at, odd) => {
          const verdict = readTenantFile(WHOLE.slice(0, at) + odd + WHOLE.slice(at + 1), join(dir, "tenant.yaml"));
          expect(verdict.ok || verdict.findings.length > 0).toBe(true);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
