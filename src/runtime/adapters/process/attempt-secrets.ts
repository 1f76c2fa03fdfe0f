import { MAX_ATTEMPT_SECRET_BYTES } from '../../../base/index.ts';
import type { SecretRef, Secrets } from '../../../cluster/index.ts';

/** A variable whose value is a secret. */
export interface SecretVariable {
  readonly name: string;
  readonly ref: SecretRef;
}

export type FoundSecrets =
  /** `NAME=value` of each. */
  | { readonly kind: 'found'; readonly env: readonly string[] }
  /** May come to be. */
  | { readonly kind: 'missing'; readonly message: string }
  /** No variable can hold it. */
  | { readonly kind: 'unusable'; readonly message: string };

/** Looks up all secrets of an attempt. */
export async function findSecrets(
  secrets: Secrets,
  namespace: string,
  variables: readonly SecretVariable[],
): Promise<FoundSecrets> {
  const env: string[] = [];
  let sizeBytes = 0;
  for (const { name, ref } of variables) {
    const answer = await secrets.read(namespace, ref);
    if (answer.kind === 'missing') return answer;
    const text = textOf(answer.bytes);
    const which = `the value of secret "${ref.name}", key "${ref.key}"`;
    if (text === undefined) {
      const message = `${which} is no text that a variable could hold; keep it as base64 and let the task decode it`;
      return { kind: 'unusable', message };
    }
    sizeBytes += answer.bytes.length;
    if (sizeBytes > MAX_ATTEMPT_SECRET_BYTES) {
      const message = `with ${which} the secrets of this task have more than ${MAX_ATTEMPT_SECRET_BYTES} bytes; give it fewer or shorter ones`;
      return { kind: 'unusable', message };
    }
    env.push(`${name}=${text}`);
  }
  return { kind: 'found', env };
}

/** UTF-8 without NUL, as text. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}
