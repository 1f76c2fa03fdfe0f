import { type Cursor, field, textIn, whole } from './cursor.ts';

/** Where the value of a variable is kept. */
export type SecretSource = {
  readonly name: string;
  readonly key: string;
};

/** As Kubernetes has them, so that what is made of a placeholder is none. */
const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const KEY = /^[-._A-Za-z0-9]+$/;

/** The secret that a Kubernetes variable is taken from; undefined when it is something else, or not known before it runs. */
export function secretSourceOf(variable: Cursor): SecretSource | undefined {
  const ref = field(field(variable, 'valueFrom'), 'secretKeyRef');
  const name = textIn(ref, 'name');
  const key = textIn(ref, 'key');
  if (name === undefined || key === undefined || !NAME.test(name) || !KEY.test(key)) return undefined;
  whole(variable);
  return { name, key };
}
