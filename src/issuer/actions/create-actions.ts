import { createHash } from "node:crypto";
import { basename, resolve } from "node:path";
import { isJsonObject, isString, parseJson } from "../../token/json.ts";
import { type StateFolder, StateFolderError } from "../state-folder.ts";
import type { Api, User } from "../tenant/tenant.ts";
import { TenantError, type TenantStore } from "../tenant/tenant-store.ts";
import { type ActionEffects, createActionApi, MAX_DENIAL_CHARS, type Trigger } from "./action-api.ts";
import { type ActionEvent, type ActionSecrets, credentialsExchangeEvent, postLoginEvent } from "./action-event.ts";
import { ActionLoadError, type ActionModule, openActionModule } from "./action-module.ts";
import type { ActionFile, Actions, ActionVerdict } from "./actions.ts";
import { catchStrayErrors } from "./stray-errors.ts";

export interface ActionsOptions {
  /** The developer's CommonJS or ES module; a function where the tenant may name another, or none, at any time. */
  readonly file: string | (() => string | undefined);
  /** Where `action-secrets.json` is, a JSON object of texts: `event.secrets`. */
  readonly folder: StateFolder;
  /** Where metadata that an Action sets is kept. */
  readonly tenants: TenantStore;
  /** What the developer should know: why an Action failed, with the stack. For the terminal, never for the wire. */
  readonly onTrouble?: (message: string) => void;
  /** Default `ACTION_TIME_LIMIT_MS`. */
  readonly timeLimitMs?: number;
}

/** Auth0's (D). A loop that never awaits blocks the whole process: the file is the developer's own, and trusted. */
export const ACTION_TIME_LIMIT_MS = 20_000;
/** In the state folder, readable by its owner only. */
export const ACTION_SECRETS_FILE = "action-secrets.json";
/** What a client is told when an Action fails, besides the error's message (D: Auth0's article on "access_denied"). */
const FAILED_ERROR = "access_denied";

/**
 * The tenant's Actions from one file. It is loaded at its first use and again after each change. A file that cannot be
 * loaded fails every login: what it would have denied is not known.
 */
export function createActions(options: ActionsOptions): Actions {
  const { folder, onTrouble = () => {}, tenants, timeLimitMs = ACTION_TIME_LIMIT_MS } = options;
  let opened: ActionModule | undefined;

  function currentModule(): ActionModule | undefined {
    const file = typeof options.file === "string" ? options.file : options.file();
    if (file === undefined) return undefined;
    if (opened?.path !== resolve(file)) {
      opened = openActionModule(file, {
        onUnusedHandler: (name) => onTrouble(`${file} exports ${name}, which this issuer never runs.`),
      });
    }
    return opened;
  }

  function tellStray(error: unknown): void {
    onTrouble(`The Actions file left something behind that failed; await all that it does. ${stackOf(error)}`);
  }

  async function run(given: {
    readonly trigger: Trigger;
    readonly scopes: readonly string[];
    readonly api: Api | undefined;
    readonly eventOf: (secrets: ActionSecrets) => ActionEvent;
    readonly user?: User;
  }): Promise<ActionVerdict> {
    const { api: resourceServer, scopes, trigger, user } = given;
    const { api, effects } = createActionApi({
      trigger,
      scopes,
      isForAuth0Api: resourceServer === undefined || resourceServer.isSystem,
    });
    try {
      const handler = (await catchStrayErrors(async () => currentModule()?.load(), tellStray))?.handlers[trigger];
      if (handler === undefined) return granted(effects);
      const event = given.eventOf(readSecrets(folder));
      await withinTime(() => catchStrayErrors(async () => handler(event, api), tellStray), timeLimitMs);
      effects.close();
      const denial = effects.denial();
      if (denial) return { ok: false, reason: "action_denied", ...denial };
      if (user) await keepMetadata(tenants, user, effects);
      return granted(effects);
    } catch (error) {
      const message = messageOf(error);
      onTrouble(`The Action for ${trigger} failed: ${stackOf(error)}`);
      return {
        ok: false,
        reason: "action_failed",
        error: FAILED_ERROR,
        description: message.slice(0, MAX_DENIAL_CHARS),
      };
    } finally {
      effects.close();
    }
  }

  return {
    postLogin: (given) =>
      run({
        trigger: "post-login",
        scopes: given.scopes,
        api: given.api,
        eventOf: (secrets) => postLoginEvent(given, secrets),
        user: given.user,
      }),
    credentialsExchange: (given) =>
      run({
        trigger: "credentials-exchange",
        scopes: given.scopes,
        api: given.api,
        eventOf: (secrets) => credentialsExchangeEvent(given, secrets),
      }),
    async file() {
      const module = currentModule();
      return (
        module &&
        describeFile(module, folder).catch((error) => {
          onTrouble(`The Actions file cannot be shown: ${stackOf(error)}`);
          return undefined;
        })
      );
    },
  };
}

function granted(effects: ActionEffects): ActionVerdict {
  const messages = [...effects.accessToken.dropped(), ...effects.idToken.dropped()];
  return {
    ok: true,
    scopes: effects.scopes(),
    accessTokenClaims: effects.accessToken.claims(),
    idTokenClaims: effects.idToken.claims(),
    warnings: messages.map((message) => ({ reason: "action_claim_dropped", message })),
  };
}

async function withinTime(act: () => Promise<unknown>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`The Action took longer than ${limitMs / 1000} seconds.`)), limitMs);
  });
  try {
    await Promise.race([act(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Merged at the first level, as Auth0 does; null removes (D). */
async function keepMetadata(tenants: TenantStore, user: User, effects: ActionEffects): Promise<void> {
  // Read again: the Action may have taken its time.
  const now = tenants.current().users.find(({ userId }) => userId === user.userId) ?? user;
  const own = effects.userMetadata();
  const app = effects.appMetadata();
  const fields = {
    ...(changes(now.userMetadata, own) && { user_metadata: merged(now.userMetadata, own) }),
    ...(changes(now.appMetadata, app) && { app_metadata: merged(now.appMetadata, app) }),
  };
  if (Object.keys(fields).length > 0) await tenants.patch("users", user.userId, fields);
}

type Metadata = Readonly<Record<string, unknown>>;

function merged(before: Metadata, set: Metadata): Metadata {
  return Object.fromEntries(Object.entries({ ...before, ...set }).filter(([, value]) => value !== null));
}

/** An Action that sets the same thing at every login writes no file. */
function changes(before: Metadata, set: Metadata): boolean {
  return Object.entries(set).some(
    ([name, value]) => JSON.stringify(Object.hasOwn(before, name) ? before[name] : null) !== JSON.stringify(value),
  );
}

function readSecrets(folder: StateFolder): ActionSecrets {
  const text = folder.read(ACTION_SECRETS_FILE);
  if (text === undefined) return {};
  const secrets = parseJson(text);
  if (isJsonObject(secrets) && Object.values(secrets).every(isString)) return secrets as ActionSecrets;
  throw new ActionLoadError(`${folder.path}/${ACTION_SECRETS_FILE} must be a JSON object of texts: {"NAME": "value"}.`);
}

async function describeFile(module: ActionModule, folder: StateFolder): Promise<ActionFile> {
  const { code, handlers, modifiedAt } = await module.load();
  const hex = createHash("sha256").update(module.path).digest("hex");
  return {
    id: [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-"),
    name: basename(module.path),
    triggers: Object.keys(handlers) as Trigger[],
    code,
    modifiedAt,
    secretNames: Object.keys(readSecrets(folder)),
  };
}

function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : `The Action threw ${String(error)}.`;
  } catch {
    return "The Action threw something without a text.";
  }
}

function stackOf(error: unknown): string {
  if (error instanceof ActionLoadError || error instanceof TenantError || error instanceof StateFolderError) {
    return typeof error.cause === "string" && error.cause !== "" ? `${error.message}\n${error.cause}` : error.message;
  }
  return (error instanceof Error && error.stack) || messageOf(error);
}
