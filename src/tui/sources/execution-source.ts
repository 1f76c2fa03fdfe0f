import type { Digest, UnixMs } from '../../base/index.ts';
import {
  type ExecutionView,
  followOne,
  loadWorkflowClosure,
  loadWrittenWorkflows,
  viewExecution,
} from '../../client/index.ts';
import { type Execution, NotFoundError } from '../../cluster/index.ts';
import type { WorkflowClosure } from '../../compiler/index.ts';
import type { ListContent } from '../content.ts';
import type { Place } from '../state.ts';
import { executionContent, missingExecution } from '../views/execution.ts';
import type { Source, SourcePorts } from './source.ts';

/** One execution as it goes on, live or archived. */
export function executionSource(ports: SourcePorts, namespace: string, name: string): Source {
  const { cluster, clock } = ports;
  const ending = new AbortController();
  const key = { kind: 'Execution', name, ...(namespace !== '' && { namespace }) };
  let execution: Execution | undefined;
  let closure: WorkflowClosure | undefined;
  let written: ReadonlyMap<Digest, WorkflowClosure> = new Map();
  let problem: string | undefined;
  const take = async (next: Execution): Promise<void> => {
    closure ??= await loadWorkflowClosure(cluster, next.spec.closure);
    const digests = Object.values(next.status?.nodes ?? {}).flatMap(({ closure: own }) => own ?? []);
    if (digests.some((digest) => !written.has(digest))) written = await loadWrittenWorkflows(cluster, next);
    execution = next;
    problem = undefined;
    ports.changed();
  };
  const follow = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      try {
        await take(await cluster.get<Execution>(key));
        for await (const next of followOne<Execution>(cluster, key, ending.signal)) await take(next);
        return;
      } catch (error) {
        if (ending.signal.aborted) return;
        if (error instanceof NotFoundError) {
          // One that was read before it was not found is archived: it changes no more.
          if (execution === undefined) problem = `there is no execution ${name} in ${namespace}`;
          ports.changed();
          return;
        }
        problem = error instanceof Error ? error.message : String(error);
        ports.changed();
        await new Promise<void>((done) => void clock.at(clock.now() + RETRY_MS, done));
      }
    }
  };
  void follow();
  return {
    content({ list }: Place, now: UnixMs, columns: number): ListContent {
      if (execution === undefined) return missingExecution(problem);
      const view: ExecutionView = viewExecution(execution, closure, now, written);
      return executionContent(view, now, { columns, problem, shape: list.shape, filter: list.filter });
    },
    close: () => ending.abort(),
  };
}

const RETRY_MS = 2_000;
