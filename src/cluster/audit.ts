import type { Write } from './port.ts';

/** Who did something, from where, and with what. */
export interface AuditSource {
  /** Name of the token, or OWNER. */
  readonly user: string;
  readonly groups?: readonly string[];
  /** Address of the client. */
  readonly from: string;
  /** What the client calls itself. */
  readonly agent?: string;
}

/** One write that somebody asked for, and what came of it. It names objects and fields and holds none of their values. */
export interface AuditEntry extends AuditSource {
  /** RFC 3339 in UTC. */
  readonly at: string;
  readonly verb: 'create' | 'update' | 'apply' | 'patch' | 'delete' | 'deletecollection' | 'push';
  readonly kind: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
  /** Of a patch: the fields that it changed. */
  readonly fields?: readonly string[];
  /** Of a push: `<ref> <before>..<after>`. */
  readonly refs?: readonly string[];
  /** `done`; `refused`: not allowed, not valid or too late; `failed`: by a fault of ours. */
  readonly outcome: 'done' | 'refused' | 'failed';
  /** HTTP status of the answer. */
  readonly code: number;
  readonly message?: string;
  /** Version of the object that the write made. */
  readonly resourceVersion?: string;
}

/** Where what people and programs changed is written down. */
export interface AuditLog {
  /** Throws StalledError when it takes no entries: what cannot be written down is not done. */
  check(): void;
  /** Returns when the entry survives the end of this process. Never throws. */
  record(entry: AuditEntry): void;
}

/** In the data folder: a file that is written, and older ones whose names sort by time. */
export const AUDIT_FOLDER = 'audit';
export const AUDIT_FILE = 'audit.jsonl';
/** The name of a full file, given when it was put away. */
export function oldAuditFile(at: number): string {
  return `audit-${new Date(at).toISOString().replaceAll(/[-:]/g, '')}.jsonl`;
}

export function isOldAuditFile(name: string): boolean {
  return /^audit-\d{8}T\d{6}\.\d{3}Z\.jsonl$/.test(name);
}

/** What a write says of itself in an entry. */
export function auditOfWrite(
  write: Write,
): Pick<AuditEntry, 'verb' | 'kind' | 'namespace' | 'name' | 'subresource' | 'fields'> {
  const { kind, name, namespace } =
    'object' in write ? { ...write.object.metadata, kind: write.object.kind } : write.key;
  const key = { kind, name, ...(namespace !== undefined && { namespace }) };
  switch (write.op) {
    case 'patch':
      return { verb: 'patch', ...key, fields: fieldsOf(write.patch) };
    case 'patchStatus':
      return { verb: 'patch', ...key, subresource: 'status', fields: fieldsOf(write.patch) };
    case 'createAlike':
      return { verb: 'create', ...key };
    default:
      return { verb: write.op, ...key };
  }
}

/** The paths of what a patch changes, three steps deep: enough to tell `spec.signals.approve` and `metadata.annotations.x`. */
function fieldsOf(patch: object, above = '', depth = 1): readonly string[] {
  const found: string[] = [];
  for (const [name, value] of Object.entries(patch)) {
    if (found.length >= MAX_FIELDS) break;
    const path = `${above}${name.slice(0, MAX_FIELD_LENGTH)}`;
    const isInner = typeof value === 'object' && value !== null && !Array.isArray(value) && depth < 3;
    found.push(...(isInner ? fieldsOf(value, `${path}.`, depth + 1) : [path]));
  }
  return found.slice(0, MAX_FIELDS);
}

const MAX_FIELDS = 20;
const MAX_FIELD_LENGTH = 100;
