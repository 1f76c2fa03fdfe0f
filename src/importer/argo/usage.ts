import { textOf } from '../cursor.ts';
import { argoParts, referencesOf } from '../text-parts.ts';
import { type ArgoNode, type ArgoTemplate, argoReference, pathsBelow, pathsOf, RESULT } from './model.ts';

/** What the templates of an import need of each other, beyond what they declare. */
export interface Usage {
  /** `workflow.parameters` that a template or what it runs reads, sorted: ours have no globals, so they become inputs. */
  readonly globalsOf: (template: ArgoTemplate) => readonly string[];
  /** Whether a template or what it runs asks how the workflow ended. */
  readonly readsStatus: (template: ArgoTemplate) => boolean;
  /** Whether anybody reads the standard output of a template. */
  readonly givesResult: (template: ArgoTemplate) => boolean;
  /** Whether a loop goes over this input, output or global: it holds a JSON list. */
  readonly isList: (place: ListPlace) => boolean;
}

export type ListPlace = `in:${string}` | `out:${string}` | `global:${string}`;

export function inputPlace(template: ArgoTemplate, name: string): ListPlace {
  return `in:${template.key}:${name}`;
}

export function outputPlace(template: ArgoTemplate, name: string): ListPlace {
  return `out:${template.key}:${name}`;
}

export function globalPlace(name: string): ListPlace {
  return `global:${name}`;
}

const STATUS = 'workflow.status';

export function usageOf(templates: ReadonlyMap<string, ArgoTemplate>): Usage {
  const direct = new Map<string, ReadonlySet<string>>();
  const results = new Set<string>();
  for (const template of templates.values()) {
    const paths = pathsBelow(template.at);
    const names = paths.flatMap((path) => {
      const reference = argoReference(path);
      return reference.kind === 'global' ? [reference.name] : path === STATUS ? [STATUS] : [];
    });
    direct.set(template.key, new Set(names));
    for (const path of paths) {
      const reference = argoReference(path);
      if (reference.kind !== 'output' || reference.output !== RESULT) continue;
      const target = template.nodes.find(({ name }) => name === reference.node)?.template;
      if (target !== undefined) results.add(target);
    }
  }
  const reached = new Map<string, ReadonlySet<string>>();
  const namesOf = (template: ArgoTemplate): ReadonlySet<string> => {
    const known = reached.get(template.key);
    if (known !== undefined) return known;
    const names = reach(template, templates, direct);
    reached.set(template.key, names);
    return names;
  };
  const lists = listPlaces(templates);
  return {
    globalsOf: (template) => [...namesOf(template)].filter((name) => name !== STATUS).sort(),
    readsStatus: (template) => namesOf(template).has(STATUS),
    givesResult: ({ key }) => results.has(key),
    isList: (place) => lists.has(place),
  };
}

/** The names of a template and of all that it runs; a template that runs itself is visited once. */
function reach(
  from: ArgoTemplate,
  templates: ReadonlyMap<string, ArgoTemplate>,
  direct: ReadonlyMap<string, ReadonlySet<string>>,
): ReadonlySet<string> {
  const names = new Set<string>();
  const visited = new Set<string>([from.key]);
  const waiting = [from];
  for (let template = waiting.pop(); template !== undefined; template = waiting.pop()) {
    for (const name of direct.get(template.key) ?? []) names.add(name);
    for (const node of template.nodes) {
      const next = node.template === undefined ? undefined : templates.get(node.template);
      if (next === undefined || visited.has(next.key)) continue;
      visited.add(next.key);
      waiting.push(next);
    }
  }
  return names;
}

/** From each `withParam` back to where its list is made: through inputs, callers and outputs. */
function listPlaces(templates: ReadonlyMap<string, ArgoTemplate>): ReadonlySet<ListPlace> {
  const callers = new Map<string, (readonly [ArgoTemplate, ArgoNode])[]>();
  const waiting: (readonly [ArgoTemplate, string])[] = [];
  for (const template of templates.values()) {
    for (const node of template.nodes) {
      if (node.template !== undefined)
        callers.set(node.template, [...(callers.get(node.template) ?? []), [template, node]]);
      for (const path of pathsIn(node, 'withParam')) waiting.push([template, path]);
    }
  }
  const found = new Set<ListPlace>();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [template, path] = next;
    const reference = argoReference(path);
    if (reference.kind === 'global') found.add(globalPlace(reference.name));
    if (reference.kind === 'input') {
      const place = inputPlace(template, reference.name);
      if (found.has(place)) continue;
      found.add(place);
      for (const [caller, node] of callers.get(template.key) ?? []) {
        const given = node.parameters.find(({ name }) => name === reference.name);
        for (const inner of alonePath(textOf(given?.value))) waiting.push([caller, inner]);
      }
    }
    if (reference.kind === 'output') {
      const node = template.nodes.find(({ name }) => name === reference.node);
      const child = node?.template === undefined || node.isLoop ? undefined : templates.get(node.template);
      if (child === undefined || found.has(outputPlace(child, reference.output))) continue;
      found.add(outputPlace(child, reference.output));
      const output = child.outputs.find(({ name }) => name === reference.output);
      if (child.kind === 'graph' && output?.value !== undefined)
        for (const inner of pathsBelow(output.value)) waiting.push([child, inner]);
    }
  }
  return found;
}

function pathsIn(node: ArgoNode, key: string): readonly string[] {
  const value = node.at.value;
  const text = value !== null && typeof value === 'object' ? (value as Record<string, unknown>)[key] : undefined;
  return typeof text === 'string' ? referencesOf(argoParts(text)).flatMap(pathsOf) : [];
}

/** The path of a text that is one simple tag and nothing else. */
export function alonePath(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  const parts = argoParts(text.trim());
  const [only] = parts;
  return parts.length === 1 && only?.kind === 'reference' && !only.source.startsWith('=') ? [only.source] : [];
}
