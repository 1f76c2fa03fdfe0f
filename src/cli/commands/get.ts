import { type Connected, follow, listAll, searchExecutions, withNextTick } from '../../client/index.ts';
import { columnsOf, type KindInfo, type KubeObject, rowOf } from '../../cluster/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, UsageError } from '../errors.ts';
import { asksForHistory, historyOptions } from '../history-options.ts';
import { notFoundHint } from '../not-found.ts';
import { jsonText, shownObject, yamlText } from '../object-text.ts';
import { phaseStyle } from '../phase-style.ts';
import { kindOf, namespaceFor } from '../scope.ts';
import { renderTable, type TableColumn } from '../table.ts';
import { paint, printable } from '../terminal.ts';

/** `pipectl get KIND [NAME…]`: a table, or the objects themselves. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const [word = '', ...names] = input.arguments;
  const slash = word.indexOf('/');
  // kubectl's `get kind/name`.
  if (slash > 0) names.unshift(word.slice(slash + 1));
  const info = kindOf(slash > 0 ? word.slice(0, slash) : word);
  const isEverywhere = input.flag('allNamespaces');
  if (isEverywhere && names.length > 0) throw new UsageError('a name and --all-namespaces exclude each other');
  if (input.flag('watch') && names.length > 1) throw new UsageError('--watch takes one name at most');
  const isSearch = asksForHistory(input);
  if (isSearch && info.kind !== 'Execution') throw new UsageError(`only executions are searched, not ${info.plural}`);
  if (isSearch && (input.flag('watch') || names.length > 0)) {
    throw new UsageError(
      'a search takes neither names nor --watch',
      '--watch follows live executions; -l chooses some',
    );
  }

  const session = await context.session();
  const namespace = isEverywhere ? undefined : await namespaceFor(context, session, info.kind);
  const labelSelector = input.text('selector');
  const fieldSelector = input.text('fieldSelector');
  const selection: Selection = {
    info,
    names,
    isEverywhere,
    ...(namespace !== undefined && { namespace }),
    ...(labelSelector !== undefined && { labelSelector }),
    ...(fieldSelector !== undefined && { fieldSelector }),
  };
  return input.flag('watch')
    ? watchObjects(context, input, session, selection)
    : printObjects(context, input, session, selection);
}

interface Selection {
  readonly info: KindInfo;
  readonly names: readonly string[];
  readonly isEverywhere: boolean;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

async function printObjects(
  context: CommandContext,
  input: CommandInput,
  { cluster }: Connected,
  selection: Selection,
): Promise<ExitCode> {
  const { info, names, isEverywhere, ...options } = selection;
  const objects: KubeObject[] = [];
  if (names.length === 0) {
    objects.push(...(await listObjects(context, input, cluster, info, options)));
  } else {
    for (const name of names) {
      const key = { kind: info.kind, name, ...(options.namespace !== undefined && { namespace: options.namespace }) };
      objects.push(await cluster.get(key).catch((error: unknown) => notFoundHint(cluster, key, error)));
    }
  }
  const format = input.text('output') ?? 'table';
  const text = await formatObjects(context, input, selection, objects, names.length === 1);
  if (objects.length === 0 && (format === 'table' || format === 'wide')) {
    const where = isEverywhere ? '' : options.namespace === undefined ? '' : ` in namespace ${options.namespace}`;
    context.stderr.write(`No ${info.plural} found${where}.\n`);
  } else {
    context.stdout.write(text);
  }
  return EXIT.ok;
}

async function listObjects(
  context: CommandContext,
  input: CommandInput,
  cluster: Connected['cluster'],
  info: KindInfo,
  selection: Omit<Selection, 'info' | 'names' | 'isEverywhere'>,
): Promise<readonly KubeObject[]> {
  if (info.kind !== 'Execution') return (await listAll(cluster, info.kind, selection)).items;
  const now = context.clock.now();
  const { query, limit } = historyOptions(input, now);
  const { items, isCut } = await searchExecutions(cluster, { query, selection, limit }, now);
  if (isCut) context.stderr.write(`There are more than these ${limit}: --limit N shows more.\n`);
  return items;
}

async function formatObjects(
  context: CommandContext,
  input: CommandInput,
  selection: Selection,
  objects: readonly KubeObject[],
  isOne: boolean,
): Promise<string> {
  const shown = objects.map(shownObject);
  const list = { apiVersion: 'v1', kind: 'List', items: shown };
  switch (input.text('output')) {
    case 'json':
      return jsonText(isOne ? shown[0] : list);
    case 'yaml':
      return yamlText(isOne ? shown[0] : list);
    case 'name':
      return objects.map((object) => `${nameOf(selection.info, object)}\n`).join('');
    default:
      return `${tableOf(context, input, selection, objects, input.flag('headers')).join('\n')}\n`;
  }
}

function nameOf({ singular, group }: KindInfo, { metadata }: KubeObject): string {
  return `${singular}${group === '' ? '' : `.${group}`}/${metadata.name}`;
}

function tableOf(
  { stdout, clock }: CommandContext,
  input: CommandInput,
  { info, isEverywhere }: Selection,
  objects: readonly KubeObject[],
  header: boolean,
): string[] {
  const isWide = input.text('output') === 'wide';
  const cells = columnsOf(info.kind).filter((column) => isWide || column.wide !== true);
  const columns: TableColumn[] = cells.map(({ name, type }, at) => ({
    title: name.toUpperCase(),
    align: type === 'integer' ? 'right' : 'left',
    // The name stays longest; of the others the last goes first.
    priority: at === 0 ? 100 : (PRIORITIES[name] ?? 50 - at),
    minWidth: at === 0 ? 20 : 8,
  }));
  const withNamespace = isEverywhere && info.namespaced;
  if (withNamespace) columns.unshift({ title: 'NAMESPACE', priority: 60 });
  const now = clock.now();
  const rows = objects.map((object) => {
    const row = rowOf(cells, withNextTick(object, now), now).map((cell) => printable(String(cell)));
    return withNamespace ? [printable(object.metadata.namespace ?? ''), ...row] : row;
  });
  return renderTable(columns, rows, {
    columns: stdout.columns,
    header,
    style: (text, column) => {
      const style = phaseStyle(columns[column]!.title, text.trim());
      return style === undefined ? text : paint(stdout, style, text);
    },
  });
}

/** Columns that people look for, whatever their place. */
const PRIORITIES: Readonly<Record<string, number>> = { Phase: 90, Status: 90, Age: 70, Ready: 80, Nodes: 65 };

async function watchObjects(
  context: CommandContext,
  input: CommandInput,
  { cluster }: Connected,
  selection: Selection,
): Promise<ExitCode> {
  const { info, names, isEverywhere: _, ...rest } = selection;
  const byName = names.length === 1 ? [`metadata.name=${names[0]}`] : [];
  const fields = [...byName, ...(rest.fieldSelector === undefined ? [] : [rest.fieldSelector])].join(',');
  const options = { ...rest, ...(fields !== '' && { fieldSelector: fields }), signal: context.signal };
  let header = input.flag('headers');
  for await (const batch of follow(cluster, info.kind, options)) {
    const objects = batch.flatMap((event) => ('object' in event ? [event.object] : []));
    if (objects.length === 0) continue;
    const format = input.text('output');
    if (format === 'json' || format === 'name') {
      for (const object of objects) {
        context.stdout.write(
          format === 'json' ? `${JSON.stringify(shownObject(object))}\n` : `${nameOf(info, object)}\n`,
        );
      }
    } else if (format === 'yaml') {
      for (const object of objects) context.stdout.write(`---\n${await yamlText(shownObject(object))}`);
    } else {
      context.stdout.write(`${tableOf(context, input, selection, objects, header).join('\n')}\n`);
      header = false;
    }
  }
  return EXIT.interrupted;
}
