import { type BlobRefs, isJsonObject, type Json, type JsonObject } from '../base/index.ts';
import type { NodeStatus } from '../cluster/index.ts';
import { joinStored, splitStored } from '../language/index.ts';
import type { Values } from './language.ts';

/** How outputs stand in a status. */
export interface OutputsStatus {
  readonly outputs: JsonObject;
  readonly outputsText?: string;
  /** Of those that are in the object store; they are not in the others. */
  readonly storedOutputs?: BlobRefs;
}

/**
 * Outputs as fields of a status. A merge patch (RFC 7386) removes members that are null, at any depth outside of lists;
 * outputs that hold such a null are therefore also written as text, and the text is what counts.
 */
export function outputsStatus(outputs: Values): OutputsStatus {
  const { values, stored } = splitStored(outputs);
  const text = hasNullMember(values) ? { outputsText: JSON.stringify(values) } : {};
  return { outputs: values, ...text, ...(stored !== undefined && { storedOutputs: stored }) };
}

/** The outputs that `outputsStatus` wrote. */
export function readOutputs(status: WrittenOutputs): Values | undefined {
  const values = inlineOutputs(status);
  if (status.storedOutputs === undefined) return values;
  return joinStored({ values: values ?? {}, stored: status.storedOutputs });
}

/** Those of them that are in the status. */
export function inlineOutputs({ outputs, outputsText }: WrittenOutputs): Values | undefined {
  return outputsText === undefined ? outputs : (JSON.parse(outputsText) as Values);
}

type WrittenOutputs = Pick<NodeStatus, 'outputs' | 'outputsText' | 'storedOutputs'>;

function hasNullMember(value: Json): boolean {
  if (!isJsonObject(value)) return false;
  for (const key in value) {
    const member = value[key] as Json;
    if (member === null || hasNullMember(member)) return true;
  }
  return false;
}
