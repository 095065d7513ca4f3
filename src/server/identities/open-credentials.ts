import { parseArn } from "../../aws/arn.ts";
import { assumedRoleArn } from "../../aws/iam/compile-identity.ts";
import { evaluateTrust, trustDigest } from "../../aws/iam/trust-policy.ts";
import { formatPolicyProblem, parsePolicy } from "../../aws/policy/parse-policy.ts";
import type { Principal } from "../../aws/policy/principal.ts";
import type { Role, User } from "../../model/iam.ts";
import { type Json, StoreError } from "../../store/documents.ts";
import { StartError } from "../start-error.ts";
import { type IamStore, openIamStore } from "./iam-store.ts";

export interface CredentialsOptions {
  readonly dataDir: string;
  /** Whom the project's files declare. */
  readonly users: readonly User[];
  readonly roles: readonly Role[];
  /** The server's own account. */
  readonly accountId: string;
  /** Epoch milliseconds. */
  readonly clock?: () => number;
}

/** For a session of a role; a user's own keys take none of them. */
export interface SessionOptions {
  /** Default `gatewarden`. */
  readonly sessionName?: string;
  /** Default one hour. */
  readonly durationSeconds?: number;
  /** A policy document that limits the session further. */
  readonly sessionPolicy?: unknown;
  /** The user who assumes the role, by name; by default the account itself. */
  readonly as?: string;
  /** Begins the session although the trust policy does not let the account or the user do so. */
  readonly force?: boolean;
}

/** What a signer needs. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** ISO 8601. */
  readonly expiration?: string;
  /** Who signs with it. */
  readonly arn: string;
}

export interface ProjectCredentials {
  /**
   * The keys of a user, `alice`, or a new session of a role, `role/web`; of another account than the server's own,
   * `111122223333/alice` and `111122223333/role/web`. An ARN does as well. A running server of the same data folder knows
   * them at once. @throws StartError when there is none to be had
   */
  credentialsOf(name: string, options?: SessionOptions): Promise<Credentials>;
  /** Users, and roles as `role/NAME`, in the order of the files, those of other accounts with the account before it. */
  names(): readonly string[];
  close(): Promise<void>;
}

/** Bounds of AssumeRole (D): https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
export const SESSION_SECONDS = { min: 900, default: 3_600, max: 43_200 } as const;
const SESSION_NAME = /^[\w+=,.@-]{2,64}$/;
const DEFAULT_SESSION_NAME = "gatewarden";

/** Gives out the project's credentials, beside a running server or without one. The folder is opened when one is asked for. */
export function openCredentials(options: CredentialsOptions): ProjectCredentials {
  const { dataDir, users, roles, accountId, clock = Date.now } = options;
  const known = [
    ...users.map((user) => ({ ...namesOf(user, user.name, accountId), user, role: undefined })),
    ...roles.map((role) => ({ ...namesOf(role, `role/${role.name}`, accountId), user: undefined, role })),
  ];
  let store: Promise<IamStore> | undefined;
  const open = (): Promise<IamStore> => {
    store ??= openIamStore(dataDir, clock).catch((error: unknown) => {
      store = undefined;
      throw error;
    });
    return store;
  };

  async function ofUser(user: User, given: SessionOptions): Promise<Credentials> {
    if (Object.values(given).some((each) => each !== undefined)) {
      throw new StartError(`${user.name} is a user: only a role, as role/NAME, has sessions.`, 2);
    }
    const { accessKeys, arn } = user;
    const active = accessKeys.find(({ status }) => status === "Active");
    if (active === undefined && accessKeys.length > 0) {
      throw new StartError(`Every access key of ${user.name} is inactive. Make one active, or declare another.`, 2);
    }
    if (active?.accessKeyId !== undefined && active.secretAccessKey !== undefined) {
      return { accessKeyId: active.accessKeyId, secretAccessKey: active.secretAccessKey, arn };
    }
    const { accessKeyId, secretAccessKey, status } = await (await open()).keyOf(arn, active?.name ?? null);
    if (status !== "Active") throw new StartError(`The access key ${accessKeyId} of ${user.name} is inactive.`, 2);
    return { accessKeyId, secretAccessKey, arn };
  }

  async function ofRole(role: Role, given: SessionOptions): Promise<Credentials> {
    const { sessionName = DEFAULT_SESSION_NAME, durationSeconds = SESSION_SECONDS.default, sessionPolicy } = given;
    if (!SESSION_NAME.test(sessionName)) {
      throw new StartError(
        `The session name is ${JSON.stringify(sessionName)}, wanted 2 to 64 of A-Z a-z 0-9 _ + = , . @ -`,
        2,
      );
    }
    const { min, max } = SESSION_SECONDS;
    if (!Number.isInteger(durationSeconds) || durationSeconds < min || durationSeconds > max) {
      throw new StartError(`The session's duration is ${durationSeconds}, wanted ${min} to ${max} seconds.`, 2);
    }
    if (sessionPolicy !== undefined) {
      const parsed = parsePolicy(sessionPolicy, "identity");
      if (!parsed.ok) throw new StartError(`The session policy is not understood: ${formatPolicyProblem(parsed)}.`, 2);
    }
    if (given.force !== true) refuseUntrusted(role, given.as === undefined ? undefined : userNamed(given.as));
    const issuedAtMs = clock();
    const session = await (await open()).beginSession({
      roleArn: role.arn,
      roleId: role.roleId,
      trustDigest: trustDigest(role.assumeRolePolicyDocument),
      sessionName,
      issuedAtMs,
      expiresAtMs: issuedAtMs + durationSeconds * 1_000,
      ...(sessionPolicy !== undefined && { sessionPolicies: [sessionPolicy as Json] }), // It was parsed.
      tags: {},
    });
    const { accessKeyId, secretAccessKey, sessionToken, expiresAtMs } = session;
    const expiration = new Date(expiresAtMs).toISOString();
    return { accessKeyId, secretAccessKey, sessionToken, expiration, arn: assumedRoleArn(role, sessionName) };
  }

  function names(): readonly string[] {
    return known.map(({ name }) => name);
  }

  function userNamed(name: string): User {
    const user = known.find((each) => each.user && each.all.includes(name))?.user;
    if (user === undefined) throw unknownName(name);
    return user;
  }

  function unknownName(name: string): StartError {
    const there = known.length === 0 ? "the files declare nobody" : `there are ${names().join(", ")}`;
    const isForeign = known.some((each) => each.name.endsWith(`/${name}`));
    const advice = isForeign ? " Whoever is of another account is named with it." : "";
    return new StartError(`No user or role is called ${JSON.stringify(name)}; ${there}.${advice}`, 2);
  }

  return {
    async credentialsOf(name, given = {}) {
      try {
        const role = known.find((each) => each.role && each.all.includes(name))?.role;
        return role === undefined ? await ofUser(userNamed(name), given) : await ofRole(role, given);
      } catch (error) {
        throw error instanceof StoreError ? new StartError(error.message) : error;
      }
    },
    names,
    close: async () => {
      const opened = store;
      store = undefined;
      await (await opened)?.close();
    },
  };
}

/**
 * What a user or role may be called. The name alone always means the server's own account, so that a user who is added to
 * another account never changes who signs.
 */
function namesOf({ arn }: User | Role, name: string, ownAccountId: string) {
  const accountId = parseArn(arn)?.accountId ?? "";
  const qualified = `${accountId}/${name}`;
  const isOwn = accountId === ownAccountId;
  return { name: isOwn ? name : qualified, all: [arn, qualified, ...(isOwn ? [name] : [])] };
}

/** The developer stands for AWS STS: whom the trust policy does not let in gets no session here either. */
function refuseUntrusted(role: Role, user: User | undefined): void {
  const { accountId = "", partition = "aws" } = parseArn(role.arn) ?? {};
  const principal: Principal =
    user === undefined
      ? { type: "aws", arn: `arn:${partition}:iam::${accountId}:root`, accountId }
      : { type: "aws", arn: user.arn, accountId: parseArn(user.arn)?.accountId ?? "", uniqueId: user.userId };
  const verdict = evaluateTrust(role.assumeRolePolicyDocument, {
    action: "sts:AssumeRole",
    resource: role.arn,
    principal,
    context: { "aws:PrincipalArn": principal.arn, "aws:PrincipalAccount": principal.accountId },
  });
  if (verdict.decision === "allow") return;
  const why = verdict.problem
    ? `is not understood: ${formatPolicyProblem(verdict.problem)}`
    : `does not let ${user?.name ?? `the account ${accountId}`} do sts:AssumeRole`;
  throw new StartError(
    `The trust policy of the role ${role.name} ${why}. Name the user who assumes it, correct the policy, or force the session.`,
    2,
  );
}
