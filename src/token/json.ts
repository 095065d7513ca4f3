import type { Claims } from "./token-verdict.ts";

/** The value of a JSON text, or undefined (which JSON cannot say) when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const isString = (value: unknown): value is string => typeof value === "string";

export const isJsonObject = (value: unknown): value is Claims =>
  typeof value === "object" && value !== null && !Array.isArray(value);
