import type { SourcePosition } from "../../model/finding.ts";
import { readInteger } from "../scalar.ts";
import { type SourceNode, show } from "../source-node.ts";
import type { FieldReader } from "./field-reader.ts";

export interface ProjectFunction {
  /** Absolute path and export, e.g. `/app/dist/index.handler`, or `gatewarden:authorizer` for the one that ships. */
  readonly handler: string;
  readonly runtime?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly envFile?: string;
  readonly timeoutSeconds?: number;
  readonly memoryMb?: number;
  readonly at: SourcePosition;
}

/** The handler that stands for the authorizer Lambda that ships with Gatewarden. */
export const SHIPPED_AUTHORIZER = "gatewarden:authorizer";
/** Bounds of Lambda's own settings (D: Lambda API reference, CreateFunction). */
export const FUNCTION_TIMEOUT_SECONDS = { min: 1, max: 900 } as const;
export const FUNCTION_MEMORY_MB = { min: 128, max: 10_240 } as const;

const KEYS = new Set(["handler", "runtime", "env", "envFile", "timeout", "memory"]);

/** One entry of `functions`. */
export function readProjectFunction(node: SourceNode, reader: FieldReader): ProjectFunction | undefined {
  if (!reader.expectMapping(node, `the function ${node.name}`)) return undefined;
  reader.refuseUnknownKeys(node, KEYS, `function ${node.name}`);
  const handler = readHandler(node, reader);
  const runtime = reader.text(node.get("runtime"), "a runtime such as nodejs22.x");
  const envFile = reader.path(node.get("envFile"), "a path");
  const integer = (key: string, { min, max }: { readonly min: number; readonly max: number }) =>
    readInteger(node.get(key), min, max, reader.invalid);
  const timeoutSeconds = integer("timeout", FUNCTION_TIMEOUT_SECONDS);
  const memoryMb = integer("memory", FUNCTION_MEMORY_MB);
  const env = reader.texts(node.get("env"));
  if (handler === undefined) return undefined;
  return {
    handler,
    env,
    ...(runtime === undefined ? {} : { runtime }),
    ...(envFile === undefined ? {} : { envFile }),
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...(memoryMb === undefined ? {} : { memoryMb }),
    at: node.keyAt(),
  };
}

function readHandler(owner: SourceNode, reader: FieldReader): string | undefined {
  const node = owner.get("handler");
  const wanted = `FILE.EXPORT such as dist/index.handler, or ${SHIPPED_AUTHORIZER}`;
  if (!node) {
    const message = `The function ${owner.name} has no handler, wanted ${wanted}.`;
    reader.refuse(owner.keyAt(), message, "Add the handler.");
    return undefined;
  }
  const text = reader.text(node, wanted);
  if (text === undefined || text === SHIPPED_AUTHORIZER) return text;
  const exported = /[^/\\]\.([A-Za-z_$][\w$]*)$/.exec(text)?.[1];
  if (exported === undefined || /^(?:[cm]?[jt]s|py|rb)$/.test(exported)) {
    reader.invalid(node, show(text), wanted);
    return undefined;
  }
  return reader.path(node, wanted);
}
