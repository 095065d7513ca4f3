import { type SourceNode, show } from "./source-node.ts";

/** What a reader of one property says when the value is not the wanted one. */
export type OnInvalid = (node: SourceNode, found: string, wanted: string) => void;

/** Text that is not empty. */
export function readText(node: SourceNode | undefined, onInvalid: OnInvalid): string | undefined {
  if (node === undefined) return undefined;
  if (typeof node.value === "string" && node.value !== "") return node.value;
  onInvalid(node, foundValue(node.value), "text");
  return undefined;
}

/** A whole number within bounds; text of digits counts, as importers of JSON and YAML commonly read it. */
export function readInteger(
  node: SourceNode | undefined,
  min: number,
  max: number,
  onInvalid: OnInvalid,
): number | undefined {
  if (node === undefined) return undefined;
  const { value } = node;
  const number = typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value;
  if (typeof number === "number" && Number.isInteger(number) && number >= min && number <= max) return number;
  onInvalid(node, foundValue(value), `a whole number from ${min} to ${max}`);
  return undefined;
}

export function readBoolean(node: SourceNode | undefined, onInvalid: OnInvalid): boolean | undefined {
  if (node === undefined) return undefined;
  if (typeof node.value === "boolean") return node.value;
  if (node.value === "true" || node.value === "false") return node.value === "true";
  onInvalid(node, foundValue(node.value), "true or false");
  return undefined;
}

/** One of the given words; letter case is ignored, the given spelling is returned. */
export function readWord<Word extends string>(
  node: SourceNode | undefined,
  words: readonly Word[],
  onInvalid: OnInvalid,
): Word | undefined {
  if (node === undefined) return undefined;
  const text = typeof node.value === "string" ? node.value.toLowerCase() : undefined;
  const word = words.find((each) => each.toLowerCase() === text);
  if (word === undefined) onInvalid(node, foundValue(node.value), words.join(" or "));
  return word;
}

/** An HTTP status as text: AWS accepts a number too (recorded from AWS). */
export function readStatusCode(node: SourceNode | undefined, onInvalid: OnInvalid): string | undefined {
  if (node === undefined) return undefined;
  const text = typeof node.value === "number" ? String(node.value) : node.value;
  if (typeof text === "string" && STATUS_CODE.test(text)) return text;
  onInvalid(node, foundValue(node.value), "a status from 100 to 599");
  return undefined;
}

/** The pattern API Gateway's own validation error quotes (recorded from AWS). */
export const STATUS_CODE = /^[1-5]\d\d$/;

/** Adds, for mappings that stand where text should be, that functions of CloudFormation are not resolved here. */
export function foundValue(value: unknown): string {
  const keys = typeof value === "object" && value !== null ? Object.keys(value) : [];
  const isFunction = keys.length === 1 && /^(?:Fn::\w+|Ref)$/.test(keys[0] ?? "");
  return isFunction ? `${keys[0]}, which only a CloudFormation template resolves` : show(value);
}
