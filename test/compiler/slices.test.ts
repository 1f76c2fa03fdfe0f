import { describe, expect, it } from 'vitest';
import { compile, compileInSlices } from '../../src/compiler/index.ts';

const PROJECT = `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: p }
spec: { paths: [p], domains: { production: { ref: main } } }
`;

function task(index: number): string {
  return `---\napiVersion: pipectl.dev/v1\nkind: Task\nmetadata: { name: t${index} }\nspec: { run: { command: [sh, -c, "true"] } }\n`;
}

const RULES = Array.from(
  { length: 4 },
  (_none, index) =>
    `    - { name: r${index}, match: { kinds: [Task] }, assert: "object.metadata.name != ''", message: m }\n`,
).join('');
const POLICY = `---\nkind: Policy\nmetadata: { name: rules }\nspec:\n  rules:\n${RULES}`;

function requestOf(text: string) {
  const encoder = new TextEncoder();
  const texts = new Map([
    ['a'.repeat(40), encoder.encode(PROJECT)],
    ['b'.repeat(40), encoder.encode(text)],
  ]);
  const files = new Map([
    ['pipectl.yaml', 'a'.repeat(40)],
    ['p/all.yaml', 'b'.repeat(40)],
  ]);
  return { files, texts, trees: new Map(), changedFolders: new Set<string>() };
}

describe('a compilation in slices', () => {
  const tasks = Array.from({ length: 30 }, (_none, index) => task(index)).join('');

  it('comes out as one in one go, however it is interrupted', () => {
    const request = requestOf(tasks + POLICY);
    const slices = compileInSlices(request);
    let count = 0;
    let next = slices.next();
    for (; next.done !== true; next = slices.next()) count += 1;
    expect(next.value.kind).toBe('compiled');
    expect(JSON.stringify(next.value)).toBe(JSON.stringify(compile(requestOf(tasks + POLICY))));
    // Each of 31 definitions is compiled and linted, and each of 30 tasks judged by four rules.
    expect(count).toBe(31 + 31 + 30 * 4);
  });
});

describe('a long workflow', () => {
  const nodes = Array.from({ length: 2_000 }, (_none, index) =>
    index === 0
      ? '    n0: { compute: { v: "${{ inputs.n }}" } }\n'
      : `    n${index}: { compute: { v: "\${{ nodes.n${index - 1}.outputs.v + 1 }}" } }\n`,
  ).join('');
  const text = `apiVersion: pipectl.dev/v1\nkind: Workflow\nmetadata: { name: long }\nspec:\n  inputs: { n: integer }\n  nodes:\n${nodes}`;

  it('can be interrupted inside, and comes out the same', () => {
    const slices = compileInSlices(requestOf(text));
    let count = 0;
    let next = slices.next();
    for (; next.done !== true; next = slices.next()) count += 1;
    expect(next.value.kind).toBe('compiled');
    expect(JSON.stringify(next.value)).toBe(JSON.stringify(compile(requestOf(text))));
    // Its expressions are read, and then typed, some hundred nodes at a time.
    expect(count).toBeGreaterThan(2 * Math.floor(2_000 / 256));
  });
});
