import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { waitFor } from "../../../test/support/wait-for.ts";
import { evaluateIdentity } from "../../aws/iam/evaluate-identity.ts";
import type { Role, User } from "../../model/iam.ts";
import { readIamFile } from "../../template/iam-file.ts";
import { type CredentialsOptions, openCredentials, type ProjectCredentials } from "./open-credentials.ts";
import { MAX_AGE_MS, openIdentities, type ProjectIdentities, READ_INTERVAL_MS } from "./open-identities.ts";

const PLACE = { region: "us-east-1", accountId: "123456789012", partition: "aws" };
const ALLOW = `{ Version: "2012-10-17", Statement: [{ Effect: Allow, Action: execute-api:Invoke, Resource: "*" }] }`;
const TRUST = `{ Statement: { Effect: Allow, Principal: { AWS: "123456789012" }, Action: sts:AssumeRole } }`;
const IAM = `
users:
  alice: { policies: [${ALLOW}] }
  bob: { policies: [], accessKeys: [{ name: laptop }, { name: old, status: Inactive }] }
  carol: { accessKeys: [{ accessKeyId: AKIAIOSFODNN7EXAMPLE, secretAccessKey: carols }] }
  dave: { accessKeys: [{ accessKeyId: AKIAI44QH8DHBEXAMPLE, secretAccessKey: daves, status: Inactive }] }
roles:
  web: { trust: ${TRUST}, policies: [${ALLOW}] }
`;
const request = { action: "execute-api:Invoke", resource: "arn:aws:execute-api:us-east-1:123456789012:abc/test/GET/" };

function iam(text = IAM): { users: readonly User[]; roles: readonly Role[] } {
  return readIamFile(text, "iam.yaml", PLACE);
}

let dataDir: string;
let stops: (() => Promise<void>)[];
let trouble: string[];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "gatewarden-"));
  stops = [];
  trouble = [];
});
afterEach(async () => {
  for (const stop of stops) await stop();
  rmSync(dataDir, { recursive: true, force: true });
});

function server(options: { text?: string; testCredentials?: boolean; clock?: () => number } = {}): ProjectIdentities {
  const { text, testCredentials = false, clock } = options;
  const opened = openIdentities({
    dataDir,
    testCredentials,
    place: PLACE,
    onTrouble: (message) => trouble.push(message),
    ...(clock && { clock }),
  });
  stops.push(opened.close);
  const { users, roles } = iam(text);
  opened.replace(users, roles);
  return opened;
}

function cli(options: Partial<CredentialsOptions> = {}): ProjectCredentials {
  const opened = openCredentials({ dataDir, ...iam(), accountId: PLACE.accountId, ...options });
  stops.push(opened.close);
  return opened;
}

const decide = ({ identities }: ProjectIdentities, accessKeyId: string): string => {
  const identity = identities.find(accessKeyId);
  return identity === undefined ? "unknown" : evaluateIdentity(identity.policies, request).decision;
};
const storeFile = (): string => join(dataDir, "iam.sqlite");

describe("keys that the file names", () => {
  test("are known at once, without a look into the data folder", () => {
    const opened = server();
    expect(opened.identities.find("AKIAIOSFODNN7EXAMPLE")).toMatchObject({
      arn: "arn:aws:iam::123456789012:user/carol",
      credential: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "carols" },
    });
    expect(existsSync(storeFile())).toBe(false);
  });

  test("are unknown when inactive, when declared twice, and when the file no longer has them", async () => {
    const opened = server();
    expect(opened.identities.find("AKIAI44QH8DHBEXAMPLE")).toBeUndefined();
    const twice = `users:
  carol: { accessKeys: [{ accessKeyId: AKIAIOSFODNN7EXAMPLE, secretAccessKey: a }] }
  erin: { accessKeys: [{ accessKeyId: AKIAIOSFODNN7EXAMPLE, secretAccessKey: a }] }`;
    expect(opened.replace(iam(twice).users, [])).toMatchObject([{ rule: "access-key-repeated", at: { line: 3 } }]);
    expect(opened.identities.find("AKIAIOSFODNN7EXAMPLE")).toBeUndefined();
    opened.replace([], []);
    expect(opened.identities.find("AKIAIOSFODNN7EXAMPLE")).toBeUndefined();
  });

  test("a policy that is not understood is told when the users are given", () => {
    const user = { ...iam().users[0]!, policyDocuments: [{ Statement: "x" }] };
    const opened = server();
    expect(opened.replace([user], [])).toMatchObject([{ rule: "identity-policy-invalid" }]);
  });
});

describe("keys that are generated", () => {
  test("are made once for each user, kept with mode 600, and known to a running server", async () => {
    const opened = server();
    const alice = await cli().credentialsOf("alice");
    expect(alice).toMatchObject({
      accessKeyId: expect.stringMatching(/^AKIA[A-Z2-7]{16}$/),
      secretAccessKey: expect.stringMatching(/^.{40}$/),
      arn: "arn:aws:iam::123456789012:user/alice",
    });
    expect(alice.sessionToken).toBeUndefined();
    expect(await cli().credentialsOf("arn:aws:iam::123456789012:user/alice")).toEqual(alice);
    if (process.platform !== "win32") expect(statSync(storeFile()).mode & 0o777).toBe(0o600);

    expect(opened.identities.find(alice.accessKeyId)).toBeUndefined();
    expect(await opened.identities.refresh()).toBe(true);
    expect(opened.identities.find(alice.accessKeyId)?.credential).toEqual({
      accessKeyId: alice.accessKeyId,
      secretAccessKey: alice.secretAccessKey,
    });
    expect(decide(opened, alice.accessKeyId)).toBe("allow");
    expect(await opened.identities.refresh()).toBe(false);
  });

  test("are the same however many ask at once", async () => {
    const asked = await Promise.all(Array.from({ length: 5 }, () => cli().credentialsOf("alice")));
    expect(new Set(asked.map(({ accessKeyId }) => accessKeyId)).size).toBe(1);
  });

  test("belong to a declared key: unknown once that is gone or inactive", async () => {
    const { accessKeyId } = await cli().credentialsOf("bob");
    const opened = server();
    await opened.identities.refresh();
    expect(decide(opened, accessKeyId)).toBe("implicit_deny");
    for (const accessKeys of ["[]", "[{ name: other }]", "[{ name: laptop, status: Inactive }]"]) {
      opened.replace(iam(`users: { bob: { accessKeys: ${accessKeys} } }`).users, []);
      expect(decide(opened, accessKeyId)).toBe("unknown");
    }
    opened.replace(iam("users: { bob: { accessKeys: [{ name: laptop }] } }").users, []);
    expect(decide(opened, accessKeyId)).toBe("implicit_deny");
    opened.replace(iam("users: { eve: {} }").users, []);
    expect(decide(opened, accessKeyId)).toBe("unknown");
  });

  test("are not made for a user all of whose keys are inactive, nor instead of a pair in the file", async () => {
    await expect(cli().credentialsOf("dave")).rejects.toThrow(/Every access key of dave is inactive/);
    expect(await cli().credentialsOf("carol")).toMatchObject({ secretAccessKey: "carols" });
    expect(existsSync(storeFile())).toBe(false);
  });
});

describe("sessions", () => {
  test("of a role are known to a running server, with token, end and session policy", async () => {
    const opened = server();
    const clock = () => Date.UTC(2026, 10, 21, 12);
    const session = await cli({ clock }).credentialsOf("role/web", {
      sessionName: "one",
      durationSeconds: 900,
      sessionPolicy: { Statement: [] },
    });
    expect(session).toMatchObject({
      accessKeyId: expect.stringMatching(/^ASIA/),
      expiration: "2026-11-21T12:15:00.000Z",
      arn: "arn:aws:sts::123456789012:assumed-role/web/one",
    });
    await opened.identities.refresh();
    const identity = opened.identities.find(session.accessKeyId);
    expect(identity?.credential).toEqual({
      accessKeyId: session.accessKeyId,
      secretAccessKey: session.secretAccessKey,
      sessionToken: session.sessionToken,
      expiresAtMs: Date.UTC(2026, 10, 21, 12, 15),
    });
    expect(identity?.userId).toMatch(/^AROA[A-Z2-7]{17}:one$/);
    expect(identity?.conditionKeys["aws:TokenIssueTime"]).toBe("2026-11-21T12:00:00.000Z");
    expect(decide(opened, session.accessKeyId)).toBe("implicit_deny");
    const unlimited = await cli().credentialsOf("role/web");
    await opened.identities.refresh();
    expect(decide(opened, unlimited.accessKeyId)).toBe("allow");
  });

  test("end with the role, and with the trust under which they began", async () => {
    const { accessKeyId } = await cli().credentialsOf("role/web");
    const opened = server();
    await opened.identities.refresh();
    const { users, roles } = iam();
    const role = roles[0]!;
    const change = (changed: Partial<Role>): string => {
      opened.replace(users, [{ ...role, ...changed }]);
      return decide(opened, accessKeyId);
    };
    expect(change({})).toBe("allow");
    expect(change({ policyDocuments: [] })).toBe("implicit_deny");
    expect(change({ assumeRolePolicyDocument: { Statement: [] } })).toBe("unknown");
    expect(change({ roleId: "AROAANOTHER" })).toBe("unknown");
    expect(change({ arn: "arn:aws:iam::123456789012:role/other" })).toBe("unknown");
    opened.replace(users, []);
    expect(decide(opened, accessKeyId)).toBe("unknown");
  });

  test("begin only for whom the trust policy lets in, unless forced", async () => {
    const trust = (principal: string) =>
      iam(`
users: { alice: {}, bob: {} }
roles: { web: { trust: { Statement: { Effect: Allow, Principal: { ${principal} }, Action: sts:AssumeRole } } } }`);
    const alices = cli(trust(`AWS: "arn:aws:iam::123456789012:user/alice"`));
    await expect(alices.credentialsOf("role/web")).rejects.toThrow(/does not let the account 123456789012 do/);
    await expect(alices.credentialsOf("role/web", { as: "bob" })).rejects.toThrow(/does not let bob do/);
    await expect(alices.credentialsOf("role/web", { as: "alice" })).resolves.toHaveProperty("sessionToken");
    const lambdas = cli(trust("Service: lambda.amazonaws.com"));
    await expect(lambdas.credentialsOf("role/web", { as: "alice" })).rejects.toThrow(/does not let alice/);
    await expect(lambdas.credentialsOf("role/web", { force: true })).resolves.toHaveProperty("sessionToken");
    const broken = { ...iam().roles[0]!, assumeRolePolicyDocument: 3 };
    await expect(cli({ roles: [broken] }).credentialsOf("role/web")).rejects.toThrow(/is not understood/);
  });

  test.each([
    [{ sessionName: "a b" }, /session name is "a b"/],
    [{ durationSeconds: 899 }, /duration is 899, wanted 900 to 43200/],
    [{ durationSeconds: 43_201 }, /wanted 900 to 43200/],
    [{ durationSeconds: Number.NaN }, /duration is NaN/],
    [{ sessionPolicy: { Statement: "x" } }, /session policy is not understood/],
    [{ as: "nobody" }, /No user or role is called "nobody"; there are alice, bob/],
  ])("are refused for %j", async (options, message) => {
    await expect(cli().credentialsOf("role/web", options)).rejects.toThrow(message);
    expect(existsSync(storeFile())).toBe(false);
  });

  test("are of roles only, and names are said when one is unknown", async () => {
    await expect(cli().credentialsOf("alice", { sessionName: "one" })).rejects.toThrow(/alice is a user/);
    await expect(cli().credentialsOf("web")).rejects.toThrow(/there are alice, bob, carol, dave, role\/web/);
    await expect(cli({ users: [], roles: [] }).credentialsOf("x")).rejects.toThrow(/declare nobody/);
    expect(cli().names()).toEqual(["alice", "bob", "carol", "dave", "role/web"]);
  });
});

describe("users and roles of another account", () => {
  const iamOfTwo = () =>
    iam(`
users:
  alice: {}
  111122223333/alice: {}
  zoe: { account: "111122223333" }
roles:
  web: { account: "111122223333", trust: ${TRUST.replace("123456789012", "111122223333")} }
`);

  test("are named with it, and a name alone is always of the server's own account", async () => {
    const both = cli(iamOfTwo());
    expect(both.names()).toEqual(["alice", "111122223333/alice", "111122223333/zoe", "111122223333/role/web"]);
    for (const [name, arn] of [
      ["alice", "arn:aws:iam::123456789012:user/alice"],
      ["123456789012/alice", "arn:aws:iam::123456789012:user/alice"],
      ["111122223333/alice", "arn:aws:iam::111122223333:user/alice"],
      ["arn:aws:iam::111122223333:user/zoe", "arn:aws:iam::111122223333:user/zoe"],
      ["111122223333/role/web", "arn:aws:sts::111122223333:assumed-role/web/gatewarden"],
    ] as const) {
      expect(await both.credentialsOf(name)).toMatchObject({ arn });
    }
    for (const name of ["zoe", "role/web", "999988887777/alice"])
      await expect(both.credentialsOf(name)).rejects.toThrow(/there are alice, 111122223333\/alice, 111122223333\/zoe/);
    await expect(both.credentialsOf("zoe")).rejects.toThrow(/Whoever is of another account is named with it/);
    await expect(both.credentialsOf("zoo")).rejects.not.toThrow(/another account/);
  });

  test("assume a role as its trust policy says", async () => {
    const both = cli(iamOfTwo());
    const web = "111122223333/role/web";
    await expect(both.credentialsOf(web, { as: "alice" })).rejects.toThrow(/does not let alice/);
    await expect(both.credentialsOf(web, { as: "111122223333/alice" })).resolves.toHaveProperty("sessionToken");
  });
});

describe("the data folder", () => {
  test("is not opened before an unknown key comes, nor made for one", async () => {
    const opened = server();
    expect(opened.identities.find("AKIAUNKNOWN")).toBeUndefined();
    expect(await opened.identities.refresh()).toBe(false);
    expect(existsSync(storeFile())).toBe(false);
  });

  test("is read at most a few times a second however many unknown keys come, and each waits for a look", async () => {
    const opened = server();
    const started = performance.now();
    await opened.identities.refresh();
    const waiting = Array.from({ length: 1_000 }, () => opened.identities.refresh());
    const alice = await cli().credentialsOf("alice");
    expect((await Promise.all(waiting)).every(Boolean)).toBe(true);
    expect(performance.now() - started).toBeGreaterThanOrEqual(READ_INTERVAL_MS - 20);
    expect(decide(opened, alice.accessKeyId)).toBe("allow");
  });

  test("is followed: what another process changes is known without being asked for", async () => {
    const opened = server();
    const first = cli();
    const alice = await first.credentialsOf("alice");
    await opened.identities.refresh();
    expect(decide(opened, alice.accessKeyId)).toBe("allow");
    const session = await first.credentialsOf("role/web");
    await waitFor(() => expect(decide(opened, session.accessKeyId)).toBe("allow"));
    await first.close();
    for (const suffix of ["", "-wal", "-shm"]) rmSync(`${storeFile()}${suffix}`, { force: true });
    await waitFor(() => expect(decide(opened, alice.accessKeyId)).toBe("unknown"));
    const another = await cli().credentialsOf("alice");
    expect(another.accessKeyId).not.toBe(alice.accessKeyId);
    await opened.identities.refresh();
    await waitFor(() => expect(decide(opened, another.accessKeyId)).toBe("allow"));
  });

  test("that was read too long ago is read again before anybody in it is known", async () => {
    const alice = await cli().credentialsOf("alice");
    let now = 1_000_000;
    const opened = server({ clock: () => now });
    await opened.identities.refresh();
    expect(decide(opened, alice.accessKeyId)).toBe("allow");
    now += MAX_AGE_MS + 1;
    expect(decide(opened, alice.accessKeyId)).toBe("unknown");
    expect(await opened.identities.refresh()).toBe(true);
    expect(decide(opened, alice.accessKeyId)).toBe("allow");
  });

  test("that others can read makes nobody in it known, and is told once", async () => {
    if (process.platform === "win32") return;
    const alice = await cli().credentialsOf("alice");
    const opened = server();
    chmodSync(storeFile(), 0o644);
    await opened.identities.refresh();
    await opened.identities.refresh();
    expect(decide(opened, alice.accessKeyId)).toBe("unknown");
    expect(decide(opened, "AKIAIOSFODNN7EXAMPLE")).toBe("implicit_deny");
    expect(trouble).toEqual([expect.stringMatching(/no kept access key is known: .*iam\.sqlite has mode 644/)]);
    await expect(cli().credentialsOf("alice")).rejects.toThrow(/has mode 644/);
    chmodSync(storeFile(), 0o600);
    await opened.identities.refresh();
    expect(decide(opened, alice.accessKeyId)).toBe("allow");
    chmodSync(dataDir, 0o770);
    await waitFor(() => expect(decide(opened, alice.accessKeyId)).toBe("unknown"));
    expect(trouble.at(-1)).toContain("others can put their keys into it");
  });

  test("that is damaged makes nobody in it known", async () => {
    const alice = await cli().credentialsOf("alice");
    for (const stop of stops.splice(0)) await stop();
    for (const suffix of ["-wal", "-shm"]) rmSync(`${storeFile()}${suffix}`, { force: true });
    writeFileSync(storeFile(), "this is no database, whatever its name says".repeat(100));
    const opened = server();
    expect(await opened.identities.refresh()).toBe(false);
    expect(decide(opened, alice.accessKeyId)).toBe("unknown");
    expect(trouble).toHaveLength(1);
    await expect(cli().credentialsOf("alice")).rejects.toThrow(/iam\.sqlite/);
  });

  test("is shared with another process, whose new session the running server knows", async () => {
    const opened = server();
    await opened.identities.refresh();
    const url = import.meta.url.replace("open-identities.test", "open-credentials");
    const code = `
      const { openCredentials } = await import(${JSON.stringify(url)});
      const credentials = openCredentials(${JSON.stringify({ dataDir, ...iam(), accountId: PLACE.accountId })});
      const keys = [await credentials.credentialsOf("alice"), await credentials.credentialsOf("role/web")];
      await credentials.close();
      console.log(JSON.stringify(keys));`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", code]);
    const [alice, web] = JSON.parse(stdout);
    expect(await opened.identities.refresh()).toBe(true);
    expect(decide(opened, alice.accessKeyId)).toBe("allow");
    expect(decide(opened, web.accessKeyId)).toBe("allow");
    expect(await cli().credentialsOf("alice")).toEqual(alice);
  });

  test("closing ends a wait that is under way", async () => {
    const opened = server();
    await opened.identities.refresh();
    const waiting = opened.identities.refresh();
    await opened.close();
    expect(await waiting).toBe(false);
  });
});

describe("test credentials", () => {
  test("are known only when asked for, and then allowed everything", () => {
    expect(server().identities.find("test")).toBeUndefined();
    const opened = server({ testCredentials: true });
    expect(decide(opened, "test")).toBe("allow");
    expect(opened.identities.find("test")).toMatchObject({
      credential: { secretAccessKey: "test" },
      arn: "arn:aws:iam::123456789012:user/test",
    });
  });
});
