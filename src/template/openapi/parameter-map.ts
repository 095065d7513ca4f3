import type { RouteReport } from "../report.ts";
import { type SourceNode, show } from "../source-node.ts";

/** Names of mapped parameters, as AWS validates them (C). */
export const PARAMETER_NAME = /^[a-zA-Z0-9._$-]+$/;

/** Where a mapping may write. */
const TARGETS = {
  "integration.request": {
    form: "integration.request.header|querystring|path.NAME",
    kinds: /^(?:header|querystring|path)\.(.+)$/,
  },
  "method.response": { form: "method.response.header.NAME", kinds: /^header\.(.+)$/ },
} as const;

/** Reads a mapping of targets to expressions; the expressions themselves are checked when a deployment is made. */
export function readTargets(
  node: SourceNode | undefined,
  side: keyof typeof TARGETS,
  route: RouteReport,
): Record<string, string> {
  const { form, kinds } = TARGETS[side];
  return readStrings(node, route, "mapping-expression-invalid", (child) => {
    const prefix = `${side}.`;
    const name = child.name.startsWith(prefix) ? kinds.exec(child.name.slice(prefix.length))?.[1] : undefined;
    if (name !== undefined && PARAMETER_NAME.test(name)) return;
    const message = `The mapping writes to ${show(child.name)}, wanted ${form}.`;
    route.refuse({ rule: "mapping-target-invalid", at: child.keyAt(), message, fix: "Correct the target." });
  });
}

/** Reads mapping templates by content type; a template without a value is empty. */
export function readTemplates(node: SourceNode | undefined, route: RouteReport): Record<string, string> {
  return readStrings(node, route, "mapping-template-invalid", (child) => {
    // (R) AWS: "Invalid content type specified".
    if (child.name === "$default" || /^[^/\s;]+\/[^/\s]+$/.test(child.name)) return;
    const message = `The template's content type is ${show(child.name)}, wanted TYPE/SUBTYPE (AWS: Invalid content type specified).`;
    route.refuse({ rule: "mapping-template-invalid", at: child.keyAt(), message, fix: "Correct the content type." });
  });
}

function readStrings(
  node: SourceNode | undefined,
  route: RouteReport,
  rule: string,
  checkKey: (child: SourceNode) => void,
): Record<string, string> {
  if (!node || node.value === null) return {};
  if (!node.isMapping) {
    const message = `${node.name} is ${show(node.value)}, wanted a mapping.`;
    route.refuse({ rule, at: node.at(), message, fix: "Correct it." });
    return {};
  }
  const entries: [string, string][] = [];
  for (const child of node.entries()) {
    checkKey(child);
    // (R) An empty template may be null.
    const text = child.value === null && rule === "mapping-template-invalid" ? "" : child.value;
    if (typeof text === "string") entries.push([child.name, text]);
    else {
      const message = `${child.name} is ${show(child.value)}, wanted text.`;
      route.refuse({ rule, at: child.at(), message, fix: "Put it in quotes, or behind a | on lines of their own." });
    }
  }
  return Object.fromEntries(entries);
}
