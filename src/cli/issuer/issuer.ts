import { StateFolderError } from "../../issuer/state-folder.ts";
import { formatTenantFinding, TenantFileError } from "../../issuer/tenant/tenant-finding.ts";
import { TenantError } from "../../issuer/tenant/tenant-store.ts";
import { StartError } from "../../server/start-error.ts";
import { nearestName } from "../../template/nearest-name.ts";
import { type Arguments, UsageError } from "../arguments.ts";
import type { Command, CommandIo } from "../command.ts";
import { API_VERBS } from "./api.ts";
import { APP_VERBS } from "./app.ts";
import { ejectAuth0 } from "./eject.ts";
import { grantVerb } from "./grant.ts";
import { importVerb } from "./import.ts";
import { ISSUER_FLAGS, type IssuerFlag } from "./issuer-flags.ts";
import { rotateKey } from "./rotate-key.ts";
import { SECRETS_VERBS } from "./secrets.ts";
import { startVerb } from "./start.ts";
import { trust } from "./trust.ts";
import { USER_VERBS } from "./user.ts";
import type { Verb } from "./verb.ts";

const VERBS: readonly Verb[] = [
  startVerb,
  ...API_VERBS,
  ...APP_VERBS,
  ...USER_VERBS,
  grantVerb,
  rotateKey,
  ...SECRETS_VERBS,
  trust,
  importVerb,
  ejectAuth0,
];
const COMMON: readonly IssuerFlag[] = ["data-dir", "tenant", "json"];

export const issuer: Command = {
  usage: "issuer VERB …",
  details: VERBS.map(({ usage, summary }) => `  issuer ${usage}\n      ${summary}`).join("\n"),
  flags: ISSUER_FLAGS,
  async run(args, io) {
    const { verb, words } = findVerb(args.positionals);
    refuseOtherFlags(verb, args, io);
    const positionals = args.positionals.slice(words);
    const [least, most] = verb.positionals;
    if (positionals.length < least || positionals.length > most) {
      throw new UsageError(`wanted: gatewarden issuer ${verb.usage}`);
    }
    try {
      return await verb.run({ args, positionals, io });
    } catch (error) {
      if (error instanceof TenantFileError) {
        for (const finding of error.findings) io.err(`${formatTenantFinding(finding)}\n`);
        return 1;
      }
      if (error instanceof StateFolderError) throw new StartError(error.message);
      if (!(error instanceof TenantError)) throw error;
      if (error.code === "invalid" || error.code === "unknown") throw new UsageError(error.message);
      io.err(`gatewarden issuer: ${error.message}\n`);
      return 1;
    }
  },
};

function findVerb(positionals: readonly string[]): { verb: Verb; words: number } {
  for (const words of [2, 1]) {
    const name = positionals.slice(0, words).join(" ");
    const verb = VERBS.find((each) => nameOf(each) === name);
    if (verb !== undefined) return { verb, words };
  }
  const given = positionals.slice(0, 2).join(" ");
  const names = VERBS.map(nameOf);
  const near = nearestName(given, names) ?? names.find((name) => name.startsWith(`${positionals[0]} `));
  const advice = near === undefined ? `Verbs: ${names.join(", ")}.` : `Did you mean ${JSON.stringify(near)}?`;
  throw new UsageError(`${given === "" ? "no verb" : `unknown verb ${JSON.stringify(given)}`}. ${advice}`);
}

/** Its words before the first argument. */
function nameOf({ usage }: Verb): string {
  return /^[a-z0-9-]+(?: [a-z0-9-]+)*/.exec(usage)?.[0] ?? usage;
}

/** A flag that does nothing is one that was meant for something. */
function refuseOtherFlags(verb: Verb, args: Arguments, io: CommandIo): void {
  for (const name of Object.keys(ISSUER_FLAGS) as IssuerFlag[]) {
    if (COMMON.includes(name) || verb.flags.includes(name)) continue;
    const isFromEnvironment = io.env[`GATEWARDEN_${name.replaceAll("-", "_").toUpperCase()}`] !== undefined;
    if (args.strings(name).length === 0 || isFromEnvironment) continue;
    const own = [...COMMON, ...verb.flags].map((each) => `--${each}`).join(", ");
    throw new UsageError(`issuer ${nameOf(verb)} has no --${name}. It has ${own}.`);
  }
}
