import type { ThrottleSettings } from "../model/usage-plan.ts";
import type { PlanUsage, ReportedApiKey } from "../server/usage-plans/project-limits.ts";
import { UsageError } from "./arguments.ts";
import type { Command } from "./command.ts";
import { table } from "./issuer/table.ts";
import { CLIENT_FLAGS, findRunningServer } from "./running-server.ts";

export const usage: Command = {
  usage: "usage [PLAN]",
  words: 1,
  details:
    'Days are UTC. With --show-keys prints the keys\' values alone, one per line:\n  curl -H "x-api-key: $(gatewarden usage --show-keys --key mobile)" URL',
  flags: {
    key: { type: "string", value: "NAME", help: "this API key only, by name or id" },
    "show-keys": { type: "boolean", help: "the keys' values alone" },
    from: { type: "string", value: "DATE", help: "the first day, YYYY-MM-DD (six days before the last)" },
    to: { type: "string", value: "DATE", help: "the last day, YYYY-MM-DD (today)" },
    json: { type: "boolean", help: "as JSON, days in the shape of GetUsage" },
    ...CLIENT_FLAGS,
  },
  async run(args, io) {
    const plan = args.positionals[0];
    const key = args.string("key");
    const from = readDay("from", args.string("from"));
    const to = readDay("to", args.string("to"));
    const showsKeys = args.boolean("show-keys");
    const report = await findRunningServer(args, io.cwd).usage({
      ...(from !== undefined && { startDate: from }),
      ...(to !== undefined && { endDate: to }),
      includeValues: String(showsKeys),
    });
    const plans = report.plans.filter(
      ({ usagePlanId, name }) => plan === undefined || plan === usagePlanId || plan === name,
    );
    if (plan !== undefined && plans.length === 0) {
      io.err(
        `There is no usage plan ${JSON.stringify(plan)}; there are ${list(report.plans.map(({ name }) => name))}.\n`,
      );
      return 1;
    }
    const onPlans = new Set(plans.flatMap(({ keyIds }) => keyIds));
    const keys = report.apiKeys.filter(
      ({ id, name }) => (key === undefined || key === id || key === name) && (plan === undefined || onPlans.has(id)),
    );
    if (keys.length === 0 && (key !== undefined || showsKeys)) {
      io.err(`There is no such API key; there are ${list(report.apiKeys.map(({ name }) => name))}.\n`);
      return 1;
    }
    if (showsKeys) {
      io.out(
        args.boolean("json")
          ? `${JSON.stringify({ apiKeys: keys })}\n`
          : keys.map(({ value }) => `${value}\n`).join(""),
      );
      return 0;
    }
    io.out(args.boolean("json") ? `${JSON.stringify({ plans, apiKeys: keys }, null, 2)}\n` : printUsage(plans, keys));
    return 0;
  },
};

function printUsage(plans: readonly PlanUsage[], keys: readonly ReportedApiKey[]): string {
  const rows = plans.flatMap((plan) =>
    keys
      .filter(({ id }) => plan.keyIds.includes(id))
      .map((key) => [plan.name, key.name, key.id, ...usedBy(plan, key), limitsOf(plan)]),
  );
  const planned = new Set(plans.flatMap(({ keyIds }) => keyIds));
  for (const { id, name, enabled } of keys) {
    if (!planned.has(id)) rows.push(["-", name, id, "-", "-", "-", enabled ? "on no usage plan" : "disabled"]);
  }
  if (rows.length === 0)
    return "There are no API keys here: declare them in a template, or under apiKeys in gatewarden.yaml.\n";
  const [{ startDate, endDate } = { startDate: "", endDate: "" }] = plans;
  const since = startDate === endDate ? "USED" : `USED SINCE ${startDate}`;
  return table([["PLAN", "KEY", "ID", since, endDate === "" ? "" : `ON ${endDate}`, "REMAINING", "LIMITS"], ...rows]);
}

/** Over all days, on the last one, and what then remained. */
function usedBy({ items }: PlanUsage, { id, sameAs, enabled }: ReportedApiKey): readonly string[] {
  const days = items[sameAs ?? id] ?? [];
  const [used = 0, remaining = null] = days.at(-1) ?? [];
  const all = days.reduce((sum, [each]) => sum + each, 0);
  return [String(all), String(used), enabled ? (remaining === null ? "-" : String(remaining)) : "disabled"];
}

function limitsOf({ quota, throttle }: PlanUsage): string {
  const parts = [
    ...(quota ? [`${quota.limit} a ${quota.period.toLowerCase()}`] : []),
    ...(throttle ? [describeThrottle(throttle)] : []),
  ];
  return parts.join(", ") || "none";
}

function describeThrottle({ rateLimit, burstLimit }: ThrottleSettings): string {
  const rate = rateLimit === undefined ? [] : [`${rateLimit} a second`];
  return [...rate, ...(burstLimit === undefined ? [] : [`${burstLimit} at once`])].join(", ");
}

function readDay(flag: string, text: string | undefined): string | undefined {
  if (text === undefined || (/^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)))) return text;
  throw new UsageError(`--${flag} is ${JSON.stringify(text)}, wanted YYYY-MM-DD.`);
}

function list(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.join(", ");
}
