import { DEFAULT_MAX_QUEUED } from '../base/index.ts';
import { nextTicks, wallClockText } from '../client/index.ts';
import {
  age,
  type DefinitionSource,
  type Interface,
  type KubeObject,
  type LaunchPlan,
  type Parameter,
  type Platform,
  type Policy,
  type Schedule,
  type Task,
  type Workflow,
} from '../cluster/index.ts';
import { printDuration } from '../language/index.ts';
import { interruptibleText, timeoutText } from './describe-execution.ts';
import { factLines, valueLines, valueText } from './facts.ts';
import { scheduleSuspension } from './scheduled.ts';
import { renderTable, type TableColumn } from './table.ts';
import { paint, printable, type Terminal } from './terminal.ts';

type Definition = Workflow | Task | LaunchPlan | Schedule | Platform | Policy;

const KINDS: ReadonlySet<string> = new Set(['Workflow', 'Task', 'LaunchPlan', 'Schedule', 'Platform', 'Policy']);
const SHOWN_TICKS = 5;

export function isDefinition(object: KubeObject): object is Definition {
  return KINDS.has(object.kind);
}

/** An active definition for `describe`: where it comes from, its interface, and what is particular to its kind. */
export function describeDefinition(definition: Definition, terminal: Terminal, now: number): string {
  const { kind, metadata, spec } = definition;
  if (!(spec as Partial<DefinitionSource> | undefined)?.repository) return describeForeign(definition, terminal, now);
  const source: DefinitionSource = spec;
  const lines = factLines(terminal, [
    [kind, paint(terminal, 'bold', metadata.name)],
    ['Namespace', metadata.namespace],
    ['Description', source.description === undefined ? undefined : printable(source.description)],
    ['Version', `${source.commit} of ${source.repository}`],
    ['File', printable(source.file)],
    ['Closure', source.closure],
    ...particulars(definition),
  ]);
  if (definition.kind === 'Workflow' || definition.kind === 'Task' || definition.kind === 'LaunchPlan') {
    lines.push(...interfaceLines(definition.spec.interface, terminal));
  }
  if (definition.kind === 'LaunchPlan' && Object.keys(definition.spec.fixedInputs).length > 0) {
    lines.push('', 'Fixed inputs:', ...valueLines(terminal, definition.spec.fixedInputs));
  }
  if (definition.kind === 'Schedule') lines.push(...scheduleLines(definition, terminal, now));
  return `${lines.join('\n')}\n`;
}

/** One that somebody made past git. Of what it says only that of a schedule is sure to be there. */
function describeForeign(definition: Definition, terminal: Terminal, now: number): string {
  const { kind, metadata } = definition;
  const lines = factLines(terminal, [
    [kind, paint(terminal, 'bold', metadata.name)],
    ['Namespace', metadata.namespace],
    ['Version', `none: no commit has it, somebody made it past git ${age(metadata.creationTimestamp, now)} ago`],
    ...(definition.kind === 'Schedule' ? particulars(definition) : []),
  ]);
  if (definition.kind === 'Schedule') lines.push(...scheduleLines(definition, terminal, now));
  return `${lines.join('\n')}\n`;
}

function particulars(definition: Definition): readonly (readonly [string, string | undefined])[] {
  switch (definition.kind) {
    case 'Workflow':
      return [['Nodes', String(definition.spec.nodes)]];
    case 'Task':
      return [['Image', definition.spec.image]];
    case 'LaunchPlan': {
      const { workflow, maxParallelism, concurrency, priority, timeout, interruptible } = definition.spec;
      return [
        ['Workflow', workflow],
        ['Max parallelism', maxParallelism === undefined ? undefined : String(maxParallelism)],
        ['Concurrency', concurrency && `${concurrency.limit}, when full: ${concurrency.whenFull}`],
        ['Priority', priority === undefined ? undefined : String(priority)],
        ['Timeout', timeoutText(timeout)],
        ['Interruptible', interruptibleText(interruptible)],
      ];
    }
    case 'Schedule': {
      const { launchPlan, cron, everyMs, timeZone, active, catchUp, spreadMs, start, end } = definition.spec;
      const { overlap = 'allow', maxQueued = DEFAULT_MAX_QUEUED, priority, rateLimit } = definition.spec;
      const { status } = definition;
      return [
        ['Launch plan', launchPlan],
        ['When', everyMs === undefined ? `${cron} in ${timeZone}` : `every ${printDuration(everyMs)}`],
        ['Active', active ? 'yes' : 'no'],
        ['Suspended', suspendedText(definition)],
        ['Excluded', excludedText(definition)],
        ['From', start],
        ['Until', end],
        ['Spread', spreadMs === undefined ? undefined : printDuration(spreadMs)],
        ['Catch-up', catchUp.policy],
        ['Overlap', overlap === 'queue' ? `queue, at most ${maxQueued}` : overlap],
        ['Priority', priority === undefined ? undefined : String(priority)],
        ['Rate limit', rateLimit && `${rateLimit.ticks} in ${printDuration(rateLimit.perMs)}`],
        ['Last tick', status?.lastTick],
        ['Last execution', status?.lastExecution],
        ['Lateness', status?.latenessMs === undefined ? undefined : `${status.latenessMs} ms`],
        ['Missed', status?.missed === undefined ? undefined : String(status.missed)],
        ['Skipped', status?.skipped === undefined ? undefined : String(status.skipped)],
        ['Set aside', setAsideText(definition)],
      ];
    }
    case 'Platform': {
      const { workers, maxParallelism } = definition.spec.propeller;
      return [
        ['Workers', String(workers)],
        ['Max parallelism', String(maxParallelism)],
        ['Object store', objectStoreText(definition)],
      ];
    }
    case 'Policy':
      return definition.spec.rules.map(({ name, severity, assert }) => [
        `Rule ${name}`,
        `${severity}: ${printable(assert)}`,
      ]);
  }
}

function suspendedText(schedule: Schedule): string | undefined {
  const suspension = scheduleSuspension(schedule);
  if (suspension === undefined) return undefined;
  const { by, at, reason } = suspension;
  const who = [by === undefined ? [] : `by ${by}`, at === undefined ? [] : `since ${at}`].flat().join(' ');
  return printable(['yes', who, reason].filter((part) => part !== undefined && part !== '').join(', '));
}

function excludedText({ spec }: Schedule): string | undefined {
  const parts = (spec.exclude ?? []).map((rule) => {
    if ('from' in rule) return `${rule.from} to ${rule.to}`;
    const count = rule.dates.length === 1 ? '1 day' : `${rule.dates.length} days`;
    return 'calendar' in rule ? `${count} of ${rule.calendar}` : count;
  });
  return parts.length === 0 ? undefined : printable(parts.join('; '));
}

/** Where it is, and whether it can be used, as far as that is known. */
function objectStoreText({ spec, status }: Platform): string | undefined {
  const { objectStore } = spec;
  if (objectStore === undefined) return undefined;
  const ready = status?.conditions?.find(({ type }) => type === 'ObjectStoreReady');
  if (ready?.status === 'False') return printable(`${ready.reason}: ${ready.message}`);
  const place =
    'folder' in objectStore
      ? `folder ${objectStore.folder.path}`
      : `bucket ${objectStore.s3.bucket} at ${objectStore.s3.endpoint}`;
  return printable(ready === undefined ? `${place}, not tried yet` : place);
}

/** Why it does not tick though it should. */
function setAsideText({ status }: Schedule): string | undefined {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status !== 'False') return undefined;
  return printable(
    status?.owedSince === undefined ? ready.message : `${ready.message} (owes its ticks since ${status.owedSince})`,
  );
}

const PARAMETER_COLUMNS: readonly TableColumn[] = [
  { title: 'NAME', priority: 100, minWidth: 16 },
  { title: 'TYPE', priority: 90 },
  { title: 'DEFAULT', priority: 50 },
  { title: 'DESCRIPTION', priority: 40, minWidth: 12 },
];

function interfaceLines({ inputs, outputs }: Interface, terminal: Terminal): string[] {
  return [...parameterLines('Inputs:', inputs, terminal), ...parameterLines('Outputs:', outputs, terminal)];
}

function parameterLines(title: string, parameters: Readonly<Record<string, Parameter>>, terminal: Terminal): string[] {
  const rows = Object.entries(parameters).map(([name, { type, required, default: value, description }]) => [
    printable(name),
    printable(type),
    value === undefined ? (required === false ? '' : '(required)') : valueText(value),
    printable(description ?? ''),
  ]);
  if (rows.length === 0) return [];
  // Outputs have neither defaults nor requirements.
  const shown = title === 'Outputs:' ? rows.map(([name = '', type = '', , text = '']) => [name, type, text]) : rows;
  const columns =
    title === 'Outputs:' ? PARAMETER_COLUMNS.filter((column) => column.title !== 'DEFAULT') : PARAMETER_COLUMNS;
  const room = terminal.columns === undefined ? undefined : terminal.columns - 2;
  return ['', title, ...renderTable(columns, shown, { columns: room, header: false }).map((line) => `  ${line}`)];
}

function scheduleLines(schedule: Schedule, terminal: Terminal, now: number): string[] {
  const { timeZone, inputs } = schedule.spec;
  const lines: string[] = [];
  if (inputs !== undefined && Object.keys(inputs).length > 0) {
    lines.push('', 'Inputs:', ...valueLines(terminal, inputs));
  }
  const ticks = nextTicks(schedule, now, SHOWN_TICKS);
  if (ticks.length > 0) lines.push('', 'Next ticks:', ...ticks.map((tick) => `  ${wallClockText(tick, timeZone)}`));
  return lines;
}
