import type { SecretRef } from '../../index.ts';

/** Variables of the control plane that tasks may be given begin so; no other is ever looked at. */
export const SECRET_VARIABLE_PREFIX = 'PIPECTL_SECRET_';

/** The variable that stands for a secret: `warehouse`, `api-key` → `PIPECTL_SECRET_WAREHOUSE__API_KEY`. */
export function secretVariable({ name, key }: SecretRef): string {
  return `${SECRET_VARIABLE_PREFIX}${inCapitals(name)}__${inCapitals(key)}`;
}

function inCapitals(text: string): string {
  return text.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');
}
