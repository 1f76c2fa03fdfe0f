import { isJsonObject, type Json, type JsonObject } from '../base/index.ts';
import type { Values } from './language.ts';

/** How outputs stand in a status. */
export interface OutputsStatus {
  readonly outputs: JsonObject;
  readonly outputsText?: string;
}

/**
 * Outputs as fields of a status. A merge patch (RFC 7386) removes members that are null, at any depth outside of lists;
 * outputs that hold such a null are therefore also written as text, and the text is what counts.
 */
export function outputsStatus(outputs: Values): OutputsStatus {
  return hasNullMember(outputs) ? { outputs, outputsText: JSON.stringify(outputs) } : { outputs };
}

/** The outputs that `outputsStatus` wrote. */
export function readOutputs(status: { readonly outputs?: Values; readonly outputsText?: string }): Values | undefined {
  return status.outputsText === undefined ? status.outputs : (JSON.parse(status.outputsText) as Values);
}

function hasNullMember(value: Json): boolean {
  if (!isJsonObject(value)) return false;
  for (const key in value) {
    const member = value[key] as Json;
    if (member === null || hasNullMember(member)) return true;
  }
  return false;
}
