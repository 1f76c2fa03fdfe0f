import { canonicalJson, type Json, MAX_LABEL_LENGTH, MAX_NAME_LENGTH } from '../base/index.ts';
import { backfillCauses } from './backfill-spec.ts';
import { InvalidError } from './errors.ts';
import { kindInfo } from './kinds.ts';
import type { KubeObject, ObjectKey } from './object.ts';
import { repositoryCauses } from './repository-spec.ts';
import { priorityCauses, signalCauses } from './signals.ts';
import { tokenCauses } from './token-kind.ts';

type Causes = { readonly field: string; readonly message: string }[];

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const QUALIFIED = /^([a-z0-9][a-z0-9.-]{0,252}\/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/;
/** Kinds that never change after they were created. */
const IMMUTABLE: ReadonlySet<string> = new Set(['Revision', 'Closure', 'Token']);

/** Throws InvalidError unless `key` can name an object: known kind, namespace where the kind has one, RFC 1123 names. */
export function checkKey(key: ObjectKey): void {
  const info = kindInfo(key.kind);
  if (info === undefined) throw new InvalidError(`unknown kind "${key.kind}"`, [cause('kind', 'unknown kind')]);
  if (info.namespaced && key.namespace === undefined) {
    throw invalid(key, [cause('metadata.namespace', 'a namespace is required')]);
  }
  if (!info.namespaced && key.namespace !== undefined) {
    throw invalid(key, [cause('metadata.namespace', `${key.kind} has no namespace`)]);
  }
}

/**
 * Throws InvalidError with every cause unless `object` may be stored: a known kind of the right API version, RFC 1123
 * name and namespace, labels and annotations as Kubernetes wants them.
 */
export function checkObject(object: KubeObject): void {
  const { metadata } = object;
  const key = { kind: object.kind, namespace: metadata.namespace, name: metadata.name } as ObjectKey;
  checkKey(key);
  const info = kindInfo(object.kind)!;
  const causes: Causes = [];
  const apiVersion = info.group === '' ? info.version : `${info.group}/${info.version}`;
  if (object.apiVersion !== apiVersion) causes.push(cause('apiVersion', `must be ${apiVersion}`));
  if (typeof metadata.name !== 'string' || !isObjectName(metadata.name)) {
    causes.push(
      cause(
        'metadata.name',
        `must be at most ${MAX_NAME_LENGTH} lower-case letters, digits, "-" and ".", and start and end with a letter or digit`,
      ),
    );
  }
  if (metadata.namespace !== undefined && !isNamespace(metadata.namespace)) {
    causes.push(cause('metadata.namespace', `must be at most ${MAX_LABEL_LENGTH} lower-case letters, digits and "-"`));
  }
  checkLabels(metadata, causes);
  if (object.kind === 'Execution') {
    causes.push(...priorityCauses(object.spec), ...signalCauses(undefined, object.spec));
  }
  if (object.kind === 'Backfill') causes.push(...backfillCauses(object.spec));
  if (object.kind === 'Repository') causes.push(...repositoryCauses(object.spec));
  if (object.kind === 'Token') causes.push(...tokenCauses(object));
  if (causes.length > 0) throw invalid(key, causes);
}

export function isObjectName(name: string): boolean {
  return name.length <= MAX_NAME_LENGTH && SUBDOMAIN.test(name);
}

/** Throws InvalidError when `after` changes what may not change once `before` was created. */
export function checkChange(before: KubeObject, after: KubeObject): void {
  const key = { kind: after.kind, namespace: after.metadata.namespace, name: after.metadata.name } as ObjectKey;
  if (IMMUTABLE.has(after.kind) && !sameSpec(before.spec, after.spec)) {
    throw invalid(key, [cause('spec', `a ${after.kind} never changes`)]);
  }
  if (after.kind === 'Backfill') {
    if (!sameSpec(withoutChanging(before.spec), withoutChanging(after.spec))) {
      throw invalid(key, [cause('spec', 'only spec.desired of a Backfill may change')]);
    }
    const causes = [...backfillCauses(after.spec)];
    if (causes.length > 0) throw invalid(key, causes);
  }
  if (after.kind === 'Execution') {
    if (!sameSpec(withoutChanging(before.spec), withoutChanging(after.spec))) {
      throw invalid(key, [cause('spec', 'only spec.desired and spec.signals of an Execution may change')]);
    }
    const causes = [...signalCauses(before.spec, after.spec)];
    if (causes.length > 0) throw invalid(key, causes);
  }
}

function checkLabels(metadata: KubeObject['metadata'], causes: Causes): void {
  for (const [label, value] of Object.entries(metadata.labels ?? {})) {
    if (!QUALIFIED.test(label)) causes.push(cause('metadata.labels', `"${label}" is not a label key`));
    if (typeof value !== 'string' || !LABEL_VALUE.test(value)) {
      causes.push(cause('metadata.labels', `the value of "${label}" is not a label value`));
    }
  }
  for (const [annotation, value] of Object.entries(metadata.annotations ?? {})) {
    if (!QUALIFIED.test(annotation)) causes.push(cause('metadata.annotations', `"${annotation}" is not a key`));
    if (typeof value !== 'string') causes.push(cause('metadata.annotations', `"${annotation}" must be a string`));
  }
}

function isNamespace(name: string): boolean {
  return typeof name === 'string' && name.length <= MAX_LABEL_LENGTH && LABEL_NAME.test(name);
}

function sameSpec(a: unknown, b: unknown): boolean {
  return a === b || canonicalJson(a as Json) === canonicalJson(b as Json);
}

function withoutChanging(spec: unknown): unknown {
  if (typeof spec !== 'object' || spec === null) return spec;
  const { desired: _, signals: __, ...rest } = spec as { desired?: unknown; signals?: unknown };
  return rest;
}

function cause(field: string, message: string): { readonly field: string; readonly message: string } {
  return { field, message };
}

function invalid(key: ObjectKey, causes: Causes): InvalidError {
  const why = causes.map((one) => `${one.field}: ${one.message}`).join('; ');
  return new InvalidError(`${key.kind} "${key.name}" is invalid: ${why}`, causes);
}
