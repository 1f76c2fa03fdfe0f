import { instantMs, RETENTION_BATCH } from '../../base/index.ts';
import { type Connected, listAll } from '../../client/index.ts';
import {
  type CacheEntry,
  columnsOf,
  deleteObject,
  LABEL,
  labelValue,
  NotFoundError,
  rowOf,
} from '../../cluster/index.ts';
import { parseDuration } from '../../language/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, FailedError, UsageError } from '../errors.ts';
import { jsonText } from '../object-text.ts';
import { namespaceFor } from '../scope.ts';
import { renderTable, type TableColumn } from '../table.ts';
import { printable } from '../terminal.ts';

/** `pipectl cache list|delete`: the kept outputs of tasks. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const [action = '', ...keys] = input.arguments;
  if (action !== 'list' && action !== 'delete') {
    throw new UsageError(`there is no "${action}" of the cache`, 'list or delete');
  }
  const olderThanMs = olderThan(input.text('olderThan'));
  const tasks = input.list('task');
  const isSelected = keys.length > 0 || tasks.length > 0 || olderThanMs !== undefined;
  if (input.flag('all') && isSelected) throw new UsageError('--all is all: leave the other selections out', undefined);
  if (action === 'delete' && !isSelected && !input.flag('all')) {
    throw new UsageError('delete which entries?', 'name keys, or --task, or --older-than, or --all');
  }
  const session = await context.session();
  const entries = await selected(context, session, { keys, tasks, olderThanMs });
  return action === 'list' ? print(context, input, entries) : remove(context, session, entries);
}

function olderThan(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const parsed = parseDuration(text);
  if (parsed.kind === 'ok') return parsed.ms;
  throw new UsageError(`--older-than ${text}: not a duration`, 'for example 12h or 7d');
}

interface Selection {
  readonly keys: readonly string[];
  readonly tasks: readonly string[];
  readonly olderThanMs: number | undefined;
}

async function selected(
  context: CommandContext,
  session: Connected,
  { keys, tasks, olderThanMs }: Selection,
): Promise<readonly CacheEntry[]> {
  const namespace = await namespaceFor(context, session, 'CacheEntry');
  const labelSelector = tasks.length === 0 ? undefined : `${LABEL.task} in (${tasks.map(labelValue).join(',')})`;
  const { items } = await listAll<CacheEntry>(session.cluster, 'CacheEntry', {
    ...(namespace !== undefined && { namespace }),
    ...(labelSelector !== undefined && { labelSelector }),
  });
  for (const key of keys) {
    if (!items.some(({ metadata }) => metadata.name.startsWith(key))) {
      throw new FailedError(`no entry begins with "${printable(key)}"`, '`pipectl cache list` shows what there is');
    }
  }
  const now = context.clock.now();
  return items.filter(({ metadata, spec }) => {
    const madeAt = instantMs(spec.madeAt) ?? instantMs(metadata.creationTimestamp) ?? now;
    const isOld = olderThanMs === undefined || now - madeAt > olderThanMs;
    return isOld && (keys.length === 0 || keys.some((key) => metadata.name.startsWith(key)));
  });
}

function print(context: CommandContext, input: CommandInput, entries: readonly CacheEntry[]): ExitCode {
  const { stdout, stderr } = context;
  const format = input.text('output') ?? 'table';
  if (format === 'json') stdout.write(jsonText({ apiVersion: 'v1', kind: 'List', items: entries }));
  else if (format === 'name') for (const { metadata } of entries) stdout.write(`${metadata.name}\n`);
  else if (entries.length === 0) stderr.write('No cache entries found.\n');
  else stdout.write(`${table(context, entries, format === 'wide').join('\n')}\n`);
  return EXIT.ok;
}

function table({ stdout, clock }: CommandContext, entries: readonly CacheEntry[], isWide: boolean): string[] {
  const cells = columnsOf('CacheEntry').filter(({ wide }) => isWide || wide !== true);
  const columns = cells.map(
    ({ name }, at): TableColumn => ({ title: name.toUpperCase(), priority: 100 - at, minWidth: 8 }),
  );
  const rows = entries.map((entry) => {
    const row = rowOf(cells, entry, clock.now()).map((cell) => printable(String(cell)));
    // Enough of a key to name it by.
    return isWide ? row : [entry.metadata.name.slice(0, SHOWN_DIGITS), ...row.slice(1)];
  });
  return renderTable(columns, rows, { columns: stdout.columns, header: true });
}

const SHOWN_DIGITS = 12;

async function remove({ stdout }: CommandContext, { cluster }: Connected, entries: readonly CacheEntry[]) {
  for (let start = 0; start < entries.length; start += RETENTION_BATCH) {
    const batch = entries.slice(start, start + RETENTION_BATCH);
    await Promise.all(
      batch.map(async ({ metadata: { namespace = '', name, uid } }) => {
        const key = { kind: 'CacheEntry', namespace, name };
        await deleteObject(cluster, key, uid === undefined ? undefined : { uid }).catch((error: unknown) => {
          // Somebody else was first: what is wanted is true.
          if (!(error instanceof NotFoundError)) throw error;
        });
      }),
    );
  }
  stdout.write(`${entries.length} ${entries.length === 1 ? 'entry' : 'entries'} deleted\n`);
  return EXIT.ok;
}
