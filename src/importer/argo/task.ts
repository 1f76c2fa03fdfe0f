import type { Json } from '../../base/index.ts';
import { plainJson, recordOf } from '../cel-text.ts';
import { type Cursor, entries, field, items, textIn, textOf, whole } from '../cursor.ts';
import { document } from '../document.ts';
import { durationOf } from '../duration-text.ts';
import { resourcesOf } from '../pod-fields.ts';
import { rewrittenScript } from '../rewritten-script.ts';
import { extensionOf, type ProgramPart, tongueOf } from '../script-text.ts';
import { type SecretSource, secretSourceOf } from '../secret-variable.ts';
import { type OutputSource, type Step, taskRun, type Word } from '../task-run.ts';
import { argoParts, type Reference } from '../text-parts.ts';
import { type ArgoImport, globalType, inputType, outputType, parameterJson, signatureOf, TEXT } from './importing.ts';
import { type ArgoTemplate, argoReference, RESULT } from './model.ts';
import { retriesOf, timeoutOf } from './policy.ts';

/** A container or script template → a task. */
export function importTask(into: ArgoImport, template: ArgoTemplate): void {
  const { notes } = into;
  const name = taskName(into, template);
  const container = field(template.at, template.kind === 'script' ? 'script' : 'container');
  const folder = `${into.scriptsFolder}/${name}`;
  const { run, source, files } = taskRun({
    image: imageOf(into, field(container, 'image')),
    steps: [stepOf(into, template, container)],
    outputs: outputSources(into, template),
    exports: new Map(),
    folder,
  });
  for (const [file, text] of files) into.scripts.set(`${folder}/${file}`, text);
  const outputs = [...signatureOf(into, template).outputs].map(
    ([argo, ours]) => [ours, outputType(into, template, argo)] as const,
  );
  const spec = recordOf([
    ['inputs', inputsOf(into, template)],
    ['outputs', outputs.length === 0 ? undefined : recordOf(outputs)],
    ['source', source],
    ['run', run],
    ['retries', retriesOf(notes, template)],
    ['timeout', timeoutOf(notes, template)],
    ['resources', resourcesOf(notes, container)],
    ['cache', cacheOf(into, template)],
  ]);
  into.definitions.push(document('Task', name, spec, template.at));
}

export function taskName(into: ArgoImport, template: ArgoTemplate): string {
  return into.taskNames.nameOf(template.key, template.name, `${template.document.name}-${template.name}`);
}

/** Inputs of a task or workflow: the template's own, and the globals that it reads. */
export function inputsOf(into: ArgoImport, template: ArgoTemplate): Json | undefined {
  const { inputs, globals, status } = signatureOf(into, template);
  const all: (readonly [string, Json])[] = template.inputs.map(({ name, at, value }) => {
    const type = inputType(into, template, name);
    return [inputs.get(name)!, parameterJson(type, defaultOf(into, value, type), textIn(at, 'description'))] as const;
  });
  for (const [name, ours] of globals) all.push([ours, globalType(into, name)]);
  if (status !== undefined) all.push([status, parameterJson(TEXT, 'Succeeded')]);
  return all.length === 0 ? undefined : recordOf(all);
}

/** A default as a plain value; one that refers to something, or is no list where one is wanted, is told. */
export function defaultOf({ notes }: ArgoImport, value: Cursor | undefined, type: string): Json | undefined {
  if (value === undefined) return undefined;
  const text = textOf(value) ?? JSON.stringify(whole(value));
  if (argoParts(text).some((part) => part.kind === 'reference')) {
    notes.lost(value, {
      construct: text,
      message: 'a default is a plain value here',
      instead: 'give the value where it is called',
    });
    return undefined;
  }
  if (type === TEXT) return plainJson(text);
  const list = parsedList(text);
  if (list === undefined)
    notes.lost(value, { construct: 'default', message: 'this is not a JSON list, and a loop goes over it' });
  return list;
}

export function parsedList(text: string): Json | undefined {
  try {
    const parsed = JSON.parse(text) as Json;
    return Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

export function imageOf({ notes }: ArgoImport, at: Cursor | undefined): string | undefined {
  const image = textOf(at);
  if (image === undefined || at === undefined) return undefined;
  if (!argoParts(image).some((part) => part.kind === 'reference')) return image;
  notes.lost(at, { construct: image, message: 'an image is fixed text here', instead: 'write one task per image' });
  return undefined;
}

function stepOf(into: ArgoImport, template: ArgoTemplate, container: Cursor | undefined): Step {
  const word = (at: Cursor): Word => wordOf(into, template, at);
  const command = items(field(container, 'command'));
  const given = items(field(container, 'args'));
  const name = 'main';
  const variables = environmentOf(into, template, container);
  const folder = field(container, 'workingDir');
  const more = { ...variables, ...(folder !== undefined && { workingFolder: word(folder) }) };
  const source = field(container, 'source');
  if (source !== undefined) {
    const interpreter = command.length === 0 ? ['sh'] : command.map((at) => textOf(at) ?? '');
    const text = scriptOf(into, template, source, interpreter[0]!);
    const words = interpreter.map((part): Word => [part]);
    return {
      name,
      words,
      script: { text, extension: extensionOf(interpreter[0]!) },
      scriptArguments: given.map(word),
      ...more,
    };
  }
  // `sh -c TEXT`: the text is a script, and a paste into it must become a variable by the rules of the shell.
  const texts = [...command, ...given];
  const inline = texts.findIndex((at) => /^-[a-z]*c$|^-e$/.test(textOf(at) ?? ''));
  const code = inline > 0 ? texts[inline + 1] : undefined;
  const interpreter = textOf(texts[0]) ?? '';
  if (code !== undefined && tongueOf(interpreter) !== undefined && hasReference(code)) {
    const text = scriptOf(into, template, code, interpreter);
    const flags = textOf(texts[inline])!.replace(/[ce]$/, '');
    const words = [...texts.slice(0, inline).map(word), ...(flags === '-' ? [] : [[flags]])];
    // After `-c TEXT` the first argument is $0.
    const rest = texts.slice(inline + (tongueOf(interpreter) === 'shell' ? 3 : 2));
    return {
      name,
      words,
      script: { text: `${text.trimEnd()}\n`, extension: extensionOf(interpreter) },
      scriptArguments: rest.map(word),
      ...more,
    };
  }
  if (command.length === 0 && container !== undefined) tellNoCommand(into, template, container);
  return { name, words: texts.length === 0 ? [['true']] : texts.map(word), ...more };
}

function tellNoCommand({ notes }: ArgoImport, template: ArgoTemplate, container: Cursor): void {
  notes.lost(container, {
    construct: `entrypoint of the image of "${template.name}"`,
    message: 'the template has no command, and what its image starts is not known here',
    instead: 'write the program before the arguments in run.command',
  });
}

function hasReference(at: Cursor): boolean {
  return argoParts(textOf(at) ?? '').some((part) => part.kind === 'reference');
}

function scriptOf(into: ArgoImport, template: ArgoTemplate, at: Cursor, interpreter: string): string {
  const text = textOf(at) ?? '';
  const parts = argoParts(text);
  const program = parts.map((part): ProgramPart => {
    if (part.kind === 'text') return part.text;
    return variablePart(into, template, at, part) ?? part.written;
  });
  return rewrittenScript(into.notes, at, interpreter, parts, program) ?? text;
}

function wordOf(into: ArgoImport, template: ArgoTemplate, at: Cursor): Word {
  return argoParts(textOf(at) ?? '').map((part) => {
    if (part.kind === 'text') return part.text;
    return variablePart(into, template, at, part) ?? part.written;
  });
}

const VARIABLES: ReadonlyMap<string, string> = new Map([
  ['workflow.name', 'PIPECTL_EXECUTION'],
  ['workflow.uid', 'PIPECTL_EXECUTION'],
  ['node.name', 'PIPECTL_NODE'],
]);

/** What a tag of a task becomes: a variable, or text that is known. Undefined when neither, which is told. */
function variablePart(into: ArgoImport, template: ArgoTemplate, at: Cursor, part: Reference): ProgramPart | undefined {
  const signature = signatureOf(into, template);
  const path = part.source.replace(/^=\s*([\w.-]+|[\w.-]+\['[^']+'\])$/, '$1').replace(/\['([^']+)'\]/, '.$1');
  const reference = argoReference(path);
  const input =
    reference.kind === 'input'
      ? signature.inputs.get(reference.name)
      : reference.kind === 'global'
        ? signature.globals.get(reference.name)
        : path === 'workflow.status'
          ? signature.status
          : undefined;
  if (input !== undefined) return { variable: `PIPECTL_INPUT_${input.toUpperCase()}` };
  const variable = VARIABLES.get(path);
  if (variable !== undefined) return { variable };
  const outputPath = /^outputs\.parameters\.([^.]+)\.path$/.exec(path)?.[1];
  const output = template.outputs.find(({ name }) => name === outputPath);
  const text = output === undefined ? undefined : textIn(output.value, 'path');
  if (text !== undefined) return text;
  into.notes.lost(at, {
    construct: part.written,
    message: 'a task does not know this',
    instead: path === 'retries' ? 'read PIPECTL_ATTEMPT, which counts from 1' : 'make it an input of the task',
    range: part,
  });
  return undefined;
}

function environmentOf(
  into: ArgoImport,
  template: ArgoTemplate,
  container: Cursor | undefined,
): Pick<Step, 'env' | 'secrets'> {
  const env = new Map<string, Word>();
  const secrets = new Map<string, SecretSource>();
  for (const at of items(field(container, 'env'))) {
    const name = textIn(at, 'name');
    const value = field(at, 'value');
    if (name === undefined) continue;
    const secret = secretSourceOf(at);
    if (secret !== undefined && VARIABLE.test(name)) secrets.set(name, secret);
    else if (field(at, 'valueFrom') !== undefined) {
      whole(at);
      into.notes.lost(at, {
        construct: `env ${name}`,
        message: 'config maps and fields of the pod are not put into the environment',
        instead: 'write the value out, or keep it as a secret',
      });
    } else if (VARIABLE.test(name)) env.set(name, value === undefined ? [] : wordOf(into, template, value));
    else into.notes.lost(at, { construct: `env ${name}`, message: 'names of variables are letters, digits and _' });
  }
  return { env, secrets };
}

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

function outputSources(into: ArgoImport, template: ArgoTemplate): readonly OutputSource[] {
  const signature = signatureOf(into, template);
  const sources: OutputSource[] = [];
  for (const { name, at, value } of template.outputs) {
    const ours = signature.outputs.get(name)!;
    const path = field(value, 'path');
    const fallback = textIn(value, 'default');
    if (path !== undefined) {
      const from = {
        kind: 'file',
        path: wordOf(into, template, path),
        ...(fallback !== undefined && { fallback }),
      } as const;
      sources.push({ name: ours, from });
      continue;
    }
    sources.push({ name: ours, from: { kind: 'file', path: ['/dev/null'], fallback: fallback ?? '' } });
    for (const [key, inner] of entries(value)) if (key !== 'default') whole(inner);
    into.notes.lost(at, {
      construct: `output ${name}`,
      message: 'an output is what the task writes to a file',
      instead: 'write it to $PIPECTL_OUTPUTS; it is empty until then',
    });
  }
  const result = signature.outputs.get(RESULT);
  if (result !== undefined && into.usage.givesResult(template))
    sources.push({ name: result, from: { kind: 'stdout' } });
  return sources;
}

function cacheOf({ notes }: ArgoImport, template: ArgoTemplate): Json | undefined {
  const memoize = field(template.at, 'memoize');
  if (memoize === undefined) return undefined;
  const ttl = durationOf(textIn(memoize, 'maxAge'));
  whole(memoize);
  notes.changed(memoize, {
    construct: 'memoize',
    message: 'the cache goes by the inputs and the source folder, not by a key of yours',
  });
  return ttl === undefined ? true : recordOf([['ttl', ttl]]);
}
