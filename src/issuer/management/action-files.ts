import { inexistent } from "./management-error.ts";
import { type ManagementCall, type Operation, ok } from "./operation.ts";
import { readFlag } from "./page.ts";

const QUERY = ["triggerId", "actionName", "deployed", "installed", "page", "per_page"];

/** The developer's Actions file, to be read only: code that runs here never comes over HTTP. */
export const ACTION_OPERATIONS: readonly Operation[] = [
  {
    method: "GET",
    path: "actions/actions",
    scopes: ["read:actions"],
    query: QUERY,
    async answer(call) {
      const { query } = call;
      const name = query.get("actionName")?.toLowerCase() ?? "";
      const trigger = query.get("triggerId");
      const isNoneWanted = readFlag(query, "deployed") === false || readFlag(query, "installed") === true;
      const actions = (await listActions(call)).filter(
        (action) =>
          !isNoneWanted &&
          action.name.toLowerCase().includes(name) &&
          (trigger === null || action.supported_triggers.some(({ id }) => id === trigger)),
      );
      // There is one file, so one page. The shape is (R).
      return ok({
        actions: query.get("page") === "0" || !query.has("page") ? actions : [],
        total: actions.length,
        page: 0,
        per_page: 50,
      });
    },
  },
  {
    method: "GET",
    path: "actions/actions/{}",
    scopes: ["read:actions"],
    async answer(call) {
      const action = (await listActions(call)).find(({ id }) => id === call.ids[0]);
      if (action === undefined) throw inexistent("action");
      return ok(action);
    },
  },
];

/** As Auth0 writes it (R). */
async function listActions({ context }: ManagementCall) {
  const file = await context.state.actions.file?.();
  if (file === undefined) return [];
  return [
    {
      id: file.id,
      name: file.name,
      supported_triggers: file.triggers.map((id) => ({ id, version: id === "post-login" ? "v3" : "v2" })),
      created_at: file.modifiedAt,
      updated_at: file.modifiedAt,
      code: file.code,
      dependencies: [],
      runtime: `node${process.versions.node.split(".")[0]}`,
      status: "built",
      secrets: file.secretNames.map((name) => ({ name })),
      all_changes_deployed: true,
    },
  ];
}
