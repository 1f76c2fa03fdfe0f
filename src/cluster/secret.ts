import type { KubeObject } from './object.ts';

/** Kubernetes' Secret. `data` is base64; in the embedded store each value is sealed before, and answers show it so. */
export interface Secret extends KubeObject {
  readonly kind: 'Secret';
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
}

/** Names a value of a Secret, in the namespace of whoever needs it. What definitions hold instead of the value. */
export interface SecretRef {
  /** Of the Secret. */
  readonly name: string;
  readonly key: string;
}

export type SecretAnswer =
  | { readonly kind: 'value'; readonly bytes: Uint8Array }
  /** `message` says what is missing and how it is given; it holds no value. */
  | { readonly kind: 'missing'; readonly message: string };

/** Gives the values that definitions only name. What it gives must reach no object, no log and no file. */
export interface Secrets {
  /** Rejects with what the cluster answers, as WaitError; a value that is not there is no error. */
  read(namespace: string, ref: SecretRef): Promise<SecretAnswer>;
}

/** Makes of a Secret what may be stored, given how it is stored now. Throws InvalidError. */
export type SealSecret = (secret: KubeObject, live: KubeObject | undefined) => KubeObject;
