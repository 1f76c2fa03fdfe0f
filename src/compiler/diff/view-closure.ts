import { type Json, sha256 } from '../../base/index.ts';
import type { Template } from '../../language/expression/index.ts';
import type { EntityClosure, WorkflowClosure } from '../closure.ts';
import { recordOf } from '../record.ts';

/** What the compiler made of the value at a place of the definition; undefined when it says nothing of it. */
export type ValueOf = (place: readonly string[]) => Json | undefined;

/** Values as the closure has them: literals normalised by their types, images pinned, the content of source folders. */
export function closureValue(closure: EntityClosure | undefined): ValueOf {
  switch (closure?.kind) {
    case 'Task':
      return ([, ...path]) => {
        const name = path.join('/');
        if (name === 'run/image') return closure.run.image;
        // The folder may be the same and what is in it not.
        return name === 'source' && closure.source !== undefined
          ? `${closure.source.path}@${closure.source.tree.slice(0, SHOWN_DIGITS)}`
          : undefined;
      };
    case 'Workflow':
      return workflowValue(closure);
    case 'LaunchPlan':
      return ([, inputs, group, name]) => {
        if (inputs !== 'inputs' || name === undefined) return undefined;
        return group === 'default' ? own(closure.inputs, name)?.default : own(closure.fixedInputs, name);
      };
    case 'Schedule':
      return ([, field, name, part]) => {
        if (name === undefined) return undefined;
        if (field === 'inputs') return own(closure.inputs, name);
        // The file may be the same and its days not.
        const rule = field === 'exclude' && part === 'calendar' ? closure.exclude?.[Number(name)] : undefined;
        return rule !== undefined && 'calendar' in rule ? calendarText(rule as CalendarRule) : undefined;
      };
    default:
      return () => undefined;
  }
}

type CalendarRule = { readonly calendar: string; readonly dates: readonly string[] };

/** Of many days only how many they are, and what tells them from others. */
function calendarText({ calendar, dates }: CalendarRule): string {
  if (dates.length <= SHOWN_DAYS) return `${calendar}: ${dates.join(' ')}`;
  const days = `${dates.length} days from ${dates[0]} to ${dates.at(-1)}`;
  return `${calendar}: ${days}, ${sha256(dates.join()).slice(0, SHOWN_DIGITS)}`;
}

const SHOWN_DAYS = 6;

/** Of a git tree id or a digest: enough to tell two apart. */
const SHOWN_DIGITS = 12;

type Fields = Readonly<Record<string, unknown>>;

function workflowValue(closure: WorkflowClosure): ValueOf {
  const nodes = new Map(closure.nodes.map((node) => [node.id, node as unknown as Fields]));
  const handler = closure.onFailure as unknown as Fields | undefined;
  return ([, section, name, ...rest]) => {
    if (name === undefined) return undefined;
    const output = section === 'outputs' ? own(closure.outputs, name) : undefined;
    if (output !== undefined) return rest[0] === 'type' ? output.type : templateJson(output.value);
    if (section === 'onFailure' && handler !== undefined) return bindingOf(handler, [name, ...rest]);
    const node = section === 'nodes' ? nodes.get(name) : undefined;
    return node && bindingOf(node, rest);
  };
}

/** The value of `with.a`, `map.over.a`, `compute.a` or `sleep` of an action, or of one of a switch's actions. */
function bindingOf(action: Fields, path: readonly string[]): Json | undefined {
  const [first, index, ...rest] = path;
  if (first === 'switch' && rest[0] === 'then') {
    const branches = action.branches as readonly { readonly action: unknown }[] | undefined;
    const branch = branches?.[Number(index)]?.action as Fields | undefined;
    return branch && bindingOf(branch, rest.slice(1));
  }
  if (first === 'else' && action.else !== undefined) return bindingOf(action.else as Fields, path.slice(1));
  if (first === 'sleep') return templateJson(action.duration as Template | undefined);
  const [group, name] = path.slice(-2);
  if (group === undefined || name === undefined) return undefined;
  const bindings = action[group === 'compute' ? 'values' : group] as Readonly<Record<string, Template>> | undefined;
  return typeof bindings === 'object' && bindings !== null ? templateJson(own(bindings, name)) : undefined;
}

function own<V>(record: Readonly<Record<string, V>> | undefined, name: string): V | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}

/** A stored template as one would write it. */
function templateJson(template: Template | undefined): Json | undefined {
  switch (template?.kind) {
    case 'literal':
      return template.value;
    case 'expression':
      return `\${{ ${template.source} }}`;
    case 'text':
      return template.parts.map((part) => (typeof part === 'string' ? part : `\${{ ${part.source} }}`)).join('');
    case 'list':
      return template.items.map((item) => templateJson(item) as Json);
    case 'record':
      return recordOf(
        Object.entries(template.fields).map(([name, field]) => [name, templateJson(field) as Json] as const),
      );
    default:
      return undefined;
  }
}
