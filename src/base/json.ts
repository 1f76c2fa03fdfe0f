/** A JSON value as it stands in objects of the cluster, in closures and in task inputs and outputs. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** A JSON object. Built from untrusted keys it has no prototype, so `__proto__` is a key like any other. */
export interface JsonObject {
  readonly [key: string]: Json;
}

/** Whether `value` is a JSON object: not null, not an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
