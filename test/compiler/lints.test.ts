import { describe, expect, it } from 'vitest';
import { LEVEL_CODES, LINT_CODES } from '../../src/language/diagnostics/lint-codes.ts';
import { POLICY_CODES } from '../../src/language/diagnostics/policy-codes.ts';
import { checkExamples, type ExampleRunner } from '../language/diagnostics/check-examples.ts';
import { type Answer, compileAll } from './commit.ts';

const folders = new Map([['tasks', 'a'.repeat(40)]]);

function project(lints = ''): string {
  return `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: ticketing }
spec: { paths: [pipelines], domains: { production: { ref: main } }, lints: { ${lints} } }
`;
}

/** Compiles one file, under these levels. */
function lint(text: string, lints?: string): Answer {
  const files = new Map([
    ['pipectl.yaml', project(lints)],
    ['pipelines/all.yaml', text.startsWith('apiVersion') ? text : `apiVersion: pipectl.dev/v1\n${text}`],
  ]);
  return compileAll({ files, folders });
}

/** Findings as `code@line`, in order. */
function told(text: string, lints?: string): readonly string[] {
  return lint(text, lints).diagnostics.map(({ code, span }) => `${code}@${span?.line}`);
}

const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const asFile: ExampleRunner = (bytes) => lint(decode(bytes)).diagnostics;
const asRoot: ExampleRunner = (bytes) =>
  compileAll({ files: new Map([['pipectl.yaml', decode(bytes)]]), folders }).diagnostics;

describe('examples of lints', () => {
  checkExamples(
    LINT_CODES.filter(({ isOffByDefault }) => isOffByDefault !== true),
    asFile,
  );
});

describe('examples of lints that are off by default', () => {
  const off = LINT_CODES.filter(({ isOffByDefault }) => isOffByDefault === true);
  checkExamples(off, (bytes) => lint(decode(bytes), off.map(({ code }) => `${code}: warning`).join(', ')).diagnostics);
  it.each(off)('$code says nothing of itself', ({ wrong }) => {
    expect(told(wrong)).toEqual([]);
  });
});

describe('retries of a task that is not idempotent', () => {
  const task = `kind: Task\nmetadata: { name: pay }\nspec: { idempotent: false, run: { command: [sh, -c, "true"] } }\n---\n`;
  const workflow = (nodes: string, more = ''): string =>
    `${task}kind: Workflow\nmetadata: { name: w }\nspec:\n  inputs: { b: boolean }\n${more}  nodes:\n    n: ${nodes}\n`;
  const asked = `when: "\${{ inputs.b }}"`;

  it.each([
    ['a node', workflow('{ task: pay, retries: 2, ASKED }'), ['PIPE-LINT-008@11']],
    ['a branch', workflow('{ switch: [{ ASKED, then: { task: pay, retries: 2 } }] }'), ['PIPE-LINT-008@11']],
    [
      'the other branch',
      workflow('{ switch: [{ ASKED, then: { task: pay } }], else: { task: pay, retries: 1 } }'),
      ['PIPE-LINT-008@11'],
    ],
    [
      'the failure handler',
      workflow('{ task: pay, ASKED }', '  onFailure: { task: pay, retries: 1 }\n'),
      ['PIPE-LINT-008@10'],
    ],
    ['none of them', workflow('{ switch: [{ ASKED, then: { task: pay } }], else: { task: pay } }'), []],
  ])('are told of %s', (_name, text, codes) => {
    const found = told(text.replaceAll('ASKED', asked));
    expect(found.filter((line) => line.includes('LINT-008'))).toEqual(codes);
    expect(found.filter((line) => !/LINT|NODE-001/.test(line))).toEqual([]);
  });
});

describe('examples of policies', () => {
  checkExamples(POLICY_CODES, asFile);
});

describe('examples of levels', () => {
  checkExamples(LEVEL_CODES, asRoot);
});
