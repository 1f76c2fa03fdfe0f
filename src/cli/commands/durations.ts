import { instantText } from '../../base/index.ts';
import { durationText } from '../../client/index.ts';
import { durationsFile, historyFrom, historySince } from '../../client/review/index.ts';
import type { Histories } from '../../review/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';

import { EXIT, type ExitCode } from '../errors.ts';
import { instantOf } from '../history-options.ts';
import { jsonText } from '../object-text.ts';
import { namespaceFor } from '../scope.ts';
import { renderTable, type TableColumn } from '../table.ts';
import { printable } from '../terminal.ts';

/** `pipectl durations`: how long launch plans take, as a table or as a history for reviews. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const now = context.clock.now();
  const asked = input.text('since');
  const since = asked === undefined ? historySince(now) : instantOf('since', asked, now);
  const session = await context.session();
  const isEverywhere = input.flag('allNamespaces');
  const namespace = isEverywhere ? undefined : await namespaceFor(context, session, 'Execution');
  const histories = await historyFrom(session.cluster, { ...(namespace !== undefined && { namespace }), since, now });
  if (input.text('output') === 'json') {
    context.stdout.write(jsonText(durationsFile(histories, instantText(since))));
    return EXIT.ok;
  }
  const lines = tableLines(context, input, histories, isEverywhere);
  if (lines.length > 0) context.stdout.write(`${lines.join('\n')}\n`);
  else {
    const where = namespace === undefined ? '' : ` in namespace ${printable(namespace)}`;
    context.stderr.write(`No execution of a launch plan has succeeded${where} since ${instantText(since)}.\n`);
  }
  return EXIT.ok;
}

const COLUMNS: readonly TableColumn[] = [
  { title: 'NAMESPACE', priority: 60 },
  { title: 'LAUNCHPLAN', priority: 100, minWidth: 20 },
  { title: 'RUNS', align: 'right', priority: 50 },
  { title: 'P50', align: 'right', priority: 80 },
  { title: 'P95', align: 'right', priority: 90 },
];

function tableLines(
  { stdout }: CommandContext,
  input: CommandInput,
  histories: Histories,
  isEverywhere: boolean,
): readonly string[] {
  const rows = [...histories].flatMap(([namespace, plans]) =>
    [...plans].map(([plan, { runs, p50Ms, p95Ms }]) => {
      return [printable(namespace), printable(plan), String(runs), durationText(p50Ms), durationText(p95Ms)];
    }),
  );
  if (rows.length === 0) return [];
  const from = isEverywhere ? 0 : 1;
  const sorted = rows.sort((a, b) => (a.join(' ') < b.join(' ') ? -1 : 1)).map((row) => row.slice(from));
  return renderTable(COLUMNS.slice(from), sorted, { columns: stdout.columns, header: input.flag('headers') });
}
