import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import type { Documents } from "../../store/documents.ts";
import { createMemoryDocuments } from "../../store/memory-documents.ts";
import { openSqliteDocuments } from "../../store/sqlite-documents.ts";
import type { AuthorizationGrant } from "../login/authorization-grant.ts";
import type { RefreshTokenSettings } from "../tenant/tenant.ts";
import {
  MAX_FAMILIES_PER_USER_AND_CLIENT,
  MAX_LIVE_TOKENS,
  openRefreshTokens,
  type RefreshTokens,
  SWEEP_INTERVAL_SECONDS,
} from "./refresh-tokens.ts";

const FAMILIES = "issuer-refresh-families";
const clientId = "client";
const grant: AuthorizationGrant = {
  clientId,
  userId: "auth0|alice",
  holders: "1 1",
  audience: "https://pets",
  scopes: ["openid", "offline_access", "read:pets"],
  authTimeSeconds: 1_800_000_000,
  sessionId: "session",
  accessTokenClaims: { "https://pets/role": ["vet"] },
  idTokenClaims: {},
};
const rotating: RefreshTokenSettings = {
  rotation: "rotating",
  expiration: "expiring",
  leewaySeconds: 0,
  lifetimeSeconds: 10_000,
  idleLifetimeSeconds: 1_000,
};
const nonRotating: RefreshTokenSettings = { ...rotating, rotation: "non-rotating" };

let nowMs: number;
let documents: Documents;
let tokens: RefreshTokens;

beforeEach(() => {
  nowMs = 1_800_000_000_000;
  documents = createMemoryDocuments();
  tokens = openRefreshTokens({ documents: () => documents, clock: () => nowMs });
});

const pass = (seconds: number) => {
  nowMs += seconds * 1000;
};
const families = async () => (await documents.list(FAMILIES)).documents;

async function rotated(token: string, settings = rotating): Promise<string> {
  const verdict = await tokens.use(token, clientId, settings);
  if (!verdict.ok || verdict.newToken === undefined) throw new Error(JSON.stringify(verdict));
  return verdict.newToken;
}

async function reasonOf(token: string, settings = rotating): Promise<string> {
  const verdict = await tokens.use(token, clientId, settings);
  return verdict.ok ? "ok" : verdict.reason;
}

describe("a rotating token", () => {
  test("gives the grant and its successor, and is not in the store", async () => {
    const { token } = await tokens.issue(grant, rotating);
    expect(token).toMatch(/^[A-Za-z0-9_-]{75}$/);
    const verdict = await tokens.use(token, clientId, rotating);
    expect(verdict).toEqual({ ok: true, grant, newToken: expect.stringMatching(/^[A-Za-z0-9_-]{75}$/) });
    const stored = JSON.stringify(await families());
    expect(stored).toContain("auth0|alice");
    expect(stored).not.toContain(token.slice(40));
    expect(stored).not.toContain(Buffer.from(token, "base64url").subarray(24).toString("base64url"));
  });

  test("used twice ends every token of its family and no other", async () => {
    const { token } = await tokens.issue(grant, rotating);
    const { token: other } = await tokens.issue(grant, rotating);
    const second = await rotated(token);
    const third = await rotated(second);
    expect(await reasonOf(token)).toBe("reused");
    for (const each of [third, second, token]) expect(await reasonOf(each)).toBe("unknown");
    expect(await reasonOf(other)).toBe("ok");
  });

  test.each([0, 30])(
    "used twice is not covered by a leeway of %i s that a clock set back prolongs",
    async (seconds) => {
      const settings = { ...rotating, leewaySeconds: seconds };
      const { token } = await tokens.issue(grant, settings);
      await rotated(token, settings);
      pass(-seconds - 1);
      expect(await reasonOf(token, settings)).toBe("reused");
    },
  );

  test("is recognised as reused however often its family has rotated since, and the family stays small", async () => {
    const { token } = await tokens.issue(grant, rotating);
    let current = token;
    for (let count = 0; count < 100; count++) current = await rotated(current);
    expect(JSON.stringify(await families()).length).toBeLessThan(1500);
    expect(await reasonOf(token)).toBe("reused");
    expect(await reasonOf(current)).toBe("unknown");
  });

  test("used by two at once rotates for one of them only", async () => {
    const { token } = await tokens.issue(grant, rotating);
    const verdicts = await Promise.all(Array.from({ length: 5 }, () => tokens.use(token, clientId, rotating)));
    expect(verdicts.filter(({ ok }) => ok)).toHaveLength(1);
    expect(await families()).toEqual([]);
  });
});

describe("within the leeway", () => {
  const lenient: RefreshTokenSettings = { ...rotating, leewaySeconds: 10 };

  test("the token just rotated may be used again, and both successors are good", async () => {
    const { token } = await tokens.issue(grant, lenient);
    const first = await rotated(token, lenient);
    pass(9.999);
    const second = await rotated(token, lenient);
    expect(second).not.toBe(first);
    await rotated(first, lenient);
    await rotated(second, lenient);
  });

  test("it counts from the first use, and at its end the family ends", async () => {
    const { token } = await tokens.issue(grant, lenient);
    await rotated(token, lenient);
    pass(5);
    await rotated(token, lenient);
    pass(5);
    expect(await reasonOf(token, lenient)).toBe("reused");
    expect(await families()).toEqual([]);
  });

  test("the token before the last is a reuse all the same", async () => {
    const { token } = await tokens.issue(grant, lenient);
    await rotated(await rotated(token, lenient), lenient);
    expect(await reasonOf(token, lenient)).toBe("reused");
  });

  test("two at once both get a token", async () => {
    const { token } = await tokens.issue(grant, lenient);
    const verdicts = await Promise.all([1, 2].map(() => tokens.use(token, clientId, lenient)));
    expect(new Set(verdicts.map((each) => each.ok && each.newToken)).size).toBe(2);
  });

  test("only so many successors live at once, and then a use of the one pushed out ends the family", async () => {
    const { token } = await tokens.issue(grant, lenient);
    const first = await rotated(token, lenient);
    const second = await rotated(token, lenient);
    for (let count = 0; count < MAX_LIVE_TOKENS - 1; count++) await rotated(second, lenient);
    expect(JSON.parse(JSON.stringify(await families()))[0].value.tokens).toHaveLength(MAX_LIVE_TOKENS);
    expect(await reasonOf(first, lenient)).toBe("reused");
  });
});

describe("a non-rotating token", () => {
  test("is used again and again without a successor", async () => {
    const { token } = await tokens.issue(grant, nonRotating);
    for (let count = 0; count < 3; count++) {
      expect(await tokens.use(token, clientId, nonRotating)).toEqual({ ok: true, grant, newToken: undefined });
    }
  });

  test("used by many at once serves them all", async () => {
    const { token } = await tokens.issue(grant, nonRotating);
    const verdicts = await Promise.all(Array.from({ length: 5 }, () => tokens.use(token, clientId, nonRotating)));
    expect(verdicts.every(({ ok }) => ok)).toBe(true);
  });
});

describe("time", () => {
  test.each([rotating, nonRotating])(
    "ends a token that nobody uses, and each use gives it more: %j",
    async (settings) => {
      let { token } = await tokens.issue(grant, settings);
      for (let count = 0; count < 3; count++) {
        pass(settings.idleLifetimeSeconds - 1);
        const verdict = await tokens.use(token, clientId, settings);
        expect(verdict.ok).toBe(true);
        token = (verdict.ok && verdict.newToken) || token;
      }
      pass(settings.idleLifetimeSeconds);
      expect(await reasonOf(token, settings)).toBe("expired");
    },
  );

  test("ends the family at its absolute lifetime, however much it was used", async () => {
    const settings = { ...rotating, idleLifetimeSeconds: 9_000 };
    const { token } = await tokens.issue(grant, settings);
    pass(8_000);
    const second = await rotated(token, settings);
    pass(1_999);
    const third = await rotated(second, settings);
    pass(1);
    expect(await reasonOf(third, settings)).toBe("expired");
  });

  test("does not end what does not expire", async () => {
    const settings: RefreshTokenSettings = { ...nonRotating, expiration: "non-expiring" };
    const { token } = await tokens.issue(grant, settings);
    pass(10 * 365 * 86_400);
    await tokens.issue({ ...grant, userId: "auth0|bob" }, settings);
    expect(await reasonOf(token, settings)).toBe("ok");
  });

  test("clears away what it has ended, with a later login", async () => {
    await tokens.issue(grant, { ...rotating, idleLifetimeSeconds: 5 });
    await tokens.issue(grant, { ...rotating, lifetimeSeconds: 5 });
    const { familyId } = await tokens.issue(grant, { ...rotating, idleLifetimeSeconds: SWEEP_INTERVAL_SECONDS * 2 });
    pass(SWEEP_INTERVAL_SECONDS - 1);
    const { familyId: early } = await tokens.issue({ ...grant, userId: "auth0|bob" }, rotating);
    expect(await families()).toHaveLength(4);
    pass(1);
    const { familyId: late } = await tokens.issue({ ...grant, userId: "auth0|bob" }, rotating);
    expect((await families()).map(({ id }) => id).sort()).toEqual([familyId, early, late].sort());
  });
});

describe("what is refused", () => {
  test("another client's token, which stays good for its own", async () => {
    const { token } = await tokens.issue(grant, rotating);
    expect(await tokens.use(token, "other", rotating)).toEqual({ ok: false, reason: "other_client" });
    expect(await reasonOf(token)).toBe("ok");
  });

  test("a text that is no token", async () => {
    const { token } = await tokens.issue(grant, rotating);
    for (const text of [
      "",
      "x",
      `${token}x`,
      token.slice(1),
      `${token.slice(0, -1)}=`,
      `.${token.slice(1)}`,
      "é".repeat(75),
    ]) {
      expect(await reasonOf(text)).toBe("unknown");
    }
    expect(await reasonOf(token)).toBe("ok");
  });

  test("a token that names a family with another secret: only a holder of its tokens knows the name", async () => {
    const { token } = await tokens.issue(grant, rotating);
    const forged = Buffer.from(token, "base64url");
    forged[40]! ^= 1;
    expect(await reasonOf(forged.toString("base64url"))).toBe("reused");
    expect(await reasonOf(token)).toBe("unknown");
  });
});

test("a check answers as a use would and rotates nothing, but ends a reused family", async () => {
  const { token } = await tokens.issue(grant, rotating);
  expect(await tokens.check(token, clientId, rotating)).toEqual({ ok: true, grant, newToken: undefined });
  const second = await rotated(token);
  expect(await tokens.check(token, clientId, rotating)).toEqual({ ok: false, reason: "reused" });
  expect(await reasonOf(second)).toBe("unknown");
});

test("revoking any token ends its family, for its own client only", async () => {
  const { token } = await tokens.issue(grant, rotating);
  const second = await rotated(token);
  expect(await tokens.revoke(second, "other")).toBe(false);
  expect(await tokens.revoke("unknown", clientId)).toBe(false);
  expect(await tokens.revoke(token, clientId)).toBe(true);
  expect(await reasonOf(second)).toBe("unknown");
  expect(await tokens.revoke(second, clientId)).toBe(false);
});

test("a family ends by its id, once or twice", async () => {
  const { token, familyId } = await tokens.issue(grant, rotating);
  await tokens.endFamily(familyId);
  await tokens.endFamily(familyId);
  expect(await reasonOf(token)).toBe("unknown");
});

test("of too many families of one user and client the oldest makes room; others' are left alone", async () => {
  const { token: others } = await tokens.issue({ ...grant, userId: "auth0|bob" }, rotating);
  const issued: string[] = [];
  for (let count = 0; count <= MAX_FAMILIES_PER_USER_AND_CLIENT; count++) {
    pass(0.001);
    issued.push((await tokens.issue(grant, rotating)).token);
  }
  expect(await families()).toHaveLength(MAX_FAMILIES_PER_USER_AND_CLIENT + 1);
  expect(await reasonOf(issued[0]!)).toBe("unknown");
  expect(await reasonOf(issued[1]!)).toBe("ok");
  expect(await reasonOf(others)).toBe("ok");
});

test("of two processes that share a store, one rotates", async () => {
  const folder = mkdtempSync(join(tmpdir(), "gatewarden-refresh-"));
  const stores = [1, 2].map(() => openSqliteDocuments(join(folder, "store.sqlite")));
  try {
    const processes = stores.map((store) => openRefreshTokens({ documents: () => store, clock: () => nowMs }));
    const { token } = await processes[0]!.issue(grant, rotating);
    const verdicts = await Promise.all(processes.map((each) => each.use(token, clientId, rotating)));
    expect(verdicts.filter(({ ok }) => ok)).toHaveLength(1);
    for (const each of processes) {
      for (const verdict of verdicts) {
        if (verdict.ok) expect((await each.check(verdict.newToken!, clientId, rotating)).ok).toBe(false);
      }
    }
  } finally {
    for (const store of stores) await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a restart keeps tokens, and keeps knowing a reused one", async () => {
  const folder = mkdtempSync(join(tmpdir(), "gatewarden-refresh-"));
  const open = () => {
    documents = openSqliteDocuments(join(folder, "store.sqlite"));
    tokens = openRefreshTokens({ documents: () => documents, clock: () => nowMs });
  };
  try {
    open();
    const { token } = await tokens.issue(grant, rotating);
    await documents.close();
    open();
    const second = await rotated(token);
    await documents.close();
    open();
    expect((await tokens.check(second, clientId, rotating)).ok).toBe(true);
    expect(await reasonOf(token)).toBe("reused");
    expect(await reasonOf(second)).toBe("unknown");
    await documents.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
