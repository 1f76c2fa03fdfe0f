import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_IMPORT_ITEMS, MAX_IMPORT_NOTES, MAX_IMPORT_TEMPLATES } from '../../src/base/index.ts';
import { errorsOf, fixtures, importText, type System } from './imported.ts';

const SYSTEMS: readonly System[] = ['argo', 'tekton'];
const TEXTS = SYSTEMS.flatMap((system) =>
  fixtures(system).map((file) => ({
    system,
    text: readFileSync(join(import.meta.dirname, 'fixtures', system, file), 'utf8'),
  })),
);
const WORDS = [
  '__proto__',
  'constructor',
  '{{',
  '}}',
  '$(',
  ')',
  '{{=',
  "'",
  '"',
  '[]',
  '{}',
  'null',
  '- ',
  '~',
  '\n',
  ': ',
  '${{ inputs.x }}',
  '1e400',
  '0777',
];

describe('an import', () => {
  it('ends with an answer for texts that are slightly wrong', () => {
    const change = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      cut: fc.nat(12),
      word: fc.constantFrom(...WORDS),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...TEXTS),
        fc.array(change, { minLength: 1, maxLength: 4 }),
        ({ system, text }, changes) => {
          let mutated = text;
          for (const { at, cut, word } of changes) {
            const place = Math.floor(at * mutated.length);
            mutated = mutated.slice(0, place) + word + mutated.slice(place + cut);
          }
          const { definitions, notes, diagnostics } = importText(system, mutated);
          expect(definitions.length + notes.length + diagnostics.length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('reads through the gate that definitions go through', () => {
    for (const system of SYSTEMS) {
      expect(importText(system, '['.repeat(60_000)).diagnostics[0]?.code).toBe('PIPE-YAML-006');
      expect(importText(system, 'a: &x [1]\nb: *x\n').diagnostics[0]?.code).toBe('PIPE-YAML-012');
      expect(importText(system, Buffer.from([0xff, 0xfe, 0x00])).diagnostics[0]?.code).toBe('PIPE-YAML-002');
      expect(importText(system, 'a'.repeat(2 ** 21)).diagnostics[0]?.code).toBe('PIPE-YAML-001');
    }
  });

  it('takes names of every kind as names', () => {
    const result = importText(
      'argo',
      `kind: Workflow
metadata: { name: constructor }
spec:
  entrypoint: __proto__
  arguments: { parameters: [{ name: __proto__, value: a }] }
  templates:
    - name: __proto__
      steps:
        - - { name: toString, template: constructor, arguments: { parameters: [{ name: hasOwnProperty, value: "{{workflow.parameters.__proto__}}" }] } }
    - name: constructor
      inputs: { parameters: [{ name: hasOwnProperty }] }
      container: { image: "alpine:3.20", command: [echo, "{{inputs.parameters.hasOwnProperty}}"] }
`,
    );
    expect(errorsOf(result)).toEqual([]);
    expect(result.notes).toEqual([]);
    expect(result.definitions.map(({ name }) => name)).toEqual(['constructor', 'constructor']);
  });

  it('keeps what looks like an expression of ours as text', () => {
    const result = importText(
      'argo',
      `kind: Workflow
metadata: { name: text }
spec:
  entrypoint: main
  templates:
    - name: main
      inputs: { parameters: [{ name: a, value: "\${{ inputs.secret }}" }] }
      container: { image: "alpine:3.20", command: [echo, "\${{ inputs.secret }}"] }
`,
    );
    expect(errorsOf(result)).toEqual([]);
    expect([...result.scripts.values()].join('')).toContain("exec echo '${{ inputs.secret }}'");
  });

  it('bounds what it writes out', () => {
    const list = `[${Array.from({ length: 300 }, (_, at) => at).join(', ')}]`;
    const result = importText(
      'tekton',
      `kind: Task
metadata: { name: t }
spec: { params: [{ name: a }, { name: b }], steps: [{ image: "x:1", command: ["true"] }] }
---
kind: Pipeline
metadata: { name: p }
spec:
  tasks:
    - name: big
      taskRef: { name: t }
      matrix: { params: [{ name: a, value: ${list} }, { name: b, value: ${list} }] }
`,
    );
    expect(result.notes.map(({ message }) => message)).toContain(
      `at most ${MAX_IMPORT_ITEMS} elements are written out`,
    );
  });

  it('bounds templates and notes', () => {
    const templates = Array.from(
      { length: MAX_IMPORT_TEMPLATES + 50 },
      (_, at) => `    - { name: t${at}, x: 1, container: { image: "a:1", command: [a], y: 1 } }`,
    );
    const result = importText(
      'argo',
      `kind: Workflow\nmetadata: { name: many }\nspec:\n  entrypoint: t0\n  templates:\n${templates.join('\n')}\n`,
    );
    expect(result.definitions.filter(({ kind }) => kind === 'Task')).toHaveLength(MAX_IMPORT_TEMPLATES);
    expect(result.notes).toHaveLength(MAX_IMPORT_NOTES);
    expect(result.moreNotes).toBeGreaterThan(0);
  });

  it('leaves out a workflow that runs itself, also by way of another', () => {
    const result = importText(
      'argo',
      `kind: Workflow
metadata: { name: round }
spec:
  entrypoint: a
  templates:
    - { name: a, steps: [[{ name: to-b, template: b }], [{ name: last, template: leaf }]] }
    - { name: b, dag: { tasks: [{ name: to-a, template: a }] } }
    - { name: leaf, container: { image: "a:1", command: [a] } }
`,
    );
    expect(errorsOf(result)).toEqual([]);
    expect(result.notes.map(({ construct }) => construct)).toContain('node to-b');
  });
});
