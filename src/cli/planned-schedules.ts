import type { PlannedSchedule } from '../client/calendar/index.ts';
import { schedulesOfClosures, schedulesOfCluster } from '../client/calendar/index.ts';
import { compileWorkTree, findProjectRoot } from '../client/index.ts';
import type { EntityClosure } from '../compiler/index.ts';
import { formatDiagnostics } from '../language/index.ts';
import type { CommandInput } from './command.ts';
import type { CommandContext } from './context.ts';
import { FailedError, UsageError } from './errors.ts';
import { namespaceFor } from './scope.ts';

/** Schedules, and where they were found, in words for a heading. */
export interface FoundSchedules {
  readonly schedules: readonly PlannedSchedule[];
  readonly place: string;
}

/**
 * The schedules that a command line means: with --rev those of a commit of this repository; in a project those of its
 * files, offline; else, or when a namespace or control plane is named, those of the control plane.
 */
export async function findSchedules(context: CommandContext, input: CommandInput): Promise<FoundSchedules> {
  const { cwd, global } = context;
  const rev = input.text('rev');
  const namesServer = global.namespace !== undefined || global.kubeconfig !== undefined || global.context !== undefined;
  const asksServer = namesServer || input.flag('allNamespaces');
  if (rev !== undefined) {
    if (asksServer) throw new UsageError('--rev with a control plane', 'a commit is read from this repository');
    return { schedules: await schedulesOfRevision(context, rev), place: `of ${rev}` };
  }
  const root = findProjectRoot(cwd);
  if (root === undefined || asksServer) return schedulesOfServer(context, input);
  const { outcome } = await compileWorkTree(root);
  if (outcome.kind === 'rejected') throw rejected(context, outcome.diagnostics);
  return { schedules: schedulesOfClosures(closuresOf(outcome)), place: 'of this checkout' };
}

async function schedulesOfServer(context: CommandContext, input: CommandInput): Promise<FoundSchedules> {
  const session = await context.session();
  const namespace = input.flag('allNamespaces') ? undefined : await namespaceFor(context, session, 'Schedule');
  const schedules = await schedulesOfCluster(session.cluster, namespace);
  return { schedules, place: namespace === undefined ? 'of all namespaces' : `of ${namespace}` };
}

async function schedulesOfRevision(context: CommandContext, rev: string): Promise<readonly PlannedSchedule[]> {
  const { ports, cwd, env } = context;
  const revision = await ports.openRevision({ cwd, rev, env });
  try {
    const compiled = await revision.compile();
    if (compiled.kind === 'rejected') throw rejected(context, compiled.diagnostics);
    return schedulesOfClosures(closuresOf(compiled.outcome));
  } finally {
    revision.close();
  }
}

function closuresOf(outcome: { readonly changed: readonly { readonly closure: EntityClosure }[] }): EntityClosure[] {
  return outcome.changed.map(({ closure }) => closure);
}

function rejected({ stderr }: CommandContext, diagnostics: Parameters<typeof formatDiagnostics>[0]): FailedError {
  stderr.write(formatDiagnostics(diagnostics, 'pretty', { color: stderr.color }));
  return new FailedError('definitions with errors have no schedules', '`pipectl validate` checks them');
}
