import {
  type Cluster,
  NotFoundError,
  type Secret,
  type SecretAnswer,
  type SecretRef,
  type Secrets,
} from '../../index.ts';
import { secretVariable } from './environment.ts';
import type { Vault } from './vault.ts';

/** Where values are looked for, in this order: the Secrets of the cluster, then `environment`. */
export interface SecretSources {
  readonly cluster: Pick<Cluster, 'get'>;
  /** Of an API server that seals values itself: `PLAIN_VALUES`. */
  readonly vault: Pick<Vault, 'open'>;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Values as they stand in a Secret of Kubernetes, whose API server keeps them as it was told to. */
export const PLAIN_VALUES: Pick<Vault, 'open'> = {
  open: (_namespace, _name, _key, stored) => Buffer.from(stored, 'base64'),
};

/** Reads values for tasks and notifications. */
export function openSecrets({ cluster, vault, environment }: SecretSources): Secrets {
  return {
    async read(namespace, ref) {
      const found = await cluster.get<Secret>({ kind: 'Secret', namespace, name: ref.name }).catch((error: unknown) => {
        if (error instanceof NotFoundError) return undefined;
        throw error;
      });
      const stored = ownText(found?.data, ref.key);
      if (stored !== undefined) {
        const bytes = vault.open(namespace, ref.name, ref.key, stored);
        return bytes === undefined ? missing(namespace, ref, 'was sealed with another key') : { kind: 'value', bytes };
      }
      const value = ownText(environment, secretVariable(ref));
      if (value !== undefined) return { kind: 'value', bytes: Buffer.from(value) };
      return missing(namespace, ref, found === undefined ? 'does not exist' : `has no key "${ref.key}"`);
    },
  };
}

function missing(namespace: string, { name, key }: SecretRef, what: string): SecretAnswer {
  const command = `pipectl secret set ${name} ${key} -n ${namespace}`;
  return { kind: 'missing', message: `secret "${name}" ${what}; set it: ${command}` };
}

function ownText(record: Readonly<Record<string, unknown>> | undefined, key: string): string | undefined {
  const value = record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
  return typeof value === 'string' ? value : undefined;
}
