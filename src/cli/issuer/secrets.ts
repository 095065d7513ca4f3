import { UsageError } from "../arguments.ts";
import { clientNamed, findUserNamed } from "./find-entry.ts";
import { openProjectTenant } from "./open-project-tenant.ts";
import { table } from "./table.ts";
import type { Verb } from "./verb.ts";

const show: Verb = {
  usage: "secrets show [CLIENT|USER|AUDIENCE]",
  summary: "a client's secret, a user's password or an HS256 API's key, alone on standard output; without a name all",
  flags: [],
  positionals: [0, 1],
  async run(call) {
    const { args, io, positionals } = call;
    const tenant = (await openProjectTenant(call)).store.current();
    const [named] = positionals;
    if (named !== undefined) {
      const api = tenant.apis.find(
        ({ identifier, signingSecret }) => identifier === named && signingSecret !== undefined,
      );
      const secret =
        findUserNamed(tenant, named)?.password ?? api?.signingSecret ?? clientNamed(tenant, named).clientSecret;
      io.out(args.boolean("json") ? `${JSON.stringify({ secret })}\n` : `${secret}\n`);
      return 0;
    }
    const secrets = [
      ...tenant.clients.map(({ name, clientId, clientSecret }) => ({ of: name, id: clientId, secret: clientSecret })),
      ...tenant.users.map(({ email, userId, password }) => ({ of: email ?? userId, id: userId, secret: password })),
      ...tenant.apis.flatMap(({ name, identifier, signingSecret }) =>
        signingSecret === undefined ? [] : { of: name, id: identifier, secret: signingSecret },
      ),
    ];
    if (args.boolean("json")) io.out(`${JSON.stringify({ secrets }, null, 2)}\n`);
    else io.out(table([["OF", "ID", "SECRET"], ...secrets.map(({ of, id, secret }) => [of, id, secret])]));
    return 0;
  },
};

const set: Verb = {
  usage: "secrets set CLIENT|USER|AUDIENCE",
  summary: "reads a secret or password from standard input: a command line is seen by other users",
  flags: [],
  positionals: [1, 1],
  async run(call) {
    const { store } = await openProjectTenant(call);
    const named = call.positionals[0]!;
    const tenant = store.current();
    const secret = (await call.io.stdin()).replace(/\r?\n$/, "");
    if (secret === "") throw new UsageError("standard input is empty, wanted the secret.");
    const user = findUserNamed(tenant, named);
    const api = tenant.apis.find(({ identifier }) => identifier === named);
    if (user !== undefined) await store.setPassword(user.userId, secret);
    else if (api !== undefined) await store.patch("apis", api.id, { signing_secret: secret });
    else await store.patch("applications", clientNamed(tenant, named).clientId, { client_secret: secret });
    call.io.out(`Set the secret of ${named}.\n`);
    return 0;
  },
};

const rotate: Verb = {
  usage: "secrets rotate CLIENT",
  summary: "gives a client another secret",
  flags: [],
  positionals: [1, 1],
  async run(call) {
    const { store } = await openProjectTenant(call);
    const { clientId } = clientNamed(store.current(), call.positionals[0]!);
    const secret = await store.rotateClientSecret(clientId);
    call.io.out(call.args.boolean("json") ? `${JSON.stringify({ secret })}\n` : `${secret}\n`);
    return 0;
  },
};

export const SECRETS_VERBS: readonly Verb[] = [show, set, rotate];
