import { readAudit } from '../../client/index.ts';
import { type AuditEntry, kindInfo } from '../../cluster/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, FailedError } from '../errors.ts';
import { instantOf } from '../history-options.ts';
import { renderTable } from '../table.ts';
import { printable } from '../terminal.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000_000;

/** `pipectl audit`: who changed what. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const { stdout, stderr, clock, global } = context;
  const limit = input.integer('limit', { min: 1, max: MAX_LIMIT }) ?? DEFAULT_LIMIT;
  const since = input.text('since');
  const text = (option: 'user' | 'verb' | 'kind' | 'name') => {
    const value = input.text(option);
    return value === undefined ? {} : { [option]: value };
  };
  const query = {
    ...text('user'),
    ...text('verb'),
    ...text('kind'),
    ...text('name'),
    ...(since !== undefined && { since: instantOf('since', since, clock.now()) }),
    isRefused: input.flag('refused'),
  };
  const entries = readAudit(global.dataFolder, query, limit);
  if (entries === undefined) {
    throw new FailedError(`there is no audit log in ${printable(global.dataFolder)}`, '--data names the data folder');
  }
  if (input.text('output') === 'json') for (const entry of entries) stdout.write(`${JSON.stringify(entry)}\n`);
  else if (entries.length === 0) stderr.write('No entries found.\n');
  else {
    const columns = COLUMNS.map(([title, priority]) => ({ title, priority, minWidth: title === 'WHAT' ? 20 : 8 }));
    const lines = renderTable(columns, entries.map(rowOf), { columns: stdout.columns, header: true });
    stdout.write(`${lines.join('\n')}\n`);
  }
  return EXIT.ok;
}

const COLUMNS: readonly (readonly [title: string, priority: number])[] = [
  ['AT', 90],
  ['USER', 100],
  ['VERB', 95],
  ['WHAT', 99],
  ['OUTCOME', 98],
  ['FROM', 10],
  ['WITH', 5],
];

function rowOf(entry: AuditEntry): readonly string[] {
  const outcome = entry.outcome === 'done' ? 'done' : `${entry.outcome} (${entry.code}): ${entry.message ?? ''}`;
  return [entry.at, entry.user, entry.verb, whatOf(entry), outcome, entry.from, entry.agent ?? ''].map((cell) =>
    printable(cell),
  );
}

/** `executions/shop-production/nightly-7 spec.desired`, `shop refs/heads/main 3f2c1ab..91d0c2e`. */
function whatOf({ verb, kind, namespace, name, subresource, fields, refs }: AuditEntry): string {
  if (verb === 'push') return `${name} ${(refs ?? []).map(shortRef).join(', ')}`;
  const parts = [kindInfo(kind)?.plural ?? kind, namespace, name, subresource].filter((part) => part !== undefined);
  return [parts.join('/'), ...(fields ?? [])].join(' ');
}

/** Ids of commits as short as people read them. */
function shortRef(ref: string): string {
  return ref.replace(/\b([0-9a-f]{7})[0-9a-f]{33}\b/g, '$1');
}
