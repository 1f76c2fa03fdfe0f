import type { FieldKind } from './contract.ts';

/** Names of fields whose kind does not depend on where they stand. What is below them is of the same kind. */
const BY_NAME: Readonly<Record<string, FieldKind>> = {
  type: 'type',
  default: 'default',
  description: 'description',
  image: 'image',
  command: 'command',
  env: 'environment',
  source: 'source',
  resources: 'resources',
  retries: 'retries',
  timeout: 'timeout',
  cache: 'cache',
  needs: 'needs',
  when: 'expression',
  task: 'reference',
  workflow: 'reference',
  launchPlan: 'reference',
  value: 'value',
};

const SCHEDULE_TIME: ReadonlySet<string> = new Set(
  'cron every timeZone start end spread catchUp exclude overlap maxQueued rateLimit kickoffTime'.split(' '),
);

/** Fields whose kind holds for all that is below them. */
const WHOLE: ReadonlySet<FieldKind> = new Set([
  'environment',
  'resources',
  'retries',
  'timeout',
  'cache',
  'scheduleTime',
  'label',
  'annotation',
  'default',
  'value',
]);

/** The kind of the field at `place` of a definition, below one of the kind `parent`. */
export function childField(definition: string, place: readonly string[], parent: FieldKind): FieldKind {
  if (WHOLE.has(parent)) return parent;
  const name = place.at(-1) as string;
  if (isValueGroup(definition, place)) return 'value';
  if (definition === 'Schedule' && place.length === 2 && SCHEDULE_TIME.has(name)) return 'scheduleTime';
  if (Object.hasOwn(BY_NAME, name)) return BY_NAME[name] as FieldKind;
  return parent === 'command' || parent === 'needs' ? parent : 'setting';
}

/** The same for one of a group, whose name a person chose: it says nothing. */
export function namedField(definition: string, place: readonly string[], parent: FieldKind): FieldKind {
  if (WHOLE.has(parent)) return parent;
  const [, group] = place;
  if (place.length !== 3 || definition === 'LaunchPlan' || definition === 'Schedule') return 'setting';
  if (group === 'inputs') return 'input';
  if (group === 'outputs') return 'output';
  return group === 'nodes' ? 'node' : 'setting';
}

const BINDINGS: ReadonlySet<string> = new Set(['with', 'over', 'compute', 'inputs']);

/** Whether values by name stand at `place`: bindings of a node, inputs that a plan or a schedule gives. */
export function isValueGroup(definition: string, place: readonly string[]): boolean {
  const [, second, third] = place;
  if (definition === 'Schedule') return place.length === 2 && second === 'inputs';
  if (definition === 'LaunchPlan') {
    return place.length === 3 && second === 'inputs' && (third === 'default' || third === 'fixed');
  }
  const isAction = (second === 'nodes' && place.length > 3) || (second === 'onFailure' && place.length === 3);
  return isAction && BINDINGS.has(place.at(-1) as string);
}
