import type { IncomingMessage } from 'node:http';
import { instantText, MAX_AUDIT_TEXT_LENGTH } from '../../../base/index.ts';
import type { Identity } from '../../index.ts';
import { type AccessRequest, type AuditEntry, type AuditLog, type AuditSource, auditOfWrite } from '../../index.ts';
import type { Api } from './api.ts';
import type { ObjectsRoute } from './routes.ts';
import { statusOf } from './status.ts';

/** A request that writes, on its way to the audit log. */
export interface Audited {
  /** Writes through it are in the log before their answer is sent. */
  readonly api: Api;
  /** Notes that the request was not done. */
  failed(error: unknown): void;
}

/** Who sends a request. */
export function auditSource(request: IncomingMessage, { name, groups }: Identity): AuditSource {
  const agent = request.headers['user-agent'];
  return {
    user: name,
    ...(groups.length > 0 && { groups }),
    from: request.socket.remoteAddress ?? '',
    ...(agent !== undefined && { agent: agent.slice(0, MAX_AUDIT_TEXT_LENGTH) }),
  };
}

export function auditedApi(
  api: Api,
  audit: AuditLog,
  source: AuditSource,
  { verb, kind, namespace, subresource }: AccessRequest,
  { name }: ObjectsRoute,
): Audited {
  const at = (): string => instantText(api.clock.now());
  return {
    api: {
      ...api,
      cluster: {
        ...api.cluster,
        async write(writes, options) {
          audit.check();
          const written = await api.cluster.write(writes, options);
          if (options?.dryRun === true) return written;
          for (const [index, write] of writes.entries()) {
            const resourceVersion = write.op === 'delete' ? undefined : written[index]?.metadata.resourceVersion;
            audit.record({
              at: at(),
              ...source,
              ...auditOfWrite(write),
              outcome: 'done',
              code: write.op === 'create' ? 201 : 200,
              ...(resourceVersion !== undefined && { resourceVersion }),
            });
          }
          return written;
        },
      },
    },
    failed(error) {
      const { code, message } = statusOf(error);
      audit.record({
        at: at(),
        ...source,
        verb: verb as AuditEntry['verb'],
        kind,
        ...(namespace !== undefined && { namespace }),
        ...(name !== undefined && { name }),
        ...(subresource !== undefined && { subresource }),
        outcome: code >= 500 ? 'failed' : 'refused',
        code,
        message: message.slice(0, MAX_AUDIT_TEXT_LENGTH),
      });
    },
  };
}
