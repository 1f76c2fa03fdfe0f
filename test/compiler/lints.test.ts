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

describe('examples of policies', () => {
  checkExamples(POLICY_CODES, asFile);
});

describe('examples of levels', () => {
  checkExamples(LEVEL_CODES, asRoot);
});
