import { compileIdentityPolicies, compileRoleSession, compileUser } from "../../aws/iam/compile-identity.ts";
import type { CompiledIdentityPolicies, Identities, Identity } from "../../aws/iam/identity.ts";
import { trustDigest } from "../../aws/iam/trust-policy.ts";
import { stableUniqueId } from "../../aws/iam/unique-id.ts";
import { type Finding, formatFinding } from "../../model/finding.ts";
import type { Role, User } from "../../model/iam.ts";
import { findIamStore, type IamStore, type KeptAccessKey, type KeptSession, openIamStore } from "./iam-store.ts";

export interface IdentitiesOptions {
  readonly dataDir: string;
  /** Knows the access key `test` with the secret `test`, allowed everything. */
  readonly testCredentials: boolean;
  readonly place: { readonly accountId: string; readonly partition: string };
  /** Told of what keeps identities from being known; never a secret. */
  readonly onTrouble: (message: string) => void;
  /** Epoch milliseconds. */
  readonly clock?: () => number;
}

/** The port of the data plane, and how what it knows is replaced. */
export interface ProjectIdentities {
  readonly identities: Identities;
  /** What the files say now. Whom they no longer name is not known from then on. */
  replace(users: readonly User[], roles: readonly Role[]): readonly Finding[];
  close(): Promise<void>;
}

/** Once the file is open, another process's change is seen this soon; unknown keys make it looked at no more often. */
export const READ_INTERVAL_MS = 250;
/** What was read longer ago may have been revoked since. */
export const MAX_AGE_MS = 5_000;

/**
 * Who may sign: users and roles of the files, with the pairs that the files name and those, like sessions, that are kept in
 * the data folder. The folder is looked into when a key comes that the files do not know, so a server whose requests are
 * not signed never opens SQLite. A folder that cannot be read leaves only the keys that the files name.
 */
export function openIdentities(options: IdentitiesOptions): ProjectIdentities {
  const known = new KnownIdentities(options.onTrouble);
  const kept = new KeptIdentities(known, options);
  const test = options.testCredentials ? testIdentity(options.place) : undefined;
  return {
    identities: {
      find: (accessKeyId) => {
        if (accessKeyId === TEST) return test;
        return known.declared(accessKeyId) ?? (kept.isFresh() ? known.kept(accessKeyId) : undefined);
      },
      refresh: () => kept.refresh(),
    },
    replace: (users, roles) => known.replace(users, roles),
    close: () => kept.close(),
  };
}

/** What the files say and what the data folder says, compiled when it is asked for. */
class KnownIdentities {
  readonly keys = new Map<string, KeptAccessKey>();
  readonly sessions = new Map<string, KeptSession>();
  readonly #onTrouble: (message: string) => void;
  readonly #compiled = new Map<string, Identity>();
  readonly #rolePolicies = new Map<string, CompiledIdentityPolicies>();
  #users: ReadonlyMap<string, { readonly user: User; readonly policies: CompiledIdentityPolicies }> = new Map();
  #roles: ReadonlyMap<string, Role> = new Map();
  #declared: ReadonlyMap<string, Identity> = new Map();

  constructor(onTrouble: (message: string) => void) {
    this.#onTrouble = onTrouble;
  }

  /** A key whose pair the files name. */
  declared(accessKeyId: string): Identity | undefined {
    return this.#declared.get(accessKeyId);
  }

  kept(accessKeyId: string): Identity | undefined {
    const compiled =
      this.#compiled.get(accessKeyId) ?? this.#compileKey(accessKeyId) ?? this.#compileSession(accessKeyId);
    if (compiled) this.#compiled.set(accessKeyId, compiled);
    return compiled;
  }

  forget(accessKeyId: string): void {
    this.#compiled.delete(accessKeyId);
  }

  replace(users: readonly User[], roles: readonly Role[]): readonly Finding[] {
    const findings: Finding[] = [];
    const compiled = users.map((user) => {
      const verdict = compileIdentityPolicies(user);
      findings.push(...verdict.findings);
      return { user, policies: verdict.policies };
    });
    const declared = new Map<string, Identity | undefined>();
    for (const { user, policies } of compiled) {
      for (const { accessKeyId, secretAccessKey, status, at } of user.accessKeys) {
        if (accessKeyId === undefined || secretAccessKey === undefined) continue;
        if (declared.has(accessKeyId)) {
          findings.push(repeatedKey(accessKeyId, at));
          declared.set(accessKeyId, undefined);
        } else {
          const credential = { accessKeyId, secretAccessKey };
          declared.set(accessKeyId, status === "Active" ? compileUser(user, policies, credential) : undefined);
        }
      }
    }
    this.#declared = new Map([...declared].flatMap(([id, identity]) => (identity ? [[id, identity]] : [])));
    this.#users = new Map(compiled.map((each) => [each.user.arn, each]));
    this.#roles = new Map(roles.map((role) => [role.arn, role]));
    this.#compiled.clear();
    this.#rolePolicies.clear();
    return findings;
  }

  #compileKey(accessKeyId: string): Identity | undefined {
    const key = this.keys.get(accessKeyId);
    const found = key && this.#users.get(key.userArn);
    if (key === undefined || found === undefined || key.status !== "Active") return undefined;
    const { user, policies } = found;
    if (key.name !== null) {
      const declared = user.accessKeys.find((each) => each.name === key.name);
      if (declared?.status !== "Active" || declared.accessKeyId !== undefined) return undefined;
    }
    return compileUser(user, policies, key);
  }

  /** A session ends with its role, and with the trust under which it began. */
  #compileSession(accessKeyId: string): Identity | undefined {
    const session = this.sessions.get(accessKeyId);
    const role = session && this.#roles.get(session.roleArn);
    if (session === undefined || role === undefined || role.roleId !== session.roleId) return undefined;
    if (trustDigest(role.assumeRolePolicyDocument) !== session.trustDigest) return undefined;
    const { secretAccessKey, sessionToken, expiresAtMs } = session;
    return compileRoleSession(
      role,
      this.#policiesOf(role),
      { accessKeyId, secretAccessKey, sessionToken, expiresAtMs },
      session,
    );
  }

  /** Of the roles of a template few are ever assumed by a caller: what is wrong with the others is not said here. */
  #policiesOf(role: Role): CompiledIdentityPolicies {
    const compiled = this.#rolePolicies.get(role.arn);
    if (compiled) return compiled;
    const { policies, findings } = compileIdentityPolicies(role);
    for (const finding of findings) this.#onTrouble(formatFinding(finding));
    this.#rolePolicies.set(role.arn, policies);
    return policies;
  }
}

/** Keeps up with the data folder. */
class KeptIdentities {
  readonly #known: KnownIdentities;
  readonly #dataDir: string;
  readonly #onTrouble: (message: string) => void;
  readonly #clock: () => number;
  #store: IamStore | undefined;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #freshAtMs = Number.NEGATIVE_INFINITY;
  /** Counts what was changed, by whichever reading. */
  #changes = 0;
  #reading: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #poll: NodeJS.Timeout | undefined;
  #wake: (() => void) | undefined;
  #trouble: string | undefined;
  #isClosed = false;

  constructor(known: KnownIdentities, { dataDir, onTrouble, clock = Date.now }: IdentitiesOptions) {
    this.#known = known;
    this.#dataDir = dataDir;
    this.#onTrouble = onTrouble;
    this.#clock = clock;
  }

  isFresh(): boolean {
    return this.#clock() - this.#freshAtMs <= MAX_AGE_MS;
  }

  async refresh(): Promise<boolean> {
    const before = this.#changes;
    const wasFresh = this.isFresh();
    await this.#readSoon();
    const { keys, sessions } = this.#known;
    return this.#changes !== before || (!wasFresh && this.isFresh() && keys.size + sessions.size > 0);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#wake?.();
    await this.#next;
    await this.#reading;
    await this.#forgetAll();
  }

  /** Whoever asks before the reading begins gets this one's outcome; one under way may have looked too early. */
  #readSoon(): Promise<void> {
    this.#next ??= (async () => {
      await this.#reading;
      const waitMs = this.#readAtMs + READ_INTERVAL_MS - this.#clock();
      if (waitMs > 0) await this.#wait(Math.min(waitMs, READ_INTERVAL_MS));
      this.#next = undefined;
      this.#reading = this.#read();
      await this.#reading;
    })();
    return this.#next;
  }

  async #read(): Promise<void> {
    if (this.#isClosed) return;
    this.#readAtMs = this.#clock();
    try {
      const inode = findIamStore(this.#dataDir);
      if (inode !== this.#store?.inode) await this.#forgetAll();
      if (inode !== undefined) {
        this.#store ??= await openIamStore(this.#dataDir, this.#clock);
        await this.#takeChanges(this.#store);
        this.#poll ??= setInterval(() => void this.#readSoon(), READ_INTERVAL_MS).unref();
      }
      this.#freshAtMs = this.#clock();
      this.#trouble = undefined;
    } catch (error) {
      const message = `no kept access key is known: ${(error as Error).message}`;
      await this.#forgetAll();
      if (message !== this.#trouble) this.#onTrouble(message);
      this.#trouble = message;
    }
  }

  async #takeChanges(store: IamStore): Promise<void> {
    const { keys, sessions } = this.#known;
    const changes = await store.changes();
    this.#changes += changes.length;
    for (const change of changes) {
      if (change.kind === "start_over") this.#forgetKnown();
      else {
        if (change.kind === "key") setOrDelete(keys, change.id, change.key);
        else setOrDelete(sessions, change.id, change.session);
        this.#known.forget(change.id);
      }
    }
  }

  async #forgetAll(): Promise<void> {
    const store = this.#store;
    clearInterval(this.#poll);
    this.#poll = undefined;
    this.#store = undefined;
    this.#freshAtMs = Number.NEGATIVE_INFINITY;
    this.#forgetKnown();
    await store?.close().catch(() => {}); // It is given up because it does not work.
  }

  #forgetKnown(): void {
    const { keys, sessions } = this.#known;
    for (const id of [...keys.keys(), ...sessions.keys()]) this.#known.forget(id);
    keys.clear();
    sessions.clear();
  }

  #wait(ms: number): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function setOrDelete<Value>(map: Map<string, Value>, id: string, value: Value | undefined): void {
  if (value === undefined) map.delete(id);
  else map.set(id, value);
}

const TEST = "test";

function testIdentity({ accountId, partition }: IdentitiesOptions["place"]): Identity {
  const user: User = {
    arn: `arn:${partition}:iam::${accountId}:user/${TEST}`,
    name: TEST,
    userId: stableUniqueId("AIDA", accountId, TEST),
    tags: {},
    accessKeys: [],
    policyDocuments: [{ Version: "2012-10-17", Statement: { Effect: "Allow", Action: "*", Resource: "*" } }],
    unknownPolicyArns: [],
    at: { file: "", line: 1, column: 1 },
  };
  return compileUser(user, compileIdentityPolicies(user).policies, { accessKeyId: TEST, secretAccessKey: TEST });
}

function repeatedKey(accessKeyId: string, at: Finding["at"]): Finding {
  return {
    rule: "access-key-repeated",
    severity: "error",
    effect: "none",
    message: `The access key ${accessKeyId} is declared more than once: nobody is known by it.`,
    fix: "Give each key an id of its own, or none to have it generated.",
    at,
  };
}
