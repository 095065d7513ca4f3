import { mkdirSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { withFileLock } from "../file-lock.ts";
import { type StateFolder, StateFolderError } from "../state-folder.ts";
import {
  createEntry,
  type EditedPlace,
  patchEntry,
  patchSettings,
  removeEntry,
  type TenantDraft,
} from "./edit-tenant-document.ts";
import { openIncarnations } from "./incarnations.ts";
import { readTenantFile } from "./read-tenant-file.ts";
import { type ResolvedTenant, resolveTenant } from "./resolve-tenant.ts";
import { findApi, findClient, findUser, type Tenant } from "./tenant.ts";
import type { TenantContent } from "./tenant-content.ts";
import { readTenantText, replaceTenantText, stampOf } from "./tenant-file.ts";
import { TenantFileError, type TenantFinding } from "./tenant-finding.ts";
import {
  checkSecret,
  fillSecrets,
  forgetClientSecret,
  forgetPassword,
  replaceClientSecret,
  replacePassword,
  replaceSigningSecret,
  SECRETS_REVISION_FILE,
  takeSecret,
} from "./tenant-secrets.ts";
import {
  type ApiDeclaration,
  type TenantEntry,
  TenantError,
  type TenantSection,
  type TenantStore,
} from "./tenant-store.ts";

export interface TenantStoreOptions {
  /** Absolute path of `tenant.yaml`; it need not exist. */
  readonly file: string;
  readonly folder: StateFolder;
  /** Client ids follow from it. */
  readonly project: string;
  /** Of every listener, the canonical one first; each has its Management API. */
  readonly issuerUrls: readonly string[];
  /** What the project's files imply. Default: what they implied when a server ran last. */
  readonly declared?: readonly ApiDeclaration[];
  /** The tenant is another: by an edit here, or of the file. */
  readonly onChange?: (message: string) => void;
  /** What the file says and cannot be taken over. */
  readonly onTrouble?: (findings: readonly TenantFinding[]) => void;
  /** Epoch milliseconds. */
  readonly clock?: () => number;
}

/** A tenant store with a file. */
export interface FileTenantStore extends TenantStore {
  readonly file: string;
  /** Absolute path of the Actions file that the tenant names. */
  actionsFile(): string | undefined;
  /** What is left out now, and why. */
  findings(): readonly TenantFinding[];
  patchSettings(fields: TenantEntry): Promise<void>;
  /** The file's text now, and as the edits would make it; writes nothing. @throws TenantError */
  propose(edits: readonly ProposedEdit[]): { readonly before: string; readonly after: string };
}

export interface ProposedEdit {
  readonly section: TenantSection;
  /** Of the entry that is changed; without it one is created. */
  readonly id?: string;
  readonly entry: TenantEntry;
}

/** Of a project that says nothing else. */
export const DEFAULT_PROJECT = "gatewarden";
/** How often, at most, the file is looked at. */
export const CHECK_INTERVAL_MS = 100;
const DECLARED_FILE = "declared-apis.json";
/** An editor that saves without a pause could otherwise keep an edit waiting for ever. */
const MAX_EDIT_ATTEMPTS = 10;

interface Loaded {
  readonly content: TenantContent;
  readonly resolved: ResolvedTenant;
  readonly tenant: Tenant;
}

/**
 * Opens the tenant of a project: its `tenant.yaml`, what its files imply, and the secrets in the state folder.
 *
 * The file is anybody's to edit. A change of it is read within a moment; while it cannot be read, the last good one
 * stays in force. Edits through the store keep comments and order, and lose none of another process's.
 *
 * @throws TenantFileError when the file cannot be read at the start; StateFolderError
 */
export async function openTenantStore(options: TenantStoreOptions): Promise<FileTenantStore> {
  const { file, folder, project, issuerUrls, clock = Date.now, onChange = () => {}, onTrouble = () => {} } = options;
  const revisionFile = join(folder.path, SECRETS_REVISION_FILE);
  const createdText = await folder.readOrCreate("tenant-created", () => new Date(clock()).toISOString());
  const createdAt = Number.isNaN(Date.parse(createdText)) ? new Date(clock()).toISOString() : createdText.trim();
  const incarnations = openIncarnations(folder);
  let declared = options.declared ?? readDeclared(folder);
  let queue: Promise<unknown> = Promise.resolve();
  let checkedAtMs = clock();

  /** Of the last text that was looked at, good or bad; taken before it is read, so that no change goes unseen. */
  let seen = stamp();
  const first = readTenantFile(readTenantText(file), file);
  if (!first.ok) throw new TenantFileError(first.findings);
  let loaded = load(first.content);
  tell(loaded.resolved.findings, []);

  function stamp(): string {
    return `${stampOf(file)} ${stampOf(revisionFile)}`;
  }

  function resolveContent(content: TenantContent): ResolvedTenant {
    const mtimeMs = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
    const updatedAt = mtimeMs === undefined ? createdAt : new Date(mtimeMs).toISOString();
    return resolveTenant({ content, declared, project, issuerUrls, createdAt, updatedAt });
  }

  function load(content: TenantContent): Loaded {
    const resolved = resolveContent(content);
    return { content, resolved, tenant: fillSecrets(resolved.tenant, folder) };
  }

  /** Only what was not told before. */
  function tell(findings: readonly TenantFinding[], before: readonly TenantFinding[]): void {
    const fresh = newFindings(findings, before);
    if (fresh.length > 0) onTrouble(fresh);
  }

  function reload(message: string): void {
    const before = loaded;
    seen = stamp();
    const verdict = readTenantFile(readTenantText(file), file);
    if (!verdict.ok) onTrouble(verdict.findings);
    const next = load(verdict.ok ? verdict.content : before.content);
    incarnations.forgetChanged(before.tenant, next.tenant);
    incarnations.readAgain();
    loaded = next;
    tell(loaded.resolved.findings, before.resolved.findings);
    if (verdict.ok && message !== "") onChange(message);
  }

  function reloadIfPossible(): void {
    try {
      reload(`The tenant was read again from ${file}.`);
    } catch (error) {
      // The last good one stays.
      onTrouble(error instanceof TenantFileError ? error.findings : [unreadable(file, error)]);
    }
  }

  /** Those of this process one after the other, so that they need not wait for the lock. */
  function edit(change: TenantChange): Promise<Changed> {
    const turn = queue.then(async () => {
      try {
        mkdirSync(dirname(file), { recursive: true });
        // Editors do not ask for the lock: for them there is the comparison of texts before the file is replaced.
        return await withFileLock(`${file}.lock`, () => editLocked(change));
      } catch (error) {
        if (error instanceof TenantFileError) throw new TenantError("invalid", sentenceOf(error.findings));
        if (!(error instanceof Error) || !("syscall" in error || error instanceof StateFolderError)) throw error;
        throw new TenantError("invalid", `${file} cannot be written: ${error.message}`);
      }
    });
    queue = turn.catch(() => {});
    return turn;
  }

  function editLocked(change: TenantChange): Changed {
    for (let attempt = 0; attempt < MAX_EDIT_ATTEMPTS; attempt++) {
      const before = readTenantText(file);
      const changed = changeText(before, change);
      // Of what others have changed since the last look, and of what this edit changes: before anybody can see it.
      incarnations.forgetChanged(loaded.tenant, changed.before.tenant);
      incarnations.forgetChanged(changed.before.tenant, changed.resolved.tenant);
      if (changed.after !== before && !replaceTenantText(file, before, changed.after)) continue;
      seen = stamp();
      // An editor was as quick: its text is read at the next look.
      if (readTenantText(file) !== changed.after) seen = "";
      loaded = load(changed.content);
      incarnations.readAgain();
      return changed;
    }
    throw new TenantError("conflict", `${file} changes all the time. Try again when nobody else is writing it.`);
  }

  /** What an edit makes of a text. @throws TenantError when the tenant would not be a sound one */
  function changeText(before: string, change: TenantChange): Changed {
    const verdict = readTenantFile(before, file);
    if (!verdict.ok) {
      throw new TenantError("invalid", `The tenant's file has errors. Mend it first. ${sentenceOf(verdict.findings)}`);
    }
    const { content, document } = verdict;
    const resolved = resolveContent(content);
    const place = change({ content, document, resolved });
    const after = textOf(document, before);
    const next = readTenantFile(after, file);
    if (!next.ok) throw refusal(next.findings);
    const nextResolved = resolveContent(next.content);
    const fresh = newFindings(nextResolved.findings, resolved.findings).filter(({ severity }) => severity === "error");
    if (fresh.length > 0) throw refusal(fresh);
    return {
      after,
      content: next.content,
      before: resolved,
      resolved: nextResolved,
      id: place && idAt(nextResolved, place),
    };
  }

  function replaceSecret(replace: () => void): void {
    replace();
    reload("");
  }

  return {
    file,
    current() {
      const now = clock();
      if (Math.abs(now - checkedAtMs) >= CHECK_INTERVAL_MS) {
        checkedAtMs = now;
        if (stamp() !== seen) reloadIfPossible();
      }
      return loaded.tenant;
    },
    actionsFile: () => loaded.content.actions && resolve(dirname(file), loaded.content.actions),
    findings: () => loaded.resolved.findings,
    async declare(apis) {
      declared = apis;
      folder.write(DECLARED_FILE, `${JSON.stringify(apis, null, 2)}\n`);
      reload("The project's files name other APIs or scopes than before.");
    },
    async create(section, entry) {
      const { secret, fields } = takeSecret(section, entry);
      const { id = "" } = await edit((draft) => createEntry(draft, section, fields));
      if (secret !== undefined) replaceSecret(() => keepSecret(section, id, secret));
      onChange(`${section}: created ${id}.`);
      return id;
    },
    async patch(section, id, entry) {
      const { secret, fields } = takeSecret(section, entry);
      await edit((draft) => void patchEntry(draft, section, id, fields) as undefined);
      if (secret !== undefined) replaceSecret(() => keepSecret(section, id, secret));
      onChange(`${section}: changed ${id}.`);
    },
    async remove(section, id) {
      const { before } = await edit((draft) => void removeEntry(draft, section, id) as undefined);
      if (section === "applications" && !findClient(loaded.tenant, id)) forgetClientSecret(folder, id);
      if (section === "users" && !findUser(loaded.tenant, id)) forgetPassword(folder, id);
      if (section === "apis") {
        const gone = before.tenant.clients.filter(({ clientId }) => !findClient(loaded.tenant, clientId));
        for (const { clientId } of gone) forgetClientSecret(folder, clientId);
      }
      onChange(`${section}: removed ${id}.`);
    },
    incarnationOf(section, id) {
      const isThere = section === "users" ? findUser(loaded.tenant, id) : findClient(loaded.tenant, id);
      return isThere && incarnations.of(section, id);
    },
    async patchSettings(fields) {
      await edit((draft) => void patchSettings(draft, fields) as undefined);
      onChange(`The tenant's settings were changed: ${Object.keys(fields).join(", ")}.`);
    },
    propose(edits) {
      const before = readTenantText(file);
      const after = edits.reduce((text, { section, id, entry }) => {
        const change: TenantChange = (draft) =>
          id === undefined
            ? createEntry(draft, section, entry)
            : (void patchEntry(draft, section, id, entry) as undefined);
        return changeText(text, change).after;
      }, before);
      return { before, after };
    },
    async rotateClientSecret(clientId) {
      if (!findClient(loaded.tenant, clientId)) throw unknown("application", clientId);
      let secret = "";
      replaceSecret(() => (secret = replaceClientSecret(folder, clientId)));
      onChange(`applications: ${clientId} has a new secret.`);
      return secret;
    },
    async setPassword(userId, password) {
      if (!findUser(loaded.tenant, userId)) throw unknown("user", userId);
      checkSecret("users", password);
      replaceSecret(() => replacePassword(folder, userId, password));
      onChange(`users: ${userId} has a new password.`);
    },
  };

  function keepSecret(section: TenantSection, id: string, secret: string): void {
    if (section === "users") replacePassword(folder, id, secret);
    if (section === "applications") replaceClientSecret(folder, id, secret);
    if (section === "apis") {
      const api = loaded.tenant.apis.find((each) => each.id === id);
      if (api && findApi(loaded.tenant, api.identifier)) replaceSigningSecret(folder, api.identifier, secret);
    }
  }
}

type TenantChange = (draft: TenantDraft) => EditedPlace | undefined;

interface Changed {
  /** The file's text. */
  readonly after: string;
  readonly content: TenantContent;
  readonly before: ResolvedTenant;
  readonly resolved: ResolvedTenant;
  /** Of the entry that was put somewhere. */
  readonly id: string | undefined;
}

function unknown(what: string, id: string): TenantError {
  return new TenantError("unknown", `There is no ${what} ${JSON.stringify(id)}.`);
}

function idAt({ origins }: ResolvedTenant, { section, index }: EditedPlace): string | undefined {
  return [...origins[section]].find(([, origin]) => origin === index)?.[0];
}

function newFindings(findings: readonly TenantFinding[], before: readonly TenantFinding[]): readonly TenantFinding[] {
  const known = new Set(before.map(({ rule, message }) => `${rule} ${message}`));
  return findings.filter(({ rule, message }) => !known.has(`${rule} ${message}`));
}

function refusal(findings: readonly TenantFinding[]): TenantError {
  const isConflict = findings.some(({ rule }) => rule === "tenant-duplicate");
  return new TenantError(isConflict ? "conflict" : "invalid", sentenceOf(findings));
}

function sentenceOf(findings: readonly TenantFinding[]): string {
  return findings
    .slice(0, 3)
    .map(({ message, fix }) => `${message} ${fix}`)
    .join(" ");
}

/** Written as the file is written: its line ends, its indents and its brackets. */
function textOf(document: TenantDraft["document"], before: string): string {
  const text = document.toString({
    lineWidth: 0,
    indentSeq: !/^\w+:[^\S\n]*\n- /m.test(before),
    flowCollectionPadding: /[[{] \S/.test(before),
  });
  return before.includes("\r\n") ? text.replaceAll(/\r?\n/g, "\r\n") : text;
}

function unreadable(file: string, error: unknown): TenantFinding {
  const message = `The tenant cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  const at = { file, line: 1, column: 1 };
  return {
    rule: "tenant-unreadable",
    severity: "error",
    effect: "load",
    message,
    fix: "The last good one stays.",
    at,
  };
}

/** What a server that ran last has written down. */
function readDeclared(folder: StateFolder): readonly ApiDeclaration[] {
  try {
    const kept: unknown = JSON.parse(folder.read(DECLARED_FILE) ?? "[]");
    return Array.isArray(kept) ? kept.filter(isDeclaration) : [];
  } catch {
    return [];
  }
}

function isDeclaration(value: unknown): value is ApiDeclaration {
  const { identifier, scopes, name, issuer } = (value ?? {}) as Record<string, unknown>;
  return (
    typeof identifier === "string" &&
    Array.isArray(scopes) &&
    scopes.every((scope) => typeof scope === "string") &&
    [name, issuer].every((each) => each === undefined || typeof each === "string")
  );
}
