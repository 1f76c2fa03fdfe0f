import { isJsonObject } from '../../base/index.ts';
import { type Cursor, entries, field, items, textIn } from '../cursor.ts';
import { identifierBook } from '../names.ts';

export type TektonType = 'string' | 'array' | 'object';

/** A parameter or result. An object of parameters becomes one input per key. */
export interface TektonParameter {
  readonly name: string;
  readonly at: Cursor;
  readonly type: TektonType;
  /** Keys of an object, in the order of the text. */
  readonly keys: readonly string[];
  readonly value?: Cursor;
}

export interface TektonTask {
  readonly name: string;
  readonly at: Cursor;
  readonly spec: Cursor;
  readonly parameters: readonly TektonParameter[];
  readonly results: readonly TektonParameter[];
  /** Name of the input for a parameter, or for one key of it. */
  readonly inputName: (name: string, key?: string) => string;
  readonly outputName: (name: string) => string;
}

/** A task of a pipeline. */
export interface PipelineTask {
  readonly name: string;
  readonly at: Cursor;
  /** Undefined when the task is not in the files. */
  readonly task: TektonTask | undefined;
  readonly parameters: ReadonlyMap<string, Cursor>;
  readonly hasCondition: boolean;
  readonly matrix: Cursor | undefined;
}

/** What a variable names: `params.x`, `params["x"][0]`, `tasks.a.results.b.key`. */
export type TektonVariable =
  | { readonly kind: 'parameter'; readonly name: string; readonly part: Part }
  | { readonly kind: 'result'; readonly task: string; readonly name: string; readonly part: Part }
  | { readonly kind: 'resultPath'; readonly name: string }
  | { readonly kind: 'other'; readonly path: string };

/** `[*]`: all of an array or object; `[0]`: an element; `.key`: of an object. */
export type Part =
  | { readonly kind: 'whole' }
  | { readonly kind: 'all' }
  | { readonly kind: 'element'; readonly index: number }
  | { readonly kind: 'key'; readonly key: string };

export function tektonVariable(source: string): TektonVariable {
  // `params['a.b']` is `params` and one name; what is left are names, `[0]` and `[*]`.
  const segments = [...source.matchAll(/\['([^']*)'\]|\["([^"]*)"\]|\[(\*|\d{1,9})\]|([^.[\]]+)/g)];
  const names = segments.map((found) => found[1] ?? found[2] ?? found[4] ?? `[${found[3]}]`);
  const [first, second, third, fourth] = names;
  if (first === 'params' && second !== undefined && names.length <= 3)
    return { kind: 'parameter', name: second, part: partOf(third) };
  if (first === 'tasks' && third === 'results' && fourth !== undefined && names.length <= 5)
    return { kind: 'result', task: second!, name: fourth, part: partOf(names[4]) };
  if (first === 'results' && third === 'path' && names.length === 3) return { kind: 'resultPath', name: second! };
  return { kind: 'other', path: names.join('.') };
}

function partOf(segment: string | undefined): Part {
  if (segment === undefined) return { kind: 'whole' };
  if (segment === '[*]') return { kind: 'all' };
  const index = /^\[(\d+)\]$/.exec(segment)?.[1];
  return index === undefined ? { kind: 'key', key: segment } : { kind: 'element', index: Number(index) };
}

export function readTask(name: string, at: Cursor, spec: Cursor): TektonTask {
  const parameters = readParameters(field(spec, 'params'));
  const results = readParameters(field(spec, 'results'));
  const inputs = identifierBook();
  const outputs = identifierBook();
  const inputName: TektonTask['inputName'] = (parameter, key) =>
    key === undefined
      ? inputs.nameOf(`${parameter}`, parameter)
      : inputs.nameOf(`${parameter}\n${key}`, `${parameter}_${key}`);
  for (const { name: parameter, keys } of parameters) {
    if (keys.length === 0) inputName(parameter);
    for (const key of keys) inputName(parameter, key);
  }
  return { name, at, spec, parameters, results, inputName, outputName: (result) => outputs.nameOf(result, result) };
}

export function readParameters(list: Cursor | undefined): readonly TektonParameter[] {
  return items(list).flatMap((at) => {
    const name = textIn(at, 'name');
    if (name === undefined) return [];
    const value = field(at, 'default');
    const properties = field(at, 'properties');
    const keys = [
      ...new Set([...entries(properties), ...(isJsonObject(value?.value) ? entries(value) : [])].map(([key]) => key)),
    ];
    for (const [, property] of entries(properties)) textIn(property, 'type');
    const said = textIn(at, 'type');
    const type: TektonType =
      said === 'array' || Array.isArray(value?.value)
        ? 'array'
        : said === 'object' || keys.length > 0
          ? 'object'
          : 'string';
    return [{ name, at, type, keys, ...(value !== undefined && { value }) }];
  });
}

export function readPipelineTask(
  at: Cursor,
  taskOf: (at: Cursor, name: string) => TektonTask | undefined,
): readonly PipelineTask[] {
  const name = textIn(at, 'name');
  if (name === undefined) return [];
  const parameters = new Map<string, Cursor>();
  for (const parameter of items(field(at, 'params'))) {
    const given = textIn(parameter, 'name');
    const value = field(parameter, 'value');
    if (given !== undefined && value !== undefined) parameters.set(given, value);
  }
  return [
    {
      name,
      at,
      task: taskOf(at, name),
      parameters,
      hasCondition: field(at, 'when') !== undefined,
      matrix: field(at, 'matrix'),
    },
  ];
}
