import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TaskClosure, WorkflowClosure } from '../../src/compiler/index.ts';
import { IMAGE_CODES, LOCK_CODES } from '../../src/language/diagnostics/image-codes.ts';
import { formatImagesLock, type LockedImage } from '../../src/language/index.ts';
import { checkExamples, runLanguage } from '../language/diagnostics/check-examples.ts';
import {
  type Answer,
  type Commit,
  compileAll as compileCommit,
  compileChange as compileEdit,
  entriesOf,
  PROJECT_TEXT,
} from './commit.ts';

/** Without what lints say: they have tests of their own. */
function unlinted(answer: Answer): Answer {
  return { ...answer, diagnostics: answer.diagnostics.filter(({ code }) => !code.startsWith('PIPE-LINT-')) };
}
const compileAll: typeof compileCommit = (...args) => unlinted(compileCommit(...args));
const compileChange: typeof compileEdit = (...args) => unlinted(compileEdit(...args));

const digest = (digits: string): string => `sha256:${digits.repeat(32)}`;
const PYTHON = 'docker.io/library/python:3.12';
const locked = (image: string, digits = 'a1'): LockedImage => ({ image, digest: digest(digits), of: 'index' });

function task(name: string, image: string | undefined): string {
  const written = image === undefined ? '' : `image: "${image}", `;
  return `kind: Task\nmetadata: { name: ${name} }\nspec: { run: { ${written}command: [run] } }`;
}

const ETL = 'kind: Workflow\nmetadata: { name: etl }\nspec: { nodes: { one: { task: a } } }';

/** Files of definitions by name, and the lock where there is one. */
function commit(files: Readonly<Record<string, readonly string[]>>, lock?: string): Commit {
  const texts = new Map([['pipectl.yaml', PROJECT_TEXT]]);
  for (const [name, documents] of Object.entries(files)) {
    texts.set(`pipelines/${name}.yaml`, `apiVersion: pipectl.dev/v1\n${documents.join('\n---\n')}\n`);
  }
  if (lock !== undefined) texts.set('images.lock', lock);
  return { files: texts, folders: new Map() };
}

function closureOf<K extends 'Task' | 'Workflow'>(answer: Answer, kind: K, name: string) {
  if (answer.kind !== 'compiled') throw new Error(JSON.stringify(answer.diagnostics));
  const found = answer.changed.find((entity) => entity.kind === kind && entity.name === name)?.closure;
  return found as (K extends 'Task' ? TaskClosure : WorkflowClosure) | undefined;
}

const codesOf = ({ diagnostics }: Answer): readonly string[] =>
  diagnostics.map(({ code, span }) => `${code} ${span?.file}:${span?.line}`);

/** Compiles `after` as a change of `before`. */
function change(before: Commit, after: Commit): Answer {
  const base = compileAll(before);
  if (base.kind !== 'compiled') throw new Error(JSON.stringify(base.diagnostics));
  return compileChange(before, base.index, after);
}

describe('examples of images', () => {
  checkExamples(IMAGE_CODES, runLanguage);
});

describe('examples of images.lock', () => {
  checkExamples(LOCK_CODES, (bytes) => {
    const definitions = { all: [task('a', 'python:3.12-slim')] };
    return compileAll(commit(definitions, new TextDecoder().decode(bytes))).diagnostics;
  });
});

describe('an image', () => {
  it.each([
    ['by tag is pinned by its digest', 'python:3.12', `docker.io/library/python@${digest('a1')}`],
    ['in another spelling is the same', 'docker.io/library/python:3.12', `docker.io/library/python@${digest('a1')}`],
    ['by digest stays as it is written', `python:3@${digest('b2')}`, `python:3@${digest('b2')}`],
  ])('%s', (_name, image, expected) => {
    const answer = compileAll(
      commit({ all: [task('a', image), task('b', 'python:3.12'), ETL] }, formatImagesLock([locked(PYTHON)])),
    );
    expect(answer.diagnostics).toEqual([]);
    expect(closureOf(answer, 'Task', 'a')?.run.image).toBe(expected);
    expect(Object.values(closureOf(answer, 'Workflow', 'etl')?.tasks ?? {}).map(({ run }) => run.image)).toEqual([
      expected,
    ]);
  });

  it('stays a tag, without a word, where there is no lock', () => {
    const answer = compileAll(commit({ all: [task('a', 'python:3.12')] }));
    expect(answer.diagnostics).toEqual([]);
    expect(closureOf(answer, 'Task', 'a')?.run.image).toBe('python:3.12');
  });

  it('that the lock lacks is told where it is written', () => {
    const answer = compileAll(commit({ all: [task('a', 'python:3.12')] }, formatImagesLock([])));
    expect(answer.kind).toBe('compiled');
    expect(answer.diagnostics).toMatchObject([
      {
        code: 'PIPE-LOCK-001',
        message: `the image "${PYTHON}" is not in images.lock`,
        span: { file: 'pipelines/all.yaml', line: 4, column: 23 },
      },
    ]);
  });
});

describe('a lock', () => {
  const FILES = { one: [task('a', 'python:3.12'), ETL], two: [task('b', 'alpine'), task('c', undefined)] };
  const ALPINE = 'docker.io/library/alpine:latest';
  const LOCK = [locked(PYTHON), locked(ALPINE, 'b2')];

  it('that changes recompiles the tasks of changed images and what runs them', () => {
    const before = commit(FILES, formatImagesLock(LOCK));
    const answer = change(before, commit(FILES, formatImagesLock([locked(PYTHON, 'c3'), locked(ALPINE, 'b2')])));
    expect(answer.diagnostics).toEqual([]);
    expect(answer.kind === 'compiled' && answer.changed.map(({ kind, name }) => `${kind}/${name}`)).toEqual([
      'Task/a',
      'Workflow/etl',
    ]);
    expect([...answer.filesRead].sort()).toEqual(['images.lock', 'pipelines/one.yaml']);
    expect(closureOf(answer, 'Task', 'a')?.run.image).toContain('c3c3');
  });

  it('that did not change is read for a changed task, and pins it', () => {
    const before = commit(FILES, formatImagesLock(LOCK));
    const files = { ...FILES, two: [task('b', 'alpine'), task('c', 'python:3.12')] };
    const answer = change(before, commit(files, formatImagesLock(LOCK)));
    expect(closureOf(answer, 'Task', 'c')?.run.image).toContain('a1a1');
    expect(answer.diagnostics).toEqual([]);
  });

  it('that is taken away turns images back into tags', () => {
    const answer = change(commit(FILES, formatImagesLock(LOCK)), commit(FILES));
    expect(closureOf(answer, 'Task', 'a')?.run.image).toBe('python:3.12');
    expect(answer.kind === 'compiled' && answer.index.imagesLock).toBe(undefined);
  });

  it('is told of at each task that it lacks when it appears', () => {
    const answer = change(commit(FILES), commit(FILES, formatImagesLock([locked(PYTHON)])));
    expect(codesOf(answer)).toEqual(['PIPE-LOCK-001 pipelines/two.yaml:4']);
  });

  it.each<[string, Readonly<Record<string, readonly string[]>>]>([
    ['the task is gone', { one: FILES.one }],
    ['the task runs another', { ...FILES, two: [task('b', 'python:3.12')] }],
    ['the task is by digest now', { ...FILES, two: [task('b', `alpine@${digest('b2')}`)] }],
  ])('with an image that nothing runs is told of when %s', (_name, files) => {
    const answer = change(commit(FILES, formatImagesLock(LOCK)), commit(files, formatImagesLock(LOCK)));
    expect(codesOf(answer)).toEqual(['PIPE-LOCK-002 images.lock:5']);
    expect(codesOf(compileAll(commit(files, formatImagesLock(LOCK))))).toEqual(codesOf(answer));
  });

  it('that is malformed rejects the commit, and is not told again through the tasks', () => {
    const broken = formatImagesLock(LOCK).replace('index: sha256:a1', 'index: sha256:zz');
    for (const answer of [compileAll(commit(FILES, broken)), change(commit(FILES), commit(FILES, broken))]) {
      expect([answer.kind, codesOf(answer)]).toEqual(['rejected', ['PIPE-LOCK-003 images.lock:6']]);
    }
  });

  it('that is stale is told at the level that the project sets', () => {
    const stale = commit(FILES, formatImagesLock([locked(PYTHON), locked('docker.io/library/busybox:1')]));
    const spec =
      'spec: { lints: { PIPE-LOCK-001: error, PIPE-LOCK-002: "off" }, paths: [pipelines], domains: { production: { ref: main } } }';
    const project = PROJECT_TEXT.replace(/^spec:[\s\S]*/m, spec);
    const files = new Map([...stale.files, ['pipectl.yaml', project]]);
    const answer = compileAll({ ...stale, files });
    expect([answer.kind, codesOf(answer)]).toEqual(['rejected', ['PIPE-LOCK-001 pipelines/two.yaml:4']]);
  });

  it('has no unused images while definitions are broken', () => {
    const files = { one: [task('a', 'python:3.12')], two: [task('b', 'alpine').replace('command', 'comand')] };
    expect(codesOf(compileAll(commit(files, formatImagesLock(LOCK)))).filter((code) => code.includes('LOCK'))).toEqual(
      [],
    );
  });
});

const image = fc.constantFrom(undefined, 'python:3.12', 'alpine', PYTHON, `alpine@${digest('d4')}`);
const locks = fc.option(
  fc.uniqueArray(
    fc.tuple(
      fc.constantFrom(PYTHON, 'docker.io/library/alpine:latest', 'docker.io/library/busybox:1'),
      fc.constantFrom('a1', 'b2'),
    ),
    { selector: ([name]) => name },
  ),
  { nil: undefined },
);
const commits = fc
  .tuple(image, image, fc.boolean(), locks)
  .map(([a, b, hasC, lock]) =>
    commit(
      { one: [task('a', a), ETL], two: [task('b', b), ...(hasC ? [task('c', 'alpine')] : [])] },
      lock && formatImagesLock(lock.map(([name, digits]) => locked(name, digits))),
    ),
  );

describe('compiling a change of images and locks', () => {
  it('gives what compiling everything gives, and tells nothing that it would not', () => {
    fc.assert(
      fc.property(fc.array(commits, { minLength: 2, maxLength: 4 }), (chain) => {
        let base: { readonly commit: Commit; readonly answer: Answer } | undefined;
        for (const next of chain) {
          const full = compileAll(next);
          if (base?.answer.kind === 'compiled') {
            const answer = compileChange(base.commit, base.answer.index, next);
            if (answer.kind !== 'compiled' || full.kind !== 'compiled') throw new Error('a commit does not compile');
            expect(entriesOf(answer.index)).toEqual(entriesOf(full.index));
            expect(answer.index.imagesLock).toBe(full.index.imagesLock);
            expect(codesOf(full)).toEqual(expect.arrayContaining([...codesOf(answer)]));
            if (next.files.get('images.lock') !== base.commit.files.get('images.lock'))
              expect(codesOf(answer)).toEqual(codesOf(full));
            base = { commit: next, answer };
          } else base = { commit: next, answer: full };
        }
      }),
      { numRuns: 150 },
    );
  });
});
