import { dirname, resolve } from "node:path";
import type { Finding, SourcePosition } from "../model/finding.ts";
import type { AccessLogSettings } from "../model/rest-api.ts";
import { MAX_API_ID_CHARACTERS } from "./api-id.ts";
import { readDocument } from "./document.ts";
import { eachUnknownKey, Report } from "./report.ts";
import { readInteger } from "./scalar.ts";
import { kindOf, SourceNode, show } from "./source-node.ts";

/** `gatewarden.yaml`, checked, with every path absolute. */
export interface ProjectFile {
  readonly files: readonly string[];
  /** Parameters of CloudFormation templates. */
  readonly parameters: Readonly<Record<string, string>>;
  /** By function ARN or name. */
  readonly functions: Readonly<Record<string, ProjectFunction>>;
  /** By API id. */
  readonly stages: Readonly<Record<string, ProjectStage>>;
  /** Issuer URLs that the local issuer may speak for. */
  readonly issuers: Readonly<Record<string, "local">>;
  readonly accept: readonly AcceptedFinding[];
  /** The issuer's tenant file, absolute. */
  readonly tenant?: string;
}

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

export interface ProjectStage {
  readonly name?: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly accessLog?: AccessLogSettings;
  readonly at: SourcePosition;
}

/** `RULE@LogicalId`: a finding the user takes responsibility for. */
export interface AcceptedFinding {
  readonly rule: string;
  readonly logicalId: string;
  readonly at: SourcePosition;
}

export type ProjectVerdict =
  | { readonly ok: true; readonly project: ProjectFile }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/** The handler that stands for the authorizer Lambda that ships with Gatewarden. */
export const SHIPPED_AUTHORIZER = "gatewarden:authorizer";
/** Bounds of Lambda's own settings (D: Lambda API reference, CreateFunction). */
export const FUNCTION_TIMEOUT_SECONDS = { min: 1, max: 900 } as const;
export const FUNCTION_MEMORY_MB = { min: 128, max: 10_240 } as const;
/** Bounds of stage variables (D: Developer Guide, quotas for REST APIs). */
export const MAX_STAGE_VARIABLES = 100;
export const MAX_STAGE_VARIABLE_NAME = 64;
export const MAX_STAGE_VARIABLE_VALUE = 512;
/** Characters of a stage variable's value (?). */
export const STAGE_VARIABLE_VALUE = /^[A-Za-z0-9\-._~:/?#&=,]+$/;
/** Stage names: letters, digits, hyphen, underscore, at most 128 (D); `$default` is the one of HTTP APIs. */
export const STAGE_NAME = /^(?:[A-Za-z0-9_-]{1,128}|\$default)$/;

const RULE = "project-file-invalid";
const ROOT_KEYS = new Set(["files", "parameters", "functions", "stages", "issuers", "accept", "tenant"]);
const FUNCTION_KEYS = new Set(["handler", "runtime", "env", "envFile", "timeout", "memory"]);
const STAGE_KEYS = new Set(["name", "variables", "accessLog"]);
const ACCESS_LOG_KEYS = new Set(["format", "destination"]);

/** Reads the text of `gatewarden.yaml`; every problem is a finding with effect `load` and a place. */
export function readProjectFile(text: string, file: string): ProjectVerdict {
  const verdict = readDocument(file, text);
  if (!verdict.ok) return verdict;
  const reader = new ProjectReader(dirname(file));
  const project = reader.read(SourceNode.root(verdict.document));
  const { findings } = reader.report;
  return findings.length > 0 ? { ok: false, findings } : { ok: true, project };
}

class ProjectReader {
  readonly report = new Report();
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  read(root: SourceNode): ProjectFile {
    // An empty file is a project with nothing in it.
    if (root.value !== null) this.#expectMapping(root, "the project file");
    this.#refuseUnknownKeys(root, ROOT_KEYS, "project file");
    const list = (key: string): SourceNode[] => this.#list(root.get(key));
    const tenant = this.#path(root.get("tenant"), "a path");
    return {
      files: list("files").flatMap((item) => this.#path(item, "a path") ?? []),
      parameters: this.#texts(root.get("parameters")),
      functions: this.#mapping(root.get("functions"), (node) => this.#readFunction(node)),
      stages: this.#mapping(root.get("stages"), (node) => this.#readStage(node)),
      issuers: this.#mapping(root.get("issuers"), (node) => this.#readIssuer(node)),
      accept: list("accept").flatMap((item) => this.#readAccepted(item) ?? []),
      ...(tenant !== undefined && { tenant }),
    };
  }

  #readFunction(node: SourceNode): ProjectFunction | undefined {
    if (!this.#expectMapping(node, `the function ${node.name}`)) return undefined;
    this.#refuseUnknownKeys(node, FUNCTION_KEYS, `function ${node.name}`);
    const handler = this.#handler(node);
    const runtime = this.#text(node.get("runtime"), "a runtime such as nodejs22.x");
    const envFile = this.#path(node.get("envFile"), "a path");
    const invalid = this.#invalid;
    const timeoutSeconds = readInteger(
      node.get("timeout"),
      FUNCTION_TIMEOUT_SECONDS.min,
      FUNCTION_TIMEOUT_SECONDS.max,
      invalid,
    );
    const memoryMb = readInteger(node.get("memory"), FUNCTION_MEMORY_MB.min, FUNCTION_MEMORY_MB.max, invalid);
    const env = this.#texts(node.get("env"));
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

  #handler(owner: SourceNode): string | undefined {
    const node = owner.get("handler");
    const wanted = `FILE.EXPORT such as dist/index.handler, or ${SHIPPED_AUTHORIZER}`;
    if (!node) {
      const message = `The function ${owner.name} has no handler, wanted ${wanted}.`;
      this.#refuse(owner.keyAt(), message, "Add the handler.");
      return undefined;
    }
    const text = this.#text(node, wanted);
    if (text === undefined || text === SHIPPED_AUTHORIZER) return text;
    const exported = /[^/\\]\.([A-Za-z_$][\w$]*)$/.exec(text)?.[1];
    if (exported === undefined || /^(?:[cm]?[jt]s|py|rb)$/.test(exported)) {
      this.#invalid(node, show(text), wanted);
      return undefined;
    }
    return resolve(this.#directory, text);
  }

  #readStage(node: SourceNode): ProjectStage | undefined {
    if (!/^[a-z0-9]+$/.test(node.name) || node.name.length > MAX_API_ID_CHARACTERS) {
      const message = `The API id ${show(node.name)} is not one, wanted characters of a-z and 0-9.`;
      this.#refuse(node.keyAt(), message, "Name the API as `gatewarden dev` prints it.");
    }
    if (!this.#expectMapping(node, `the stage of ${node.name}`)) return undefined;
    this.#refuseUnknownKeys(node, STAGE_KEYS, `stage of ${node.name}`);
    const name = this.#text(node.get("name"), "a stage name");
    if (name !== undefined && !STAGE_NAME.test(name)) {
      const wanted = "letters, digits, hyphen and underscore, at most 128";
      this.#refuse(node.get("name")?.at() ?? node.at(), `The stage name is ${show(name)}, wanted ${wanted}.`);
    }
    const accessLog = this.#accessLog(node.get("accessLog"));
    return {
      ...(name === undefined ? {} : { name }),
      variables: this.#stageVariables(node.get("variables")),
      ...(accessLog === undefined ? {} : { accessLog }),
      at: node.keyAt(),
    };
  }

  #stageVariables(node: SourceNode | undefined): Record<string, string> {
    const variables = this.#texts(node);
    const all = node?.entries() ?? [];
    if (all.length > MAX_STAGE_VARIABLES) {
      const message = `The stage has ${all.length} variables, the limit is ${MAX_STAGE_VARIABLES}.`;
      this.#refuse(node?.at() ?? { file: "", line: 1, column: 1 }, message, "Remove some.");
    }
    for (const each of all) {
      if (!/^\w+$/.test(each.name) || each.name.length > MAX_STAGE_VARIABLE_NAME) {
        const wanted = `letters, digits and _, at most ${MAX_STAGE_VARIABLE_NAME}`;
        this.#refuse(each.keyAt(), `The stage variable's name is ${show(each.name)}, wanted ${wanted}.`);
      }
      const { value } = each;
      if (typeof value !== "string" || value === "") continue;
      if (value.length > MAX_STAGE_VARIABLE_VALUE || !STAGE_VARIABLE_VALUE.test(value)) {
        const wanted = `at most ${MAX_STAGE_VARIABLE_VALUE} characters of A-Z a-z 0-9 - . _ ~ : / ? # & = ,`;
        this.#refuse(each.at(), `The stage variable ${each.name} has a value that AWS refuses, wanted ${wanted}.`);
      }
    }
    return variables;
  }

  #accessLog(node: SourceNode | undefined): AccessLogSettings | undefined {
    if (!node || !this.#expectMapping(node, "accessLog")) return undefined;
    this.#refuseUnknownKeys(node, ACCESS_LOG_KEYS, "accessLog");
    const format = this.#text(node.get("format"), "a line of $context variables");
    const destinationNode = node.get("destination");
    const destination = destinationNode?.value === "-" ? "-" : this.#path(destinationNode, "a path or -");
    for (const key of ACCESS_LOG_KEYS) {
      if (!node.get(key)) this.#refuse(node.keyAt(), `accessLog has no ${key}.`, `Add ${key}.`);
    }
    // AWS refuses a format without a request id (D: Developer Guide, "Set up CloudWatch logging for REST APIs").
    if (format !== undefined && !/\$context\.(?:requestId|extendedRequestId)\b/.test(format)) {
      const message =
        "The access log format lacks $context.requestId and $context.extendedRequestId, wanted one of them.";
      this.#refuse(node.get("format")?.at() ?? node.at(), message, "Add $context.requestId.");
    }
    return format === undefined || destination === undefined ? undefined : { format, destination };
  }

  #readIssuer(node: SourceNode): "local" | undefined {
    let url: URL | undefined;
    try {
      url = new URL(node.name);
    } catch {
      // Said below.
    }
    if (url?.protocol !== "https:" && url?.protocol !== "http:") {
      const message = `The issuer ${show(node.name)} is not a URL, wanted one such as https://tenant.auth0.com/.`;
      this.#refuse(node.keyAt(), message, "Copy it from the token's iss, with or without the trailing slash.");
    }
    if (node.value === "local") return "local";
    this.#invalid(node, show(node.value), "local");
    return undefined;
  }

  #readAccepted(node: SourceNode): AcceptedFinding | undefined {
    const match = typeof node.value === "string" ? /^([a-z0-9]+(?:-[a-z0-9]+)*)@(\S+)$/.exec(node.value) : null;
    if (match?.[1] !== undefined && match[2] !== undefined)
      return { rule: match[1], logicalId: match[2], at: node.at() };
    this.#invalid(node, show(node.value), "RULE@LogicalId as a finding prints it");
    return undefined;
  }

  /** Values may be secrets: messages name their kind only. */
  #texts(node: SourceNode | undefined): Record<string, string> {
    return this.#mapping(node, (each) => {
      if (typeof each.value === "string") return each.value;
      const message = `${each.name} is ${kindOf(each.value)}, wanted text.`;
      this.#refuse(each.at(), message, "Put the value in quotes.");
      return undefined;
    });
  }

  #mapping<Value>(node: SourceNode | undefined, read: (child: SourceNode) => Value | undefined): Record<string, Value> {
    if (!node || node.value === null || !this.#expectMapping(node, node.name)) return {};
    const entries: [string, Value][] = [];
    for (const child of node.entries()) {
      const value = read(child);
      if (value !== undefined) entries.push([child.name, value]);
    }
    return Object.fromEntries(entries);
  }

  #list(node: SourceNode | undefined): SourceNode[] {
    if (!node || node.value === null) return [];
    if (!node.isList) this.#invalid(node, show(node.value), "a list");
    return node.items();
  }

  #text(node: SourceNode | undefined, wanted: string): string | undefined {
    if (!node) return undefined;
    if (typeof node.value === "string" && node.value.trim() !== "") return node.value;
    this.#invalid(node, show(node.value), wanted);
    return undefined;
  }

  #path(node: SourceNode | undefined, wanted: string): string | undefined {
    const text = this.#text(node, wanted);
    return text === undefined ? undefined : resolve(this.#directory, text);
  }

  #expectMapping(node: SourceNode, what: string): boolean {
    if (node.isMapping) return true;
    this.#refuse(node.at(), `${capitalised(what)} is ${show(node.value)}, wanted a mapping.`);
    return false;
  }

  #refuseUnknownKeys(node: SourceNode, known: ReadonlySet<string>, what: string): void {
    eachUnknownKey(node, known, (child, advice) => {
      const message = `The ${what} has the unknown key ${show(child.name)}, known are ${[...known].join(", ")}.`;
      this.report.stopLoad({ rule: "project-file-key-unknown", at: child.keyAt(), message, fix: advice });
    });
  }

  readonly #invalid = (node: SourceNode, found: string, wanted: string): void => {
    const name = typeof node.key === "number" ? `${node.parent?.name} item ${node.key + 1}` : node.name;
    this.#refuse(node.at(), `${name} is ${found}, wanted ${wanted}.`);
  };

  #refuse(at: SourcePosition, message: string, fix = "Correct the value."): void {
    this.report.stopLoad({ rule: RULE, at, message, fix });
  }
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
