import { KeyRingError, openKeyRing } from "../../issuer/keys/keys.ts";
import { UsageError } from "../arguments.ts";
import { openProjectState } from "./open-project-tenant.ts";
import { table } from "./table.ts";
import type { Verb } from "./verb.ts";

export const rotateKey: Verb = {
  usage: "rotate-key [--revoke KID]",
  summary: "signs with the next key from now on, or stops publishing a previous one",
  flags: ["revoke"],
  positionals: [0, 0],
  async run(call) {
    const { args, io } = call;
    const keys = await openKeyRing(openProjectState(call));
    const kid = args.string("revoke");
    try {
      if (kid === undefined) await keys.rotate();
      else await keys.revoke(kid);
    } catch (error) {
      if (!(error instanceof KeyRingError)) throw error;
      if (error.code === "key_unknown") throw new UsageError(error.message);
      io.err(`gatewarden issuer: ${error.message}\n`);
      return 1;
    }
    const all = keys.keys().map(({ key, state }) => ({ kid: key.kid, state }));
    if (args.boolean("json")) io.out(`${JSON.stringify({ keys: all }, null, 2)}\n`);
    else {
      io.out(kid === undefined ? "Tokens are signed with another key from now on.\n" : `${kid} is revoked.\n`);
      io.out(table([["KID", "STATE"], ...all.map((key) => [key.kid, key.state])]));
    }
    return 0;
  },
};
