import {
  ConflictError,
  isJsonObject,
  type Json,
  type JsonObject,
  StalledError,
  WaitError,
} from '../../../base/index.ts';
import {
  AlreadyExistsError,
  ExpiredError,
  FieldConflictError,
  ForbiddenError,
  InvalidError,
  NotFoundError,
  type ObjectKey,
  UnauthorizedError,
} from '../../index.ts';

/** What was asked, for the messages of errors. */
export interface Asked {
  readonly kind: string;
  /** Absent for a list or a watch. */
  readonly key?: ObjectKey;
  readonly server: string;
}

/** The error of an answer that is no success. `text` is its body, by custom a Status. */
export function refusal(code: number, text: string, asked: Asked, retryAfter?: string): Error {
  const status = parse(text);
  const message = typeof status.message === 'string' && status.message !== '' ? status.message : `HTTP ${code}`;
  switch (code) {
    case 400:
    case 413:
    case 415:
    case 422: {
      // An apply on condition of another uid: Kubernetes says that an object cannot become another.
      const isAnother = causesOf(status).some(({ field }) => field === 'metadata.uid');
      return isAnother ? new ConflictError(message) : new InvalidError(message, causes(status), asked.key);
    }
    case 401:
      return new UnauthorizedError(`${asked.server} does not accept the credentials of the kubeconfig`);
    case 403:
      return new ForbiddenError(withRule(message), asked.key);
    case 404:
      // A Status with a name is about the object; without, the server does not know the kind.
      if (asked.key !== undefined && detail(status, 'name') !== undefined) return new NotFoundError(asked.key);
      return new StalledError(
        'NoSuchKind',
        `${asked.server} has no kind ${asked.kind}: \`pipectl install\` makes pipectl's kinds, and \`pipectl upgrade\` those of a newer version`,
      );
    case 409:
      if (status.reason === 'AlreadyExists' && asked.key !== undefined) return new AlreadyExistsError(asked.key);
      return conflict(message, status);
    case 410:
      return new ExpiredError(message);
    default:
      return failure(code, message, status, retryAfter);
  }
}

/** Says of what RBAC refuses which rule would allow it (k8s.io/apiserver, endpoints/handlers/responsewriters/errors.go). */
function withRule(message: string): string {
  const found =
    /User "(?<user>[^"]*)" cannot (?<verb>\S+) resource "(?<resource>[^"]*)" in API group "(?<group>[^"]*)"(?: in the namespace "(?<namespace>[^"]*)")?/.exec(
      message,
    )?.groups;
  if (found === undefined) return message;
  const { user = '', verb, resource, group, namespace } = found;
  const place = namespace === undefined ? 'the whole cluster' : `namespace "${namespace}"`;
  const rule = `{apiGroups: ["${group}"], resources: ["${resource}"], verbs: ["${verb}"]}`;
  const isOurs = /^system:serviceaccount:[^:]+:pipectl-/.test(user);
  const help = isOurs ? '; `pipectl upgrade` puts the roles of an installation right' : '';
  return `${message}: no role of "${user}" for ${place} has the rule ${rule}${help}`;
}

/** A refused apply names the fields, each with a manager: `conflict with "kubectl-edit" using v1`. */
function conflict(message: string, status: JsonObject): ConflictError {
  const fields = causesOf(status).filter(({ reason }) => reason === 'FieldManagerConflict');
  if (fields.length === 0) return new ConflictError(message);
  const causes = fields.map((cause) => {
    return { field: String(cause.field ?? ''), manager: String(cause.message ?? '').replace(/^conflict with /, '') };
  });
  return new FieldConflictError(causes, message);
}

function failure(code: number, message: string, status: JsonObject, retryAfter: string | undefined): Error {
  const stall = causesOf(status).find((cause) => cause.reason === 'Stalled');
  if (stall !== undefined) return new StalledError(String(stall.field ?? 'Stalled'), message);
  if (code === 429 || code >= 500) {
    const seconds = Number(retryAfter ?? detail(status, 'retryAfterSeconds') ?? 1);
    return new WaitError(message, Number.isFinite(seconds) ? Math.max(0, seconds) * 1000 : 1_000);
  }
  return new InvalidError(message, causes(status));
}

function causes(status: JsonObject): InvalidError['causes'] {
  return causesOf(status).map(({ field, message }) => ({ field: String(field ?? ''), message: String(message ?? '') }));
}

function causesOf(status: JsonObject): readonly JsonObject[] {
  const found = detail(status, 'causes');
  return Array.isArray(found) ? found.filter(isJsonObject) : [];
}

function detail(status: JsonObject, field: string): Json | undefined {
  return isJsonObject(status.details) ? status.details[field] : undefined;
}

function parse(text: string): JsonObject {
  try {
    const value = JSON.parse(text) as Json;
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}
