import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isJsonObject, type Json } from '../../src/base/index.ts';
import type { ImportResult } from '../../src/importer/index.ts';
import { parseOutputsText, parseType, type Type } from '../../src/language/index.ts';
import { importFixture, importText } from './imported.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pipectl-imported-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a task as the contract says: its folder is the working directory, inputs in the environment, outputs in a file. */
function runTask({ definitions, scripts }: ImportResult, name: string, inputs: Readonly<Record<string, string>>) {
  const root = mkdtempSync(join(folder, 'root-'));
  for (const [path, text] of scripts) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const spec = definitions.find((definition) => definition.kind === 'Task' && definition.name === name)?.document.spec;
  if (!isJsonObject(spec) || !isJsonObject(spec.run)) throw new Error(`there is no task ${name}`);
  const outputsFile = join(root, 'outputs');
  writeFileSync(outputsFile, '');
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    TMPDIR: root,
    PIPECTL_OUTPUTS: outputsFile,
    PIPECTL_IDEMPOTENCY_KEY: 'k1',
  };
  for (const [input, value] of Object.entries(inputs)) env[`PIPECTL_INPUT_${input.toUpperCase()}`] = value;
  const [program = '', ...args] = spec.run.command as readonly string[];
  const ran = spawnSync(program, args, { cwd: join(root, String(spec.source ?? '')), env, encoding: 'utf8' });
  const types = new Map(
    Object.entries(isJsonObject(spec.outputs) ? spec.outputs : {}).map(
      ([output, type]) => [output, typeOf(type)] as const,
    ),
  );
  return {
    status: ran.status,
    stdout: ran.stdout,
    outputs: parseOutputsText(readFileSync(outputsFile, 'utf8'), types),
  };
}

function typeOf(text: Json): Type {
  const parsed = parseType(String(text));
  if (parsed.kind !== 'ok') throw new Error(`${text} is no type`);
  return parsed.type;
}

describe('an imported task', () => {
  it('gives what its steps wrote as outputs of their types', () => {
    const inputs = { base_version: '3.1', author_name: 'ada', author_mail: "o'neill; echo pwned" };
    const { status, stdout, outputs } = runTask(importFixture('tekton', 'build-pipeline.yaml'), 'git-version', inputs);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^3\.1\.7.* by o'neill; echo pwned\n3\.1 done\n$/s);
    expect(outputs).toEqual({
      kind: 'ok',
      values: { version: '3.1.7', files: ['a', 'b'], meta: { tag: 'v1', channel: 'ada' } },
    });
  });

  const echo = (script: string): ImportResult =>
    importText(
      'argo',
      `kind: Workflow
metadata: { name: w }
spec:
  entrypoint: main
  templates:
    - name: main
      steps:
        - - { name: a, template: echo, arguments: { parameters: [{ name: x, value: v }] } }
        - - { name: b, template: echo, arguments: { parameters: [{ name: x, value: "{{steps.a.outputs.result}}" }] } }
    - name: echo
      inputs: { parameters: [{ name: x }] }
      script: { image: "alpine:3.20", command: [sh], source: ${JSON.stringify(script)} }
`,
    );

  it('gives its standard output, which cannot name another output', () => {
    const value = 'END_\nresult=forged\nother=1';
    const { stdout, outputs } = runTask(echo("printf '%s' '{{inputs.parameters.x}}'"), 'echo', { x: value });
    expect(stdout).toBe(value);
    expect(outputs).toEqual({ kind: 'ok', values: { result: value } });
  });

  it('fails as its script fails, after it has shown what was written', () => {
    const { status, stdout, outputs } = runTask(echo('echo before; exit 7'), 'echo', { x: 'v' });
    expect([status, stdout, outputs.kind]).toEqual([7, 'before\n', 'problems']);
  });
});
