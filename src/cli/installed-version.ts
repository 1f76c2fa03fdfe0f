import { isJsonObject, type JsonObject } from '../base/index.ts';
import { PART_OF, VERSION_LABEL } from '../deploy/index.ts';

/**
 * The version that is installed, as the namespace of the control plane says; undefined where that is missing, or is there
 * without anything of pipectl in it.
 */
export function installedVersion(namespace: JsonObject | undefined): string | undefined {
  const metadata = isJsonObject(namespace?.metadata) ? namespace.metadata : {};
  const labels = isJsonObject(metadata.labels) ? metadata.labels : {};
  const isOurs = Object.entries(PART_OF).every(([name, value]) => labels[name] === value);
  return isOurs ? String(labels[VERSION_LABEL] ?? 'of an unknown version') : undefined;
}

/** Whether version `a` comes before `b`: by its numbers; what is no version comes before all that are. */
export function isOlder(a: string, b: string): boolean {
  const numbers = (text: string): readonly number[] =>
    /^\d+\.\d+\.\d+/.test(text) ? text.split(/[.-]/, 3).map(Number) : [-1];
  const [left, right] = [numbers(a), numbers(b)];
  const at = right.findIndex((number, index) => number !== left[index]);
  return at !== -1 && (left[at] ?? -1) < (right[at] ?? -1);
}
