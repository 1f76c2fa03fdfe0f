import { ConflictError, type Json, StalledError, WaitError } from '../../../base/index.ts';
import {
  AlreadyExistsError,
  ExpiredError,
  FieldConflictError,
  ForbiddenError,
  InvalidError,
  type KindInfo,
  kindInfo,
  NotFoundError,
  type ObjectKey,
} from '../../index.ts';

/** Kubernetes' `Status` object of an answer that is no success; `code` is the HTTP status. */
export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: Readonly<Record<string, never>>;
  readonly status: 'Failure';
  readonly message: string;
  readonly reason: string;
  readonly details?: StatusDetails;
  readonly code: number;
}

interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly causes?: readonly { readonly reason?: string; readonly message: string; readonly field?: string }[];
  readonly retryAfterSeconds?: number;
}

/** A refusal that already is a Status: thrown by handlers, answered as it is. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly status: Status;
  constructor(status: Status) {
    super(status.message);
    this.status = status;
  }
}

/** A Status of our own. `reason` is one of Kubernetes' words (metav1.StatusReason). */
export function failure(code: number, reason: string, message: string, details?: StatusDetails): StatusError {
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...(details && { details }),
    code,
  });
}

export function badRequest(message: string): StatusError {
  return failure(400, 'BadRequest', message);
}

/** What Kubernetes says of a path or subresource that it does not have. */
export function noSuchResource(): StatusError {
  return failure(404, 'NotFound', 'the server could not find the requested resource');
}

export function methodNotAllowed(method: string | undefined): StatusError {
  return failure(405, 'MethodNotAllowed', `the server does not allow the method ${method ?? ''} on this resource`);
}

/** The Status of any error; one that is none of the product's kinds is an internal error whose text stays inside. */
export function statusOf(error: unknown): Status {
  return refusalOf(error).status;
}

function refusalOf(error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  if (error instanceof NotFoundError) return aboutObject(404, 'NotFound', error.key, 'not found');
  if (error instanceof AlreadyExistsError) return aboutObject(409, 'AlreadyExists', error.key, 'already exists');
  if (error instanceof FieldConflictError) return failure(409, 'Conflict', error.message, conflictDetails(error));
  if (error instanceof ConflictError) return failure(409, 'Conflict', error.message);
  if (error instanceof ExpiredError) return failure(410, 'Expired', error.message);
  if (error instanceof ForbiddenError) return failure(403, 'Forbidden', error.message);
  if (error instanceof InvalidError) {
    const causes = error.causes.map(({ field, message }) => ({ reason: 'FieldValueInvalid', message, field }));
    return failure(422, 'Invalid', error.message, causes.length > 0 ? { causes } : undefined);
  }
  if (error instanceof WaitError) {
    const retryAfterSeconds = Math.max(1, Math.ceil(error.retryAfterMs / 1000));
    return failure(429, 'TooManyRequests', error.message, { retryAfterSeconds });
  }
  if (error instanceof StalledError) {
    const causes = [{ reason: STALLED_CAUSE, message: error.message, field: error.reason }];
    return failure(500, 'InternalError', error.message, { causes });
  }
  return failure(500, 'InternalError', 'the server failed at this request; its log tells more');
}

/** The fields of a refused apply, which kubectl lists. */
function conflictDetails({ causes }: FieldConflictError): StatusDetails {
  const told = causes.map(({ manager, field }) => {
    return { reason: 'FieldManagerConflict', message: `conflict with ${manager}`, field };
  });
  return { causes: told };
}

/** Marks a Status that came from a StalledError, so that the client can tell it from a passing failure. */
export const STALLED_CAUSE = 'Stalled';

/** An invalid object's error with its kind and name, which kubectl puts before the causes; others as they are. */
export function namingObject(error: unknown, info: KindInfo, name: string | undefined): unknown {
  if (!(error instanceof InvalidError) || error.causes.length === 0) return error;
  const { details, message } = refusalOf(error).status;
  return failure(422, 'Invalid', message, {
    ...details,
    ...(name !== undefined && { name }),
    ...(info.group !== '' && { group: info.group }),
    kind: info.kind,
  });
}

function aboutObject(code: number, reason: string, key: ObjectKey, says: string): StatusError {
  const info = kindInfo(key.kind);
  const group = info?.group ?? '';
  const resource = `${info?.plural ?? key.kind}${group === '' ? '' : `.${group}`}`;
  return failure(code, reason, `${resource} "${key.name}" ${says}`, {
    name: key.name,
    ...(group !== '' && { group }),
    kind: info?.plural ?? key.kind,
  });
}

/** The Status of a deletion that is done. */
export function deleted(key: ObjectKey, uid: string | undefined): Json {
  const info = kindInfo(key.kind);
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      name: key.name,
      ...(info !== undefined && info.group !== '' && { group: info.group }),
      kind: info?.plural ?? key.kind,
      ...(uid !== undefined && { uid }),
    },
  };
}
