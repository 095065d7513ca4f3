import { createHash, randomBytes } from "node:crypto";
import type { StateFolder } from "../state-folder.ts";
import type { Tenant } from "./tenant.ts";
import type { Incarnated } from "./tenant-store.ts";

/**
 * What tells a user or an application from whoever had the id before. Each is made when something is first bound to it,
 * such as a login, and forgotten when its owner goes or comes: what was bound to it is then nobody's.
 */
export interface Incarnations {
  of(section: Incarnated, id: string): string;
  /** Forgets those of whoever is in one of the two tenants only. Called before others can see the second one. */
  forgetChanged(before: Tenant, after: Tenant): void;
  /** Another process may have forgotten some. */
  readAgain(): void;
}

const BYTES = 12;

/** In the state folder, a file each, so that all processes have the same. */
export function openIncarnations(folder: StateFolder): Incarnations {
  const known = new Map<string, string>();
  return {
    of(section, id) {
      const name = fileOf(section, id);
      const found = known.get(name) ?? folder.readOrCreateNow(name, () => randomBytes(BYTES).toString("base64url"));
      known.set(name, found);
      return found;
    },
    forgetChanged(before, after) {
      const [one, other] = [filesOf(before), filesOf(after)];
      for (const name of [...one, ...other]) {
        if (one.has(name) && other.has(name)) continue;
        folder.remove(name);
        known.delete(name);
      }
    },
    readAgain: () => known.clear(),
  };
}

function filesOf({ clients, users }: Tenant): ReadonlySet<string> {
  return new Set([
    ...clients.map(({ clientId }) => fileOf("applications", clientId)),
    ...users.map(({ userId }) => fileOf("users", userId)),
  ]);
}

/** An id is anything, so it is no file name. */
function fileOf(section: Incarnated, id: string): string {
  return `incarnations/${createHash("sha256").update(`${section} ${id}`).digest("hex")}`;
}
