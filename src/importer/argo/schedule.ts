import type { Json } from '../../base/index.ts';
import { printDuration } from '../../language/index.ts';
import { plainJson, recordOf } from '../cel-text.ts';
import { below, type Cursor, field, items, textIn, textOf } from '../cursor.ts';
import { document } from '../document.ts';
import type { ArgoImport } from './importing.ts';
import type { ArgoDocument } from './model.ts';

/** What a workflow is launched with: a CronWorkflow's plan, a bound on what runs at a time, or values for a template. */
export function importLaunchPlan(
  into: ArgoImport,
  argo: ArgoDocument,
  workflow: string,
  inputs: Json | undefined,
): string | undefined {
  const parallelism = Number(textIn(argo.spec, 'parallelism') ?? 'NaN');
  const maxParallelism = parallelism >= 1 && parallelism <= 100_000 ? parallelism : undefined;
  const concurrency = argo.kind === 'CronWorkflow' ? concurrencyOf(into, argo) : undefined;
  if (argo.kind !== 'CronWorkflow' && maxParallelism === undefined && inputs === undefined) return undefined;
  const spec = recordOf([
    ['workflow', workflow],
    ['inputs', inputs === undefined ? undefined : recordOf([['default', inputs]])],
    ['maxParallelism', maxParallelism],
    ['concurrency', concurrency],
  ]);
  const name = into.planNames.nameOf(argo.name, argo.name);
  into.definitions.push(document('LaunchPlan', name, spec, argo.root));
  return name;
}

function concurrencyOf({ notes }: ArgoImport, argo: ArgoDocument): Json | undefined {
  const at = below(argo.root, 'spec', 'concurrencyPolicy');
  switch (textOf(at)) {
    case 'Forbid':
      return recordOf([
        ['limit', 1],
        ['whenFull', 'skip'],
      ]);
    case 'Replace':
      notes.lost(at!, {
        construct: 'concurrencyPolicy Replace',
        message: 'an execution is not ended by the next tick; the next one waits for it',
        instead: 'bound it by timeout.total of its tasks',
      });
      return recordOf([
        ['limit', 1],
        ['whenFull', 'queue'],
      ]);
    default:
      return undefined;
  }
}

/** One schedule per cron pattern of a CronWorkflow. */
export function importSchedules(into: ArgoImport, argo: ArgoDocument, launchPlan: string): void {
  const spec = field(argo.root, 'spec');
  const patterns: readonly Cursor[] = [...items(field(spec, 'schedules')), ...[field(spec, 'schedule') ?? []].flat()];
  const zone = textIn(spec, 'timezone');
  const isSuspended = textIn(spec, 'suspend') === 'true';
  const deadline = Number(textIn(spec, 'startingDeadlineSeconds') ?? '0');
  const catchUp: Json =
    deadline > 0
      ? recordOf([
          ['policy', 'latest'],
          ['window', printDuration(Math.min(deadline, 31_536_000) * 1000)],
        ])
      : recordOf([['policy', 'none']]);
  if (zone === undefined && spec !== undefined) {
    into.notes.changed(spec, {
      construct: 'no timezone',
      message: 'Argo takes the zone of its controller, pipectl takes UTC',
      instead: 'set timeZone of the schedule',
      isKey: true,
    });
  }
  for (const at of patterns) {
    const { cron, zone: own } = patternOf(textOf(at) ?? '');
    const every = /^@every\s+((?:\d+(?:\.\d+)?(?:ms|s|m|h))+)$/.exec(cron)?.[1];
    const name = into.scheduleNames.nameOf(`${argo.name} ${textOf(at)}`, argo.name);
    const timing: readonly (readonly [string, Json | undefined])[] =
      every === undefined
        ? [
            ['cron', cron],
            ['timeZone', own ?? zone],
          ]
        : [['every', every]];
    const schedule = recordOf([
      ['launchPlan', launchPlan],
      ...timing,
      ['catchUp', catchUp],
      ['active', isSuspended ? false : undefined],
    ]);
    into.definitions.push(document('Schedule', name, schedule, argo.root));
  }
}

/** `CRON_TZ=Europe/Berlin 0 2 * * *`: the zone may stand before the pattern (robfig/cron v3). */
function patternOf(text: string): { readonly cron: string; readonly zone?: string } {
  const found = /^(?:CRON_TZ|TZ)=(\S+)\s+(.*)$/s.exec(text);
  return found === null ? { cron: text } : { zone: found[1]!, cron: found[2]! };
}

/** Arguments of a workflow that runs a template of another document, as plain values. */
export function plainArguments(argo: ArgoDocument, nameOf: (name: string) => string): Json | undefined {
  const values = argo.parameters.flatMap(({ name, value }) => {
    const text = textOf(value);
    return text === undefined ? [] : [[nameOf(name), plainJson(text)] as const];
  });
  return values.length === 0 ? undefined : recordOf(values);
}
