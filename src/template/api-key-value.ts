/** Bounds of API keys (R). */
export const MAX_API_KEY_NAME_CHARACTERS = 1_024;
export const API_KEY_VALUE_CHARACTERS = { min: 20, max: 128 } as const;

export const WANTED_API_KEY_VALUE = `${API_KEY_VALUE_CHARACTERS.min} to ${API_KEY_VALUE_CHARACTERS.max} characters`;

/** Whether API Gateway takes this as the value of an API key. */
export function isApiKeyValue(value: string): boolean {
  return value.length >= API_KEY_VALUE_CHARACTERS.min && value.length <= API_KEY_VALUE_CHARACTERS.max;
}
