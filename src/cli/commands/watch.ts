import { MAX_LIVE_ROWS, MAX_SHARED_TEXTS } from '../../base/index.ts';
import { type ExecutionRow, rowId, rowMaker, widthOf } from '../../client/index.ts';
import {
  type Change,
  type Execution,
  type ExecutionPhase,
  humanDuration,
  LABEL,
  reflect,
} from '../../cluster/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, UsageError } from '../errors.ts';
import { phaseOf } from '../history-options.ts';
import { shownObject } from '../object-text.ts';
import { phaseStyle } from '../phase-style.ts';
import { kindOf, namespaceFor } from '../scope.ts';
import { paint, printable } from '../terminal.ts';

/** `pipectl watch executions`: a line for each change that a person would see, until it is interrupted. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const [word = '', ...names] = input.arguments;
  const { kind, plural } = kindOf(word);
  if (kind !== 'Execution') {
    throw new UsageError(
      `only executions are watched line by line, not ${plural}`,
      `\`pipectl get ${plural} --watch\``,
    );
  }
  const isEverywhere = input.flag('allNamespaces');
  if (isEverywhere && names.length > 0) throw new UsageError('a name and --all-namespaces exclude each other');
  const phases = input.text('phase')?.split(',').map(phaseOf);
  const session = await context.session();
  const namespace = isEverywhere ? undefined : await namespaceFor(context, session, kind);
  const printer = linePrinter(context, input, { names: new Set(names), phases, isEverywhere });
  const labelSelector = selectorOf(input);
  const failed = Promise.withResolvers<never>();
  let isWhole = false;
  const { done } = reflect<Execution>(
    session.cluster,
    kind,
    {
      clock: context.clock,
      random: context.random,
      log: { write: () => {} },
      ...(namespace !== undefined && { namespace }),
      ...(labelSelector !== '' && { labelSelector }),
    },
    {
      changed: (changes) => printer.take(changes, !isWhole && input.flag('changesOnly')),
      synced() {
        isWhole = true;
      },
      interrupted(error) {
        // Who cannot be asked even once is told of at once; later on a restart of the control plane is no end.
        if (error !== undefined && !isWhole) failed.reject(error);
        else if (error !== undefined) context.stderr.write(`interrupted, trying again: ${printable(error.message)}\n`);
        else context.stderr.write('going on\n');
      },
    },
    context.signal,
  );
  await Promise.race([done, failed.promise]);
  return EXIT.interrupted;
}

function selectorOf(input: CommandInput): string {
  const label = (key: string, option: string): readonly string[] => {
    const value = input.text(option);
    return value === undefined ? [] : [`${key}=${value}`];
  };
  const own = input.text('selector');
  return [
    ...(own === undefined ? [] : [own]),
    ...label(LABEL.workflow, 'workflow'),
    ...label(LABEL.launchPlan, 'launchPlan'),
  ].join(',');
}

interface Wanted {
  /** Empty: all. */
  readonly names: ReadonlySet<string>;
  readonly phases: readonly ExecutionPhase[] | undefined;
  readonly isEverywhere: boolean;
}

/** Prints executions of which something that is shown has changed. `isQuiet`: remembers them and prints nothing. */
function linePrinter({ stdout, clock }: CommandContext, input: CommandInput, { names, phases, isEverywhere }: Wanted) {
  const makeRow = rowMaker(MAX_SHARED_TEXTS);
  const format = input.text('output') ?? 'text';
  /** What was printed last of each. */
  const printed = new Map<string, string>();
  let nameWidth = 0;
  const print = (type: 'ADDED' | 'MODIFIED' | 'DELETED', object: Execution, row: ExecutionRow): void => {
    if (format === 'json') stdout.write(`${JSON.stringify({ type, object: shownObject(object) })}\n`);
    else if (format === 'name') stdout.write(`execution.pipectl.dev/${row.name}\n`);
    else {
      const name = printable(isEverywhere ? row.id : row.name);
      nameWidth = Math.min(MAX_NAME_WIDTH, Math.max(nameWidth, widthOf(name)));
      const phase = type === 'DELETED' ? 'Deleted' : row.phase;
      const style = phaseStyle('PHASE', phase);
      const shown = phase.padEnd(PHASE_WIDTH);
      const took =
        row.startedAt === 0 ? '' : humanDuration((row.isOver ? row.finishedAt : clock.now()) - row.startedAt);
      const cells = [
        new Date(clock.now()).toISOString().replace(/\.\d+/, ''),
        name.padEnd(nameWidth),
        style === undefined ? shown : paint(stdout, style, shown),
        row.nodes.padStart(7),
        took.padStart(6),
        printable(row.workflow),
        printable(row.message.split('\n', 1)[0] ?? ''),
      ];
      stdout.write(`${cells.join('  ').trimEnd()}\n`);
    }
  };
  const isWanted = ({ name }: { readonly name: string }, phase: string | undefined): boolean =>
    (names.size === 0 || names.has(name)) && (phases === undefined || phases.some((wanted) => wanted === phase));
  return {
    take(changes: readonly Change<Execution>[], isQuiet: boolean): void {
      for (const change of changes) {
        const key = change.type === 'set' ? change.object.metadata : change.key;
        const id = rowId(key.namespace ?? '', key.name);
        const before = printed.get(id);
        if (change.type === 'gone') {
          printed.delete(id);
          // One that is over has gone to the archive.
          const row = change.last === undefined ? undefined : makeRow(change.last);
          if (change.last === undefined || row === undefined || row.isOver || before === undefined) continue;
          if (isWanted(key, change.last.status?.phase)) print('DELETED', change.last, row);
          continue;
        }
        const row = makeRow(change.object);
        const shown = `${row.phase} ${row.nodes} ${row.message}`;
        if (shown === before) continue;
        if (before === undefined && printed.size >= MAX_LIVE_ROWS) printed.delete(printed.keys().next().value ?? '');
        printed.set(id, shown);
        if (isQuiet || !isWanted(key, change.object.status?.phase ?? 'Pending')) continue;
        print(before === undefined ? 'ADDED' : 'MODIFIED', change.object, row);
      }
    },
  };
}

const PHASE_WIDTH = 16;
/** A longer one pushes the rest of its own line only. */
const MAX_NAME_WIDTH = 48;
