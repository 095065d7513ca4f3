import { generateKeyPairSync } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ManagementClient, ManagementError } from "auth0";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type SampleManagement, sampleManagement } from "../fixtures/sample-management.ts";

// The real client, as tools use it. It knows https only; the addresses are turned to a server on loopback.
describe.each(["memory", "file"] as const)("Auth0's own client, with a tenant in %s", (kind) => {
  let management: SampleManagement;
  let server: Server;

  beforeEach(async () => {
    management = await sampleManagement(kind);
    server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const answer = await management.sample.issuer.handle({
        method: request.method!,
        target: request.url!,
        headers: request.rawHeaders,
        body: Buffer.concat(chunks),
      });
      for (let index = 0; index < answer.headers.length; index += 2) {
        response.setHeader(answer.headers[index]!, answer.headers[index + 1]!);
      }
      response.writeHead(answer.status).end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    management.close();
  });

  const loopback = (url: unknown, init?: RequestInit): Promise<Response> => {
    const { port } = server.address() as AddressInfo;
    return fetch(String(url).replace("https://localhost:4567", `http://127.0.0.1:${port}`), init);
  };

  function client(scopes: string): ManagementClient {
    const token = () => management.token(scopes);
    return new ManagementClient({ domain: "localhost:4567", token, maxRetries: 0, fetch: loopback });
  }

  async function all<Item>(pages: Promise<AsyncIterable<Item>>): Promise<Item[]> {
    const items: Item[] = [];
    for await (const item of await pages) items.push(item);
    return items;
  }

  const CRUD = ["resource_servers", "clients", "client_keys", "client_grants", "users", "roles", "role_members"];
  const EVERYTHING = CRUD.flatMap((thing) => ["read", "create", "update", "delete"].map((verb) => `${verb}:${thing}`));

  test("creates an API, an application, its grant, a role with permissions and a user who has it", async () => {
    const auth0 = client(EVERYTHING.join(" "));
    const identifier = "https://toys.example/api";
    const scopes = [{ value: "read:toys", description: "Look" }, { value: "write:toys" }];
    const api = await auth0.resourceServers.create({ identifier, name: "Toys", scopes });
    expect(api).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{24}$/),
      name: "Toys",
      identifier,
      allow_offline_access: false,
      skip_consent_for_verifiable_first_party_clients: false,
      subject_type_authorization: { user: { policy: "allow_all" }, client: { policy: "require_client_grant" } },
      token_lifetime: 86400,
      token_lifetime_for_web: 7200,
      signing_alg: "RS256",
      scopes,
    });
    expect(await auth0.resourceServers.get(identifier)).toEqual(api);
    expect((await all(auth0.clients.list())).map(({ name }) => name)).not.toContain("Toys (Test Application)");

    const application = await auth0.clients.create({ name: "Toy shop", app_type: "non_interactive" });
    expect(application.client_secret).toHaveLength(64);
    expect(application.grant_types).toEqual(["authorization_code", "implicit", "refresh_token", "client_credentials"]);
    const clientId = application.client_id!;
    const grant = await auth0.clientGrants.create({ client_id: clientId, audience: identifier, scope: ["read:toys"] });
    expect(grant).toEqual({
      id: expect.stringMatching(/^cgr_[A-Za-z0-9]{16}$/),
      client_id: clientId,
      audience: identifier,
      scope: ["read:toys"],
      subject_type: "client",
    });
    expect(await all(auth0.clientGrants.list({ audience: identifier }))).toEqual([grant]);

    const role = await auth0.roles.create({ name: "keeper", description: "of toys" });
    const permission = { resource_server_identifier: identifier, permission_name: "read:toys" };
    await auth0.roles.permissions.add(role.id!, { permissions: [permission] });
    const shown = { ...permission, description: "Look", resource_server_name: "Toys" };
    expect(await all(auth0.roles.permissions.list(role.id!))).toEqual([shown]);

    const connection = "Username-Password-Authentication";
    const user = await auth0.users.create({ connection, email: "Carol@toys.example", password: "Correct-horse-1" });
    expect(user).toMatchObject({ email: "carol@toys.example", name: "carol@toys.example", nickname: "carol" });
    const userId = user.user_id!;
    expect(management.tenants.current().users.find((each) => each.userId === userId)?.password).toBe("Correct-horse-1");
    await auth0.users.roles.assign(userId, { roles: [role.id!] });
    expect(await all(auth0.users.roles.list(userId))).toEqual([
      { id: role.id, name: "keeper", description: "of toys" },
    ]);
    expect((await all(auth0.roles.users.list(role.id!))).map((each) => each.user_id)).toEqual([userId]);
    await auth0.users.permissions.create(userId, { permissions: [{ ...permission, permission_name: "write:toys" }] });
    expect(await all(auth0.users.permissions.list(userId))).toEqual([
      {
        ...permission,
        permission_name: "write:toys",
        description: "",
        resource_server_name: "Toys",
        sources: [{ source_id: "", source_name: "", source_type: "DIRECT" }],
      },
      { ...shown, sources: [{ source_id: role.id, source_name: "keeper", source_type: "ROLE" }] },
    ]);
    expect(await auth0.users.listUsersByEmail({ email: "carol@TOYS.example" })).toHaveLength(1);
  });

  test("updates, and takes back", async () => {
    const auth0 = client(EVERYTHING.join(" "));
    const { id: apiId } = await auth0.resourceServers.create({
      identifier: "urn:toys",
      scopes: [{ value: "read:toys" }],
    });
    const updated = await auth0.resourceServers.update(apiId!, {
      enforce_policies: true,
      token_dialect: "access_token_authz",
      subject_type_authorization: { user: { policy: "deny_all" } },
    });
    expect(updated).toMatchObject({
      enforce_policies: true,
      token_dialect: "access_token_authz",
      subject_type_authorization: { user: { policy: "deny_all" }, client: { policy: "require_client_grant" } },
      scopes: [{ value: "read:toys" }],
    });
    const { client_id: clientId } = await auth0.clients.create({
      name: "Shop",
      app_type: "spa",
      callbacks: ["http://localhost:3000/back"],
    });
    const changed = await auth0.clients.update(clientId!, {
      name: "Toy shop",
      web_origins: ["http://localhost:3000"],
      jwt_configuration: { lifetime_in_seconds: 600 },
      refresh_token: {
        rotation_type: "rotating",
        expiration_type: "expiring",
        token_lifetime: 5000,
        idle_token_lifetime: 400,
      },
    });
    expect(changed).toMatchObject({
      name: "Toy shop",
      callbacks: ["http://localhost:3000/back"],
      web_origins: ["http://localhost:3000"],
      jwt_configuration: { lifetime_in_seconds: 600, alg: "RS256" },
      refresh_token: {
        rotation_type: "rotating",
        token_lifetime: 5000,
        idle_token_lifetime: 400,
        infinite_token_lifetime: false,
      },
    });
    const before = (await auth0.clients.get(clientId!)).client_secret;
    const { client_secret: secret } = await auth0.clients.rotateSecret(clientId!);
    expect(secret).toHaveLength(64);
    expect(secret).not.toBe(before);

    const { id: grantId } = await auth0.clientGrants.create({
      client_id: clientId!,
      audience: "urn:toys",
      scope: [],
      subject_type: "user",
    });
    expect(await auth0.clientGrants.update(grantId!, { scope: ["read:toys"] })).toMatchObject({
      scope: ["read:toys"],
      subject_type: "user",
    });

    const connection = "Username-Password-Authentication";
    const { user_id: userId } = await auth0.users.create({
      connection,
      email: "dan@toys.example",
      password: "Correct-horse-1",
      user_metadata: { colour: "red", size: { shoe: 40 } },
    });
    const user = await auth0.users.update(userId!, { blocked: true, user_metadata: { colour: null, hat: true } });
    expect(user).toMatchObject({ blocked: true, user_metadata: { size: { shoe: 40 }, hat: true } });
    expect(user.user_metadata).not.toHaveProperty("colour");
    const { id: roleId } = await auth0.roles.create({ name: "keeper" });
    expect(await auth0.roles.update(roleId!, { name: "warden", description: "of all" })).toMatchObject({
      name: "warden",
    });
    await auth0.roles.users.assign(roleId!, { users: [userId!] });
    await auth0.users.roles.delete(userId!, { roles: [roleId!] });
    expect(await all(auth0.users.roles.list(userId!))).toEqual([]);

    await auth0.clientGrants.delete(grantId!);
    await auth0.clients.delete(clientId!);
    await auth0.resourceServers.delete(apiId!);
    await auth0.users.delete(userId!);
    await auth0.roles.delete(roleId!);
    await expect(auth0.clients.get(clientId!)).rejects.toMatchObject({
      statusCode: 404,
      body: {
        statusCode: 404,
        error: "Not Found",
        message: "The client does not exist",
        errorCode: "inexistent_client",
      },
    });
    await expect(auth0.resourceServers.get("urn:toys")).rejects.toMatchObject({
      body: { errorCode: "inexistent_resource_server" },
    });
    await expect(auth0.users.get(userId!)).rejects.toMatchObject({ body: { message: "The user does not exist." } });
    await expect(auth0.roles.get(roleId!)).rejects.toMatchObject({ statusCode: 404 });
    await expect(auth0.clientGrants.get(grantId!)).rejects.toMatchObject({ statusCode: 404 });
  });

  test("creates an application that signs its assertions", async () => {
    const auth0 = client(EVERYTHING.join(" "));
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const pem = publicKey.export({ format: "pem", type: "spki" }).toString();
    const create = (methods: object, more = {}) =>
      auth0.clients.create({
        name: "Signer",
        app_type: "regular_web",
        client_authentication_methods: {
          private_key_jwt: { credentials: [{ credential_type: "public_key", ...methods }] },
        },
        ...more,
      } as never);
    const secret = privateKey.export({ format: "pem", type: "pkcs8" }).toString();
    for (const wrong of ["no key", secret]) {
      await expect(create({ pem: wrong })).rejects.toMatchObject({
        statusCode: 400,
        body: { message: expect.stringContaining("client_authentication_methods.private_key_jwt.credentials[0].pem") },
      });
    }
    await expect(create({ pem }, { token_endpoint_auth_method: "none" })).rejects.toMatchObject({ statusCode: 400 });
    const application = await create({ pem, alg: "PS256" });
    const kept = management.tenants.current().clients.find(({ clientId }) => clientId === application.client_id);
    const { kid, ...key } = kept!.publicKeys[0]!;
    expect(key).toEqual({ ...publicKey.export({ format: "jwk" }), alg: "PS256" });
    expect(kid).toMatch(/^[\w-]{43}$/);
    expect(kept?.tokenEndpointAuthMethod).toBe("private_key_jwt");
    expect(application.client_authentication_methods).toEqual({
      private_key_jwt: { credentials: [{ credential_type: "public_key", id: kid, kid, alg: "PS256" }] },
    });
    expect(application).not.toHaveProperty("token_endpoint_auth_method");
  });

  test("walks lists page by page, with totals", async () => {
    const auth0 = client(EVERYTHING.join(" "));
    const names = ["a", "b", "c", "d", "e"].map((letter) => `role ${letter}`);
    for (const name of names) await auth0.roles.create({ name });
    const page = await auth0.roles.list({ per_page: 2 });
    expect(page.response).toMatchObject({ start: 0, limit: 2, total: 5 });
    expect((await all(auth0.roles.list({ per_page: 2 }))).map(({ name }) => name)).toEqual(names);
    const found = await auth0.users.list({ q: 'email:"nobody@toys.example"' });
    expect(found.response).toEqual({ start: 0, limit: 50, length: 0, total: 0, users: [] });
    const apis = await all(auth0.resourceServers.list());
    expect(apis).toContainEqual(expect.objectContaining({ name: "Auth0 Management API", is_system: true }));
  });

  test("rotates the signing keys, and revokes the previous one", async () => {
    await management.sample.keys.prepareNext();
    const auth0 = client("read:signing_keys create:signing_keys update:signing_keys");
    const [current, next] = await auth0.keys.signing.list();
    expect(current).toMatchObject({ current: true, next: false, previous: false, revoked: false });
    expect(next).toMatchObject({ current: false, next: true });
    const rotated = await auth0.keys.signing.rotate();
    const after = await auth0.keys.signing.list();
    expect(after.find((key) => key.current)?.kid).toBe(next!.kid);
    expect(after.find((key) => key.next)?.kid).toBe(rotated.kid);
    expect(await auth0.keys.signing.get(current!.kid)).toMatchObject({ previous: true });
    await auth0.keys.signing.revoke(current!.kid);
    expect(await auth0.keys.signing.get(current!.kid)).toMatchObject({ previous: false, revoked: true });
    await expect(auth0.keys.signing.revoke(next!.kid)).rejects.toMatchObject({ statusCode: 400 });
    await expect(auth0.keys.signing.get("no-such-key")).rejects.toMatchObject({ statusCode: 404 });
  });

  if (kind === "file")
    test("gets its token itself, as the application that every tenant has for it", async () => {
      const application = management.tenants.current().clients.find(({ name }) => name === "Gatewarden Management")!;
      const auth0 = new ManagementClient({
        domain: "localhost:4567",
        clientId: application.clientId,
        clientSecret: application.clientSecret,
        audience: "http://localhost:4567/api/v2/",
        fetch: loopback,
      });
      expect((await all(auth0.resourceServers.list())).map(({ name }) => name)).toContain("Auth0 Management API");
    });

  test("is refused without the scope, in words that name it", async () => {
    const auth0 = client("read:users");
    const refusal = await auth0.resourceServers.create({ identifier: "urn:toys" }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ManagementError);
    expect(refusal).toMatchObject({
      statusCode: 403,
      body: {
        statusCode: 403,
        error: "Forbidden",
        message: "Insufficient scope, expected any of: create:resource_servers",
        errorCode: "insufficient_scope",
      },
    });
    expect(management.sample.events).toContainEqual(
      expect.objectContaining({
        kind: "refused",
        reason: "management_scope_missing",
        clientId: "to…",
        actual: ["read:users"],
      }),
    );
  });
});
