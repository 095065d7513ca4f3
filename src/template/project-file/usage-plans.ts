import type { SourcePosition } from "../../model/finding.ts";
import type { QuotaSettings, ThrottleSettings } from "../../model/usage-plan.ts";
import { isApiKeyValue, WANTED_API_KEY_VALUE } from "../api-key-value.ts";
import { readBoolean, readInteger, readWord } from "../scalar.ts";
import { kindOf, type SourceNode, show } from "../source-node.ts";
import { QUOTA_OFFSETS, QUOTA_PERIODS, throttleKeyOf, WANTED_THROTTLE_KEY } from "../usage-plan-settings.ts";
import type { FieldReader } from "./field-reader.ts";
import { isApiId, STAGE_NAME } from "./project-stage.ts";
import { readThrottle } from "./throttle.ts";

export interface ProjectApiKey {
  /** Absent: made from the name. */
  readonly id?: string;
  /** Absent: generated. */
  readonly value?: string;
  readonly enabled: boolean;
  readonly at: SourcePosition;
}

export interface ProjectUsagePlan {
  readonly stages: readonly ProjectPlanStage[];
  readonly throttle?: ThrottleSettings;
  readonly quota?: QuotaSettings;
  /** Names of API keys, of this file or of a template. */
  readonly keys: readonly { readonly name: string; readonly at: SourcePosition }[];
  readonly at: SourcePosition;
}

export interface ProjectPlanStage {
  readonly apiId: string;
  readonly stageName: string;
  readonly throttle: Readonly<Record<string, ThrottleSettings>>;
  readonly at: SourcePosition;
}

const KEY_KEYS = new Set(["value", "enabled", "id"]);
const PLAN_KEYS = new Set(["stages", "throttle", "quota", "keys"]);
const STAGE_KEYS = new Set(["api", "stage", "throttle"]);
const QUOTA_KEYS = new Set(["limit", "offset", "period"]);

/** One entry of `apiKeys`: enabled unless it says otherwise, since it stands here to be used. */
export function readProjectApiKey(node: SourceNode, reader: FieldReader): ProjectApiKey | undefined {
  const at = node.keyAt();
  if (node.value === null) return { enabled: true, at };
  if (!reader.expectMapping(node, `the API key ${node.name}`)) return undefined;
  reader.refuseUnknownKeys(node, KEY_KEYS, `API key ${node.name}`);
  const valueNode = node.get("value");
  const value = valueNode?.value;
  const isValue = typeof value === "string" && isApiKeyValue(value);
  // It opens methods: no message shows it.
  if (valueNode && !isValue) {
    const found = typeof value === "string" ? `text of ${value.length} characters` : kindOf(value);
    reader.invalid(valueNode, found, WANTED_API_KEY_VALUE);
  }
  const enabled = readBoolean(node.get("enabled"), reader.invalid) ?? true;
  const idNode = node.get("id");
  const id = reader.text(idNode, "an id");
  const isId = id !== undefined && /^[a-z0-9]{10}$/.test(id);
  if (idNode && id !== undefined && !isId) reader.invalid(idNode, show(id), "10 characters of a-z and 0-9");
  return { ...(isId && { id }), ...(isValue && { value }), enabled, at };
}

/** One entry of `usagePlans`. */
export function readProjectUsagePlan(node: SourceNode, reader: FieldReader): ProjectUsagePlan | undefined {
  const what = `usage plan ${node.name}`;
  if (!reader.expectMapping(node, `the ${what}`)) return undefined;
  reader.refuseUnknownKeys(node, PLAN_KEYS, what);
  const throttle = readThrottle(node.get("throttle"), `throttle of the ${what}`, reader);
  const quota = readQuota(node.get("quota"), what, reader);
  const keys = reader.list(node.get("keys")).flatMap((item) => {
    const name = reader.text(item, "the name of an API key");
    return name === undefined ? [] : [{ name, at: item.at() }];
  });
  const stages = reader.list(node.get("stages")).flatMap((item) => readStage(item, what, reader) ?? []);
  return { stages, ...(throttle && { throttle }), ...(quota && { quota }), keys, at: node.keyAt() };
}

function readStage(item: SourceNode, what: string, reader: FieldReader): ProjectPlanStage | undefined {
  if (!reader.expectMapping(item, `a stage of the ${what}`)) return undefined;
  reader.refuseUnknownKeys(item, STAGE_KEYS, `stage of the ${what}`);
  const required = (key: string, isRight: (text: string) => boolean, wanted: string): string | undefined => {
    const node = item.get(key);
    if (!node) reader.refuse(item.at(), `A stage of the ${what} has no ${key}, wanted ${wanted}.`, `Add ${key}.`);
    const text = reader.text(node, wanted);
    if (node && text !== undefined && !isRight(text)) reader.invalid(node, show(text), wanted);
    return text;
  };
  const apiId = required("api", isApiId, "an API id of a-z and 0-9");
  const stageName = required("stage", (text) => STAGE_NAME.test(text), "a stage name");
  const throttle: [string, ThrottleSettings][] = [];
  const node = item.get("throttle");
  if (node) reader.expectMapping(node, `the throttle of a stage of the ${what}`);
  for (const child of node?.entries() ?? []) {
    const key = throttleKeyOf(child.name);
    if (key === undefined) {
      reader.refuse(child.keyAt(), `The throttle's key is ${show(child.name)}, wanted ${WANTED_THROTTLE_KEY}.`);
    }
    const settings = readThrottle(child, `throttle of ${child.name}`, reader);
    if (key !== undefined && settings) throttle.push([key, settings]);
  }
  if (apiId === undefined || stageName === undefined) return undefined;
  return { apiId, stageName, throttle: Object.fromEntries(throttle), at: item.get("api")?.at() ?? item.at() };
}

function readQuota(node: SourceNode | undefined, what: string, reader: FieldReader): QuotaSettings | undefined {
  if (node === undefined || !reader.expectMapping(node, `the quota of the ${what}`)) return undefined;
  reader.refuseUnknownKeys(node, QUOTA_KEYS, `quota of the ${what}`);
  for (const key of ["limit", "period"]) {
    if (!node.get(key)) reader.refuse(node.keyAt(), `The quota of the ${what} has no ${key}.`, `Add ${key}.`);
  }
  const limit = readInteger(node.get("limit"), 0, Number.MAX_SAFE_INTEGER, reader.invalid);
  const period = readWord(node.get("period"), QUOTA_PERIODS, reader.invalid);
  if (limit === undefined || period === undefined) return undefined;
  return { limit, offset: readInteger(node.get("offset"), 0, QUOTA_OFFSETS[period], reader.invalid) ?? 0, period };
}
