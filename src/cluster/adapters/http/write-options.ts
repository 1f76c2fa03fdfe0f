import type { IncomingMessage } from 'node:http';
import { isJsonObject, type Json, MAX_FIELD_MANAGER_LENGTH } from '../../../base/index.ts';
import type { Write } from '../../index.ts';
import type { Api } from './api.ts';
import { contentType } from './body.ts';
import { isTrue } from './query.ts';
import type { ObjectsRoute } from './routes.ts';
import { failure } from './status.ts';

/** How a write is meant, by its query. */
export interface AskedWrite {
  /** Who writes: the parameter, or else the first word of the user agent, as in Kubernetes. */
  readonly fieldManager: string;
  /** Of an apply: fields of others are taken over. */
  readonly force: boolean;
  /** It is only to be told what would be. */
  readonly dryRun: boolean;
}

/** The names of Kubernetes' own types, which its messages begin with. */
type OptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions' | 'DeleteOptions';

/** Throws a 422 in Kubernetes' words for values that no write can have. */
export function askedWrite(kind: OptionsKind, { query }: ObjectsRoute, request: IncomingMessage): AskedWrite {
  const given = query.get('fieldManager') ?? '';
  const isApply = kind === 'PatchOptions' && APPLY_TYPES.has(contentType(request));
  if (given === '' && isApply) throw invalid(kind, 'fieldManager', 'Required value', 'is required for apply patch');
  if (kind === 'PatchOptions' && !isApply && query.has('force')) {
    throw invalid(kind, 'force', 'Forbidden', 'may not be specified for non-apply patch');
  }
  if (given.length > MAX_FIELD_MANAGER_LENGTH) {
    throw invalid(kind, 'fieldManager', 'Too long', `may not be more than ${MAX_FIELD_MANAGER_LENGTH} bytes`);
  }
  if (printable(given) !== given) {
    throw invalid(
      kind,
      'fieldManager',
      `Invalid value: ${JSON.stringify(given)}`,
      'should only contain printable characters',
    );
  }
  return {
    fieldManager: given === '' ? userAgent(request) : given,
    force: isApply && isTrue(query, 'force'),
    dryRun: isDryRun(kind, query.getAll('dryRun')),
  };
}

/** The API as a write is meant: all that goes through it is of its manager, and none of it is made in a dry run. */
export function apiFor(api: Api, { fieldManager, dryRun }: AskedWrite): Api {
  const { cluster } = api;
  return {
    ...api,
    cluster: {
      ...cluster,
      write: (writes, options) => {
        const named = writes.map((write) => (MANAGED.has(write.op) ? ({ ...write, fieldManager } as Write) : write));
        return cluster.write(named, dryRun ? { ...options, dryRun } : options);
      },
    },
  };
}

const MANAGED: ReadonlySet<Write['op']> = new Set(['create', 'update', 'patch']);

export const APPLY_TYPES: ReadonlySet<string> = new Set([
  'application/apply-patch+yaml',
  'application/apply-patch+json',
]);

/** Whether a deletion is only to be told, by its query or by the DeleteOptions in its body. */
export function isDryDelete({ query }: ObjectsRoute, body: Json | undefined): boolean {
  const listed = isJsonObject(body) && Array.isArray(body.dryRun) ? body.dryRun.map(String) : [];
  return isDryRun('DeleteOptions', [...listed, ...query.getAll('dryRun')]);
}

function isDryRun(kind: OptionsKind, given: readonly string[]): boolean {
  const asked = given.filter((each) => each !== '');
  for (const each of asked) {
    if (each === 'All') continue;
    throw invalid(kind, 'dryRun', `Unsupported value: ${JSON.stringify(each)}`, 'supported values: "All"');
  }
  return asked.length > 0;
}

function invalid(kind: OptionsKind, field: string, what: string, why: string): Error {
  const reason =
    FIELD_REASONS.get(what) ?? (what.startsWith('Unsupported') ? 'FieldValueNotSupported' : 'FieldValueInvalid');
  return failure(422, 'Invalid', `${kind}.meta.k8s.io "" is invalid: ${field}: ${what}: ${why}`, {
    group: 'meta.k8s.io',
    kind,
    causes: [{ reason, message: `${what}: ${why}`, field }],
  });
}

const FIELD_REASONS: ReadonlyMap<string, string> = new Map([
  ['Required value', 'FieldValueRequired'],
  ['Forbidden', 'FieldValueForbidden'],
  ['Too long', 'FieldValueTooLong'],
]);

/** `kubectl/v1.36.0 (linux/amd64)` → `kubectl`. */
function userAgent({ headers }: IncomingMessage): string {
  const [name = ''] = (headers['user-agent'] ?? '').split('/', 1);
  const told = printable(name).slice(0, MAX_FIELD_MANAGER_LENGTH);
  return told === '' ? 'unknown' : told;
}

function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\u2028\u2029]/gu, '');
}
