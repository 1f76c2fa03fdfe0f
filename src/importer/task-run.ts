import type { Json } from '../base/index.ts';
import { recordOf } from './cel-text.ts';
import type { ProgramPart } from './script-text.ts';
import type { SecretSource } from './secret-variable.ts';

/** A word of a command line, or the value of a variable: text and environment variables. */
export type Word = readonly ProgramPart[];

/** One program that a task runs. */
export interface Step {
  readonly name: string;
  /** The program and its arguments; for a script, its interpreter. */
  readonly words: readonly Word[];
  readonly script?: { readonly text: string; readonly extension: string };
  /** Arguments after the script. */
  readonly scriptArguments?: readonly Word[];
  readonly env: ReadonlyMap<string, Word>;
  /** Variables that are secrets: all of the task gets them. */
  readonly secrets?: ReadonlyMap<string, SecretSource>;
  readonly workingFolder?: Word;
}

/** Where an output's text comes from. */
export interface OutputSource {
  readonly name: string;
  readonly from:
    | { readonly kind: 'stdout' }
    | { readonly kind: 'file'; readonly path: Word; readonly fallback?: string };
}

export interface TaskRun {
  /** Of a Task's spec. */
  readonly run: { readonly [key: string]: Json };
  readonly source?: string;
  /** Files by name, for the source folder. */
  readonly files: ReadonlyMap<string, string>;
}

export interface TaskRunRequest {
  readonly image: string | undefined;
  readonly steps: readonly Step[];
  readonly outputs: readonly OutputSource[];
  /** Variables of all steps that name files to be made, as Tekton's results: exported first. */
  readonly exports: ReadonlyMap<string, string>;
  /** The folder that the files will be in, from the root of the repository. */
  readonly folder: string;
}

/** Steps → a command as plain text. What needs a variable, an output or a second step gets a shell script around it. */
export function taskRun(request: TaskRunRequest): TaskRun {
  const { image, steps, outputs, exports, folder } = request;
  const files = new Map<string, string>();
  for (const step of steps) if (step.script !== undefined) files.set(scriptName(step, steps), step.script.text);
  const [only] = steps;
  const isPlain =
    steps.length === 1 &&
    outputs.length === 0 &&
    exports.size === 0 &&
    only?.workingFolder === undefined &&
    isConstant(only!);
  const secrets = steps.flatMap((step) =>
    [...(step.secrets ?? [])].map(([name, secret]) => [name, { secret }] as const),
  );
  const env = { ...(isPlain ? constantEnv(only!) : {}), ...recordOf(secrets) };
  const command = isPlain ? commandWords(only!, steps).map(constantText) : ['sh', 'run.sh'];
  if (!isPlain) files.set('run.sh', runScript(request));
  const run = recordOf([
    ['image', image],
    ['command', command],
    ['env', Object.keys(env).length === 0 ? undefined : env],
  ]);
  return files.size === 0 ? { run, files } : { run, source: `${folder}/`, files };
}

function isConstant({ words, env, scriptArguments = [] }: Step): boolean {
  return [...words, ...scriptArguments, ...env.values()].every(
    (word) => word.every((part) => typeof part === 'string') && !constantText(word).includes('${{'),
  );
}

function constantText(word: Word): string {
  return word.join('');
}

function constantEnv({ env }: Step): { readonly [key: string]: Json } {
  return recordOf([...env].map(([name, word]) => [name, constantText(word)] as const));
}

function commandWords(step: Step, steps: readonly Step[]): readonly Word[] {
  if (step.script === undefined) return step.words;
  return [...step.words, [scriptName(step, steps)], ...(step.scriptArguments ?? [])];
}

function scriptName(step: Step, steps: readonly Step[]): string {
  const extension = step.script?.extension ?? '';
  return steps.length === 1 ? `main${extension}` : `${steps.indexOf(step) + 1}-${step.name}${extension}`;
}

const OUTPUT_FUNCTION = `# The end word is the attempt's own, so that no text can end early and name another output.
output() {
  end="END_$PIPECTL_IDEMPOTENCY_KEY"
  printf '%s<<%s\\n%s\\n%s\\n' "$1" "$end" "$2" "$end" >>"$PIPECTL_OUTPUTS"
}
`;
const STDOUT = '"${TMPDIR:-/tmp}/stdout"';

function runScript({ steps, outputs, exports }: TaskRunRequest): string {
  const lines = ['#!/bin/sh', 'set -eu'];
  if (outputs.length > 0) lines.push(OUTPUT_FUNCTION.trimEnd());
  for (const [name, path] of exports) lines.push(`export ${name}="\${TMPDIR:-/tmp}/${path}"`);
  const takesStdout = outputs.some(({ from }) => from.kind === 'stdout');
  for (const step of steps)
    lines.push(...stepLines(step, steps, takesStdout, steps.length === 1 && outputs.length === 0));
  for (const { name, from } of outputs) {
    if (from.kind === 'stdout') lines.push(`output ${name} "$(cat ${STDOUT})"`);
    else if (from.fallback === undefined) lines.push(`output ${name} "$(cat ${quoted(from.path)})"`);
    else
      lines.push(`output ${name} "$(cat ${quoted(from.path)} 2>/dev/null || printf '%s' ${quoted([from.fallback])})"`);
  }
  return `${lines.join('\n')}\n`;
}

function stepLines(step: Step, steps: readonly Step[], takesStdout: boolean, isLast: boolean): readonly string[] {
  const lines: string[] = steps.length > 1 ? [`# ${step.name}`] : [];
  const words = commandWords(step, steps).map((word, at) =>
    // The folder is left below, so the script's own name must hold from anywhere.
    step.workingFolder !== undefined && step.script !== undefined && at === step.words.length
      ? `"$source/${constantText(word)}"`
      : quoted(word),
  );
  const assignments = [...step.env].map(([name, word]) => `export ${name}=${quoted(word)}`);
  const command = words.join(' ');
  if (step.workingFolder === undefined && step.env.size === 0) {
    lines.push(...commandLines(command, takesStdout, isLast));
    return lines;
  }
  if (step.workingFolder !== undefined && step.script !== undefined) lines.push('source="$PWD"');
  // A subshell keeps folder and variables of one step from the next; an assignment may refer to the one before.
  const folder = step.workingFolder === undefined ? [] : [`cd ${quoted(step.workingFolder)}`];
  const inner = [...assignments, ...folder, `exec ${command}`].map((line) => `  ${line}`).join('\n');
  lines.push(...commandLines(`(\n${inner}\n)`, takesStdout, false));
  return lines;
}

function commandLines(command: string, takesStdout: boolean, isLast: boolean): readonly string[] {
  if (!takesStdout) return [isLast ? `exec ${command}` : command];
  return ['status=0', `${command} >${STDOUT} || status=$?`, `cat ${STDOUT}`, '[ "$status" -eq 0 ] || exit "$status"'];
}

/** A word as one shell word, whatever it holds. */
export function quoted(word: Word): string {
  let written = '';
  let plain = '';
  for (const part of word) {
    if (typeof part === 'string') plain += part;
    else {
      written += `${quotedText(plain)}"\${${part.variable}}"`;
      plain = '';
    }
  }
  return `${written}${quotedText(plain)}` || "''";
}

function quotedText(text: string): string {
  if (text === '' || /^[A-Za-z0-9_./:=@%+,-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
