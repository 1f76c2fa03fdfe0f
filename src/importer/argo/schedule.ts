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
  if (argo.kind !== 'CronWorkflow' && maxParallelism === undefined && inputs === undefined) return undefined;
  const spec = recordOf([
    ['workflow', workflow],
    ['inputs', inputs === undefined ? undefined : recordOf([['default', inputs]])],
    ['maxParallelism', maxParallelism],
  ]);
  const name = into.planNames.nameOf(argo.name, argo.name);
  into.definitions.push(document('LaunchPlan', name, spec, argo.root));
  return name;
}

/** What Argo calls concurrencyPolicy; `Allow` is the default of both. */
function overlapOf(argo: ArgoDocument): Json | undefined {
  const policy = textOf(below(argo.root, 'spec', 'concurrencyPolicy'));
  return policy === 'Forbid' ? 'forbid' : policy === 'Replace' ? 'replace' : undefined;
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
  const policy = below(argo.root, 'spec', 'concurrencyPolicy');
  if (policy !== undefined && patterns.length > 1 && overlapOf(argo) !== undefined) {
    into.notes.changed(policy, {
      construct: 'concurrencyPolicy of several schedules',
      message: 'each schedule counts the executions that it has started itself',
      instead: 'limit them together by concurrency of the launch plan',
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
      ['overlap', overlapOf(argo)],
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
