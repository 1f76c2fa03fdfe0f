import { recordOf } from '../cel-text.ts';
import { type Cursor, field, items, textIn, textOf, whole } from '../cursor.ts';
import { document } from '../document.ts';
import { durationOf } from '../duration-text.ts';
import { labelFrom } from '../names.ts';
import { resourcesOf } from '../pod-fields.ts';
import { rewrittenScript } from '../rewritten-script.ts';
import { extensionOf, type ProgramPart, tongueOf } from '../script-text.ts';
import { type SecretSource, secretSourceOf } from '../secret-variable.ts';
import { type Step, taskRun, type Word } from '../task-run.ts';
import { type Reference, tektonParts } from '../text-parts.ts';
import { inputsOf, resultType, type TektonImport } from './importing.ts';
import { type TektonTask, tektonVariable } from './model.ts';

export function taskName(into: TektonImport, task: TektonTask): string {
  return into.taskNames.nameOf(task.name, task.name);
}

/** A Task, with its steps as one script that runs them in their order. */
export function importTask(into: TektonImport, task: TektonTask): void {
  const { notes } = into;
  const name = taskName(into, task);
  const folder = `${into.scriptsFolder}/${name}`;
  const template = field(task.spec, 'stepTemplate');
  const steps = items(field(task.spec, 'steps'));
  const [first] = steps;
  if (first === undefined) {
    notes.lost(task.at, { construct: `task ${task.name}`, message: 'it has no steps' });
  }
  const image = imageOf(into, steps, template);
  const { run, source, files } = taskRun({
    image,
    steps:
      first === undefined
        ? [{ name: 'none', words: [['true']], env: new Map() }]
        : steps.map((at, index) => stepOf(into, task, at, index, template)),
    outputs: task.results.map(({ name: result }) => ({
      name: task.outputName(result),
      from: { kind: 'file', path: [{ variable: resultVariable(task, result) }] },
    })),
    exports: new Map(
      task.results.map(
        ({ name: result }) => [resultVariable(task, result), `result-${task.outputName(result)}`] as const,
      ),
    ),
    folder,
  });
  for (const [file, text] of files) into.scripts.set(`${folder}/${file}`, text);
  for (const { at } of task.results) textIn(at, 'description');
  const inputs = inputsOf(notes, task.parameters, task.inputName);
  const outputs = task.results.map((result) => [task.outputName(result.name), resultType(result)] as const);
  const resources = steps
    .map((at) => resourcesOf(notes, at) ?? resourcesOf(notes, renamed(at)))
    .find((found) => found !== undefined);
  const spec = recordOf([
    ['inputs', inputs.length === 0 ? undefined : recordOf(inputs)],
    ['outputs', outputs.length === 0 ? undefined : recordOf(outputs)],
    ['source', source],
    ['run', run],
    ['resources', resources],
  ]);
  into.definitions.push(document('Task', name, spec, task.at, { description: textIn(task.spec, 'description') }));
}

/** `computeResources`, as v1 has it, stands where `resources` of a container would. */
function renamed(step: Cursor): Cursor | undefined {
  const at = field(step, 'computeResources');
  return at === undefined ? undefined : { ...at, value: { resources: whole(at)! } };
}

function resultVariable(task: TektonTask, result: string): string {
  return `RESULT_${task.outputName(result).toUpperCase()}`;
}

/** The image of all steps; further ones are told, as a task has one. */
function imageOf({ notes }: TektonImport, steps: readonly Cursor[], template: Cursor | undefined): string | undefined {
  const fallback = textIn(template, 'image');
  let image: string | undefined;
  for (const step of steps) {
    const at = field(step, 'image');
    const own = textOf(at) ?? fallback;
    if (own === undefined || own === image) continue;
    if (tektonParts(own).some((part) => part.kind === 'reference')) {
      notes.lost(at ?? step, {
        construct: own,
        message: 'an image is fixed text here',
        instead: 'write one task per image',
      });
    } else if (image === undefined) image = own;
    else {
      notes.lost(at ?? step, {
        construct: `image ${own}`,
        message: `a task has one image, and this one has ${image}`,
        instead: 'use an image that has what all steps need, or make each step a task',
      });
    }
  }
  return image;
}

function stepOf(into: TektonImport, task: TektonTask, at: Cursor, index: number, template: Cursor | undefined): Step {
  const word = (cursor: Cursor): Word => wordOf(into, task, cursor);
  const env = new Map<string, Word>();
  const secrets = new Map<string, SecretSource>();
  for (const variable of [...items(field(template, 'env')), ...items(field(at, 'env'))]) {
    const name = textIn(variable, 'name');
    const value = field(variable, 'value');
    const secret = secretSourceOf(variable);
    if (name !== undefined && secret !== undefined && /^[A-Za-z_]\w*$/.test(name)) secrets.set(name, secret);
    else if (name !== undefined && value !== undefined && /^[A-Za-z_]\w*$/.test(name)) env.set(name, word(value));
    else if (name !== undefined) {
      whole(variable);
      into.notes.lost(variable, {
        construct: `env ${name}`,
        message: 'config maps and fields of the pod are not put into the environment',
        instead: 'write the value out, or keep it as a secret',
      });
    }
  }
  const folder = field(at, 'workingDir') ?? field(template, 'workingDir');
  const name = labelFrom(textIn(at, 'name') ?? `step-${index + 1}`);
  const more = { env, secrets, ...(folder !== undefined && { workingFolder: word(folder) }) };
  const timeout = field(at, 'timeout');
  if (durationOf(textOf(timeout)) !== undefined)
    into.notes.lost(timeout!, {
      construct: 'timeout of a step',
      message: 'a timeout is of the whole task',
      instead: 'set timeout.run of the task',
    });
  const args = items(field(at, 'args'));
  const script = field(at, 'script');
  if (script !== undefined)
    return { name, ...scriptStep(into, task, script), scriptArguments: args.map(word), ...more };
  const command = items(field(at, 'command'));
  const texts = [...(command.length === 0 ? items(field(template, 'command')) : command), ...args];
  const interpreter = textOf(texts[0]) ?? '';
  const inline = texts.findIndex((cursor) => /^-[a-z]*c$/.test(textOf(cursor) ?? ''));
  const code = inline > 0 ? texts[inline + 1] : undefined;
  if (code !== undefined && tongueOf(interpreter) !== undefined && hasVariable(code)) {
    const text = scriptText(into, task, code, interpreter);
    const rest = texts.slice(inline + (tongueOf(interpreter) === 'shell' ? 3 : 2));
    const words = texts.slice(0, inline).map(word);
    return {
      name,
      words,
      script: { text: `${text.trimEnd()}\n`, extension: extensionOf(interpreter) },
      scriptArguments: rest.map(word),
      ...more,
    };
  }
  if (command.length === 0) {
    into.notes.lost(at, {
      construct: `entrypoint of the image of step "${name}"`,
      message: 'the step has no command, and what its image starts is not known here',
      instead: 'write the program before the arguments in run.command',
    });
  }
  return { name, words: texts.length === 0 ? [['true']] : texts.map(word), ...more };
}

/** A script begins with the line that names its interpreter; without one it is of sh, and ends at the first failure. */
function scriptStep(
  into: TektonImport,
  task: TektonTask,
  at: Cursor,
): Pick<Step, 'words'> & { readonly script: NonNullable<Step['script']> } {
  const shebang = /^#!\s*(?:\/usr\/bin\/env\s+(?:-S\s+)?)?(\S+)([^\n]*)/.exec(textOf(at) ?? '');
  const program = (shebang?.[1] ?? 'sh').replace(/^.*\//, '');
  const flags =
    shebang === null
      ? ['-e']
      : (shebang[2] ?? '')
          .trim()
          .split(/\s+/)
          .filter((flag) => flag !== '');
  const text = scriptText(into, task, at, program);
  return { words: [program, ...flags].map((word): Word => [word]), script: { text, extension: extensionOf(program) } };
}

function hasVariable(at: Cursor): boolean {
  return tektonParts(textOf(at) ?? '').some((part) => part.kind === 'reference');
}

function scriptText(into: TektonImport, task: TektonTask, at: Cursor, interpreter: string): string {
  const text = textOf(at) ?? '';
  const parts = tektonParts(text);
  const program = parts.map(
    (part): ProgramPart => (part.kind === 'text' ? part.text : (variablePart(into, task, at, part) ?? part.written)),
  );
  return rewrittenScript(into.notes, at, interpreter, parts, program)?.replaceAll('$$(', '$(') ?? text;
}

function wordOf(into: TektonImport, task: TektonTask, at: Cursor): Word {
  return tektonParts(textOf(at) ?? '').map((part) =>
    part.kind === 'text' ? part.text.replaceAll('$$(', '$(') : (variablePart(into, task, at, part) ?? part.written),
  );
}

const VARIABLES: ReadonlyMap<string, string> = new Map([
  ['context.taskRun.name', 'PIPECTL_EXECUTION'],
  ['context.taskRun.uid', 'PIPECTL_EXECUTION'],
  ['context.task.retry-count', 'PIPECTL_ATTEMPT'],
]);

function variablePart(into: TektonImport, task: TektonTask, at: Cursor, reference: Reference): ProgramPart | undefined {
  const variable = tektonVariable(reference.source);
  const lost = (message: string, instead: string): undefined => {
    into.notes.lost(at, { construct: reference.written, message, instead, range: reference });
    return undefined;
  };
  if (variable.kind === 'parameter') {
    const { name, part } = variable;
    const parameter = task.parameters.find((one) => one.name === name);
    const isText = parameter?.type === 'string' && part.kind === 'whole';
    const key =
      parameter !== undefined && part.kind === 'key' && parameter.keys.includes(part.key) ? part.key : undefined;
    if (isText || key !== undefined) return { variable: `PIPECTL_INPUT_${task.inputName(name, key).toUpperCase()}` };
    if (parameter === undefined) return lost('the task has no such parameter', 'declare it');
    return lost(
      'lists reach a task by its inputs file only',
      `read "${task.inputName(name)}" from the JSON file $PIPECTL_INPUTS`,
    );
  }
  if (variable.kind === 'resultPath' && task.results.some(({ name }) => name === variable.name))
    return { variable: resultVariable(task, variable.name) };
  const path = variable.kind === 'other' ? variable.path : '';
  if (path === 'context.task.name') return task.name;
  const known = VARIABLES.get(path);
  if (known === undefined)
    return lost(
      'a task does not know this',
      INSTEAD.find(([pattern]) => pattern.test(path))?.[1] ?? 'make it an input of the task',
    );
  if (path.endsWith('retry-count'))
    into.notes.changed(at, {
      construct: reference.written,
      message: 'PIPECTL_ATTEMPT counts from 1',
      range: reference,
    });
  return { variable: known };
}

const INSTEAD: readonly (readonly [RegExp, string])[] = [
  [
    /^workspaces/,
    'put files into the source folder of the task; pass values by outputs, and large data by its place in storage',
  ],
  [/^steps/, 'steps run one after another in one script: let them write to files in $TMPDIR'],
];
