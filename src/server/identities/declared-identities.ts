import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Role, User } from "../../model/iam.ts";
import { StartError } from "../start-error.ts";
import { writePrivateFile } from "../write-private-file.ts";

/** Whom a server's files declare, and where its APIs are: what a command of another process signs with. */
export interface DeclaredIdentities {
  readonly users: readonly User[];
  readonly roles: readonly Role[];
  readonly region: string;
  /** The server's own: whoever is of another account is named with it. */
  readonly accountId: string;
  /** The server knows the key `test` with the secret `test`. */
  readonly testCredentials: boolean;
}

const FILE = "identities.json";

/** Tells other processes of this user whom the files declare now; without anybody there is no such file. */
export function writeDeclaredIdentities(dataDir: string, declared: DeclaredIdentities): void {
  const file = join(dataDir, FILE);
  const { users, roles, testCredentials } = declared;
  if (users.length === 0 && roles.length === 0 && !testCredentials) rmSync(file, { force: true });
  else writePrivateFile(file, JSON.stringify(declared));
}

/** What the server that ran last in this data folder wrote. @throws StartError when there is nothing, or it is damaged */
export function readDeclaredIdentities(dataDir: string): DeclaredIdentities {
  const file = join(dataDir, FILE);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    throw new StartError(
      `no server in ${dataDir} has declared anybody who may sign. Declare users in iam.yaml beside gatewarden.yaml, or in the template, and start it with "gatewarden dev"; or name its folder with --data-dir.`,
      2,
    );
  }
  try {
    const declared: unknown = JSON.parse(text);
    if (isDeclared(declared)) return declared;
  } catch {
    // Said below.
  }
  throw new StartError(`${file} is damaged: start the server again, which writes it anew.`, 2);
}

function isDeclared(value: unknown): value is DeclaredIdentities {
  if (typeof value !== "object" || value === null || !("users" in value) || !("roles" in value)) return false;
  return Array.isArray(value.users) && Array.isArray(value.roles) && "region" in value && "accountId" in value;
}
