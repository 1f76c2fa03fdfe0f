import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkSegment, diffTreeBytes, parseCommit, parseTree, type TreeEntry } from '../../src/git/index.ts';

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);

type Row = readonly [mode: string, oid: string, name: string];

function treeBytes(rows: readonly Row[]): Buffer {
  return Buffer.concat(
    rows.flatMap(([mode, oid, name]) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, 'hex')]),
  );
}

describe('parseTree', () => {
  it('reads every kind of entry', () => {
    const tree = parseTree(
      treeBytes([
        ['100644', A, 'file'],
        ['40000', A, 'folder'],
        ['120000', B, 'link'],
        ['100755', A, 'run'],
        ['160000', B, 'sub'],
      ]),
    );
    expect(tree.problems).toEqual([]);
    expect(tree.entries.map(({ kind, name, oid }) => [kind, name, oid])).toEqual([
      ['file', 'file', A],
      ['folder', 'folder', A],
      ['symlink', 'link', B],
      ['executable', 'run', A],
      ['gitlink', 'sub', B],
    ]);
  });

  it.each<[string, Row[], string, RegExp]>([
    [
      'two entries of one name',
      [
        ['100644', A, 'a'],
        ['100644', B, 'a'],
      ],
      'forged',
      /twice/,
    ],
    [
      'entries out of order',
      [
        ['100644', A, 'b'],
        ['100644', B, 'a'],
      ],
      'forged',
      /order/,
    ],
    ['a slash', [['100644', A, 'a/b']], 'forged', /slash/],
    [
      'a case clash',
      [
        ['100644', A, 'README'],
        ['100644', B, 'readme'],
      ],
      'unportable',
      /README/,
    ],
    [
      'a Unicode form clash',
      [
        ['100644', A, 'e\u0301'],
        ['100644', B, '\u00e9'],
      ],
      'unportable',
      /form/,
    ],
  ])('tells %s', (_name, rows, severity, reason) => {
    expect(parseTree(treeBytes(rows)).problems).toContainEqual(
      expect.objectContaining({ severity, reason: expect.stringMatching(reason) }),
    );
  });

  it('takes a folder and a file as git orders them', () => {
    expect(
      parseTree(
        treeBytes([
          ['100644', A, 'a.b'],
          ['40000', A, 'a'],
          ['100644', A, 'a0'],
        ]),
      ).problems,
    ).toEqual([]);
  });

  it.each([
    ['no end of the name', Buffer.from('100644 abc')],
    ['a short id', Buffer.from('100644 abc\0short')],
    ['an unknown mode', treeBytes([['010000', A, 'pipe']])],
    ['a padded mode', treeBytes([['040000', A, 'folder']])],
  ])('calls %s forged', (_name, bytes) => {
    expect(parseTree(bytes).problems).toContainEqual(expect.objectContaining({ reason: 'is no tree entry' }));
  });

  it('finishes on any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void parseTree(bytes)));
  });
});

describe('checkSegment', () => {
  it.each(['a', 'a.yaml', '.gitignore', '.github', 'git', 'été', '日本', 'with space', '...', '-u', '__proto__'])(
    'takes %j',
    (name) => expect(checkSegment(name)).toBeUndefined(),
  );
  it.each([
    '',
    '.',
    '..',
    '/etc',
    '.git',
    '.GIT',
    '.Git ',
    '.git.',
    'git~1',
    'GIT~1',
    '.g\u200cit',
    '.git\u200d',
    '.git::$INDEX_ALLOCATION',
    'a\\.git\\config',
  ])('calls %j forged', (name) => expect(checkSegment(name)?.severity).toBe('forged'));
  it.each(['a\nb', 'a\\b', '\u001b[31m', 'a\u202eb', 'x'.repeat(5_000), 'bad\ufffd'])('calls %j unportable', (name) =>
    expect(checkSegment(name)?.severity).toBe('unportable'),
  );
});

describe('diffTreeBytes', () => {
  const oid = fc.constantFrom(A, B, 'c'.repeat(40), '0'.repeat(40), '31303036343420'.padEnd(40, '0'));
  const row = fc.record({ oid, isFolder: fc.boolean() });
  const folder = fc.dictionary(fc.stringMatching(/^[a-c0.é-]{1,4}$/), row, { maxKeys: 12 });

  function rowsOf(entries: Record<string, { oid: string; isFolder: boolean }>): Row[] {
    return Object.entries(entries)
      .filter(([name]) => checkSegment(name) === undefined)
      .map(([name, value]): Row => [value.isFolder ? '40000' : '100644', value.oid, name])
      .sort((a, b) => Buffer.compare(sortKey(a), sortKey(b)));
  }

  function sortKey([mode, , name]: Row): Buffer {
    return Buffer.from(mode === '40000' ? `${name}/` : name);
  }

  it('finds exactly what a full comparison finds', () => {
    fc.assert(
      fc.property(folder, folder, fc.boolean(), (left, right, related) => {
        const before = treeBytes(rowsOf(left));
        const after = treeBytes(rowsOf(related ? { ...left, ...right } : right));
        expect(plain(diffTreeBytes(before, after) ?? [])).toEqual(fullDiff(before, after));
      }),
      { numRuns: 2_000 },
    );
  });

  it('answers undefined for damaged bytes', () => {
    expect(diffTreeBytes(treeBytes([['100644', A, 'a']]), Buffer.from('garbage'))).toBeUndefined();
  });

  type Line = string;
  function plain(changes: NonNullable<ReturnType<typeof diffTreeBytes>>): Line[] {
    return changes.flatMap(({ before, after }) => sides(before, after)).sort();
  }
  function sides(before?: TreeEntry, after?: TreeEntry): Line[] {
    return [...(before ? [`- ${print(before)}`] : []), ...(after ? [`+ ${print(after)}`] : [])];
  }
  function print(entry: TreeEntry): string {
    return `${entry.kind} ${entry.oid} ${entry.name}`;
  }
  function fullDiff(before: Buffer, after: Buffer): Line[] {
    const left = parseTree(before).entries.map(print);
    const right = parseTree(after).entries.map(print);
    return [
      ...left.filter((entry) => !right.includes(entry)).map((entry) => `- ${entry}`),
      ...right.filter((entry) => !left.includes(entry)).map((entry) => `+ ${entry}`),
    ].sort();
  }
});

describe('parseCommit', () => {
  const head = `tree ${A}\nparent ${B}\nauthor Ada <a@b> 1700000000 +0100\ncommitter Ada <a@b> 1700000060 +0100\n`;
  it('reads a commit', () => {
    expect(parseCommit(Buffer.from(`${head}\nFirst line\n\nBody\n`))).toEqual({
      tree: A,
      parents: [B],
      author: 'Ada <a@b>',
      committedAt: '2023-11-14T22:14:20Z',
      subject: 'First line',
    });
  });
  it.each([
    ['a year past 9999', `${head.replace('1700000060', '99999999999999')}\n`, '9999-12-31T23:59:59Z'],
    ['a time before 1970', `${head.replace('1700000060', '-5')}\n`, '1970-01-01T00:00:00Z'],
    ['a time that is none', `${head.replace('1700000060 +0100', 'soon')}\n`, '1970-01-01T00:00:00Z'],
  ])('bounds %s', (_name, text, committedAt) => {
    expect(parseCommit(Buffer.from(text))?.committedAt).toBe(committedAt);
  });
  it.each(['', 'tree x\n\n', `tree ${A}\n\n`, `${head.replace(B, 'x')}\n`])('refuses %j', (text) => {
    expect(parseCommit(Buffer.from(text))).toBeUndefined();
  });
  it('finishes on any text', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseCommit(Buffer.from(head + text))));
  });
});
