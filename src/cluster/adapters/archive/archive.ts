import { ARCHIVE_PAGE_SIZE, type Clock } from '../../../base/index.ts';
import { type Archive, type ArchiveEntry, attemptRecord, type Execution, historyKeyOf } from '../../index.ts';
import { archiveThread } from './archive-thread.ts';
import { archiveReader } from './reader.ts';
import type { ArchiveRow, Page, PageRequest } from './writer.ts';

export interface ArchiveOptions {
  /** Made with the first execution that is put in. Of one process at a time, which is for the caller to see to. */
  readonly path: string;
  readonly clock: Clock;
}

/** The archive in one file. Nothing is opened before it is needed. */
export function openArchive({ path, clock }: ArchiveOptions): Archive {
  const thread = archiveThread(path, clock);
  const reader = archiveReader(path);
  return {
    find: reader.find,
    taken: reader.taken,
    attempts: reader.attempts,
    results: reader.results,
    findAttempt(namespace, podName) {
      for (const execution of prefixesOf(podName)) {
        const found = reader.attempts(namespace, execution).find(({ metadata }) => metadata.name === podName);
        if (found !== undefined) return found;
      }
      return undefined;
    },
    moves: new Map(),
    async put(entries) {
      await thread.ask({ op: 'put', rows: entries.map(rowOf) });
    },
    async list(query, { namespace, labelSelector, fieldSelector, limit, continueToken }) {
      const page: PageRequest = {
        namespace,
        labelSelector,
        fieldSelector,
        limit: limit === undefined || limit <= 0 ? ARCHIVE_PAGE_SIZE : limit,
        continueToken,
      };
      const found = await thread.ask<Page>({ op: 'search', query, page });
      return {
        items: found.executions.map((text) => JSON.parse(text) as Execution),
        resourceVersion: '0',
        ...(found.continueToken !== undefined && { continueToken: found.continueToken }),
      };
    },
    remove: (namespace, name) => thread.ask<boolean>({ op: 'remove', namespace, name }),
    expire: (limits) => thread.ask<number>({ op: 'expire', limits }),
    count: () => thread.ask<number>({ op: 'count' }),
    async close() {
      await thread.close();
      reader.close();
    },
  };
}

function rowOf({ execution, attempts, results }: ArchiveEntry): ArchiveRow {
  const { metadata, spec, status } = execution;
  const { trigger } = spec;
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    phase: status?.phase ?? 'Pending',
    workflow: spec.workflow,
    launchPlan: spec.launchPlan,
    schedule: trigger.kind === 'schedule' ? trigger.schedule : undefined,
    created: historyKeyOf(execution, 'created') as number,
    started: historyKeyOf(execution, 'started') as number,
    finished: historyKeyOf(execution, 'finished') as number,
    execution: JSON.stringify(execution),
    attempts: attempts.length === 0 ? undefined : JSON.stringify(attempts.map(attemptRecord)),
    results: results.length === 0 ? undefined : JSON.stringify(results),
  };
}

/** Names that an execution can have whose attempt's pod is called so: what stands before each of its last hyphens. */
function prefixesOf(podName: string): readonly string[] {
  const prefixes: string[] = [];
  for (let at = podName.lastIndexOf('-'); at > 0; at = podName.lastIndexOf('-', at - 1)) {
    prefixes.push(podName.slice(0, at));
  }
  return prefixes;
}
