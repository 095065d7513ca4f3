import { type SourceNode, show } from "../source-node.ts";
import type { LoadContext } from "./load-context.ts";

/** What the importer does with a base path (D: Developer Guide, "Set the OpenAPI basePath property"). */
export type BasePathMode = "ignore" | "prepend" | "split";

export interface BasePath {
  /** Put before every path, without trailing slash; empty for none. */
  readonly prefix: string;
  /** A stage name that the base path suggests: AWS's exports write the stage there. */
  readonly suggestedStage?: string;
}

/**
 * `ignore` drops the base path, `prepend` puts it before all paths, `split` drops its first segment and puts the rest
 * before all paths (R).
 */
export function readBasePath(context: LoadContext, mode: BasePathMode): BasePath {
  const segments = (rawBasePath(context) ?? "").split("/").filter((segment) => segment !== "");
  const [first] = segments;
  const isStage = first !== undefined && /^[A-Za-z0-9_-]{1,128}$/.test(first);
  const suggestion = isStage ? { suggestedStage: first } : {};
  if (mode === "split") return { prefix: join(segments.slice(1)), ...suggestion };
  if (mode === "prepend") return { prefix: join(segments) };
  return { prefix: "", ...(segments.length === 1 ? suggestion : {}) };
}

function join(segments: readonly string[]): string {
  return segments.map((segment) => `/${segment}`).join("");
}

function rawBasePath({ root, isSwagger, report }: LoadContext): string | undefined {
  const say = (node: SourceNode, wanted: string): undefined => {
    const message = `${node.name} is ${show(node.value)}, wanted ${wanted}; it is left out.`;
    report.note("warning", { rule: "base-path-invalid", at: node.at(), message, fix: "Correct it." });
  };
  if (isSwagger) {
    const node = root.get("basePath");
    if (!node) return undefined;
    return typeof node.value === "string" ? node.value : say(node, "text");
  }
  const server = root.get("servers")?.get(0);
  const variables = server?.get("variables");
  const variable = variables?.get("basePath")?.get("default");
  if (typeof variable?.value === "string") return variable.value;
  const url = server?.get("url");
  if (!url) return undefined;
  if (typeof url.value !== "string") return say(url, "text");
  const filled = url.value.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = variables?.get(name)?.get("default")?.value;
    return typeof value === "string" || typeof value === "number" ? String(value) : "";
  });
  return filled
    .replace(/^[a-z][a-z0-9+.-]*:/i, "")
    .replace(/^\/\/[^/]*/, "")
    .replace(/[?#].*$/s, "");
}
