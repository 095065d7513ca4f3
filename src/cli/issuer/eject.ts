import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { UsageError } from "../arguments.ts";
import { ejectCalls } from "./eject-calls.ts";
import { actionsIn, type EjectedAction } from "./eject-payloads.ts";
import { ejectTerraform } from "./eject-terraform.ts";
import { openProjectTenant } from "./open-project-tenant.ts";
import type { Verb } from "./verb.ts";

const FORMATS = ["cli", "terraform", "curl"];

export const ejectAuth0: Verb = {
  usage: "eject auth0 [--format cli|terraform|curl]",
  summary: "prints what rebuilds the same APIs, applications, grants, roles and Actions on a real Auth0 tenant",
  flags: ["format"],
  positionals: [0, 0],
  async run(call) {
    const { args, io } = call;
    const format = args.string("format") ?? "cli";
    if (!FORMATS.includes(format)) {
      throw new UsageError(`--format is ${JSON.stringify(format)}, wanted ${FORMATS.join(", ")}.`);
    }
    const { store } = await openProjectTenant(call);
    const tenant = store.current();
    const actions = readActions(store.actionsFile(), io.cwd);
    const script =
      format === "terraform"
        ? ejectTerraform(tenant, actions)
        : ejectCalls(tenant, actions, format === "curl" ? "curl" : "cli");
    io.out(args.boolean("json") ? `${JSON.stringify({ format, script }, null, 2)}\n` : script);
    return 0;
  },
};

function readActions(file: string | undefined, cwd: string): readonly EjectedAction[] {
  if (file === undefined) return [];
  const named = relative(cwd, file);
  try {
    return actionsIn(readFileSync(file, "utf8"), named.startsWith("..") ? file : `./${named}`);
  } catch (error) {
    throw new UsageError(`the tenant's Actions file ${file} cannot be read: ${(error as Error).message}`);
  }
}
