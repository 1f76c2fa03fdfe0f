import { ConflictError, type Json, WaitError } from '../base/index.ts';
import type { ObjectKey } from './object.ts';

/** What Kubernetes answers with reason NotFound. */
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError';
  readonly key: ObjectKey;
  constructor(key: ObjectKey) {
    super(
      `${key.kind} "${key.name}" not found${key.namespace === undefined ? '' : ` in namespace "${key.namespace}"`}`,
    );
    this.key = key;
  }
}

/** A create whose name is taken: compare digests and adopt, or give up. */
export class AlreadyExistsError extends ConflictError {
  readonly key: ObjectKey;
  constructor(key: ObjectKey) {
    super(`${key.kind} "${key.name}" already exists`);
    this.key = key;
  }
}

/**
 * An apply without force would change fields that other managers own, so it is not made: name them no more, or force it.
 * `causes` have the fields, as `.spec.ref`, and their managers as Kubernetes names them.
 */
export class FieldConflictError extends ConflictError {
  readonly causes: readonly FieldConflict[];
  constructor(causes: readonly FieldConflict[], message: string = conflictText(causes)) {
    super(message);
    this.causes = causes;
  }
}

export interface FieldConflict {
  readonly manager: string;
  readonly field: string;
}

/** In the words of Kubernetes, which kubectl shows. */
function conflictText(causes: readonly FieldConflict[]): string {
  const [first] = causes;
  if (causes.length === 1) return `Apply failed with 1 conflict: conflict with ${first?.manager}: ${first?.field}`;
  const lines = Map.groupBy(causes, ({ manager }) => manager)
    .entries()
    .toArray()
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([manager, own]) => [`conflicts with ${manager}:`, ...own.map(({ field }) => `- ${field}`)]);
  return `Apply failed with ${causes.length} conflicts: ${lines.join('\n')}`;
}

/** HTTP 410: the version to watch from is compacted away. List again, then watch from the list's version. */
export class ExpiredError extends Error {
  override readonly name = 'ExpiredError';
}

/** HTTP 422 or 400: the object is not acceptable as it is. `causes` name fields. */
export class InvalidError extends Error {
  override readonly name = 'InvalidError';
  readonly causes: readonly { readonly field: string; readonly message: string; readonly value?: Json }[];
  /** What the refused write was about, as far as that is known. */
  readonly key: ObjectKey | undefined;
  constructor(message: string, causes: InvalidError['causes'] = [], key?: ObjectKey) {
    super(message);
    this.causes = causes;
    this.key = key;
  }
}

/** HTTP 403, or 401 as its own kind below. */
export class ForbiddenError extends Error {
  override readonly name: string = 'ForbiddenError';
  /** As in InvalidError. */
  readonly key: ObjectKey | undefined;
  constructor(message: string, key?: ObjectKey) {
    super(message);
    this.key = key;
  }
}

/**
 * HTTP 401: who asks is not known, or no more. It says nothing about what was asked, so nothing is refused by it: wait until
 * the credentials are renewed, and ask again.
 */
export class UnauthorizedError extends ForbiddenError {
  override readonly name = 'UnauthorizedError';
}

/** Nothing can be made in a namespace that is being deleted: wait until it is gone. */
export class NamespaceEndsError extends WaitError {
  override readonly name = 'NamespaceEndsError';
}
