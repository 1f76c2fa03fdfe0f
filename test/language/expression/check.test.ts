import { describe, expect, it } from 'vitest';
import { compileExpression } from '../../../src/language/expression/index.ts';
import { typeOf, types } from './scope.ts';

/** What is wrong, at which part of the source, and the help. */
function wrong(source: string, expected?: string) {
  const result = compileExpression(source, types, expected === undefined ? undefined : typeOf(expected));
  if (result.kind === 'ok') return undefined;
  const { kind, message, start, end, help } = result.problem;
  return { kind, message, at: source.slice(start, end), help };
}

describe('what is wrong with an expression', () => {
  it.each([
    ['inputs.y', 'name', 'inputs.y', 'there is no input "y"'],
    ['has(inputs.zz)', 'name', 'inputs.zz', 'there is no input "zz"'],
    ['inputs.constructor', 'name', 'inputs.constructor', 'there is no input "constructor"'],
    ['1 + nodes.my-nod.outputs.x', 'name', 'nodes.my-nod', 'there is no node "my-nod"'],
    ['nodes.my-node.outputs.y', 'name', 'nodes.my-node.outputs.y', 'node "my-node" has no output "y"'],
    ['nodes.my-node.status', 'name', 'nodes.my', 'there is no node "my"'],
    ['nodes.if.outputs', 'ok', '', ''],
    ['nodes["if"].status', 'name', 'nodes["if"].status', 'a node has no "status"'],
    ['nodes[inputs.s].outputs.x', 'type', 'inputs.s', 'must be written out'],
    ['nodes', 'name', 'nodes', '"nodes" is not a value'],
    ['item', 'name', 'item', 'there is no "item" here'],
    ['inputs.r.c', 'name', 'inputs.r.c', 'there is no field "c" in { a: integer, b?: string }'],
    ['inputs.t.map(row, row.town)', 'name', 'row.town', 'there is no field "town"'],
    ['sizee(inputs.s)', 'name', 'sizee(inputs.s)', 'there is no function "sizee"'],
    ['cel.bind(a, 1, a)', 'name', 'cel.bind(a, 1, a)', 'there is no function "bind"'],
    ['inputs.s + 1', 'type', 'inputs.s + 1', 'between string and integer'],
    ['inputs.o + 1', 'type', 'inputs.o + 1', 'between integer? and integer'],
    ['inputs.o.orValue("a")', 'type', '"a"', 'the default must be integer'],
    ['inputs.x.orValue(1)', 'type', 'inputs.x', 'this is never null'],
    ['default(inputs.x, 1)', 'type', 'inputs.x', 'this is never null'],
    ['default(inputs.o)', 'type', 'default(inputs.o)', 'default takes a value and one default'],
    ['inputs.s.format([1])', 'type', 'inputs.s', 'the format must be written out'],
    ['"%s %s".format([1])', 'type', '"%s %s".format([1])', 'has 2 clauses, and 1 values are given'],
    ['"%d".format([inputs.f])', 'type', 'inputs.f', '%d takes an integer; this is float'],
    ['"%.1f".format([inputs.s])', 'type', 'inputs.s', '%f takes a number; this is string'],
    ['"%s".format([inputs.xs])', 'type', 'inputs.xs', '%s takes a scalar; this is list<integer>'],
    ['"%q".format([1])', 'type', '"%q"', '"%q" is not a clause'],
    ['"%".format([])', 'type', '"%"', '"%" is not a clause'],
    ['"%.99f".format([1])', 'type', '"%.99f"', 'has more than 20 digits'],
    ['inputs.s < 1', 'type', 'inputs.s < 1', 'string and integer have no order'],
    ['inputs.s == 1', 'type', 'inputs.s == 1', 'string is never equal to integer'],
    ['"a" in inputs.xs', 'type', '"a" in inputs.xs', 'string is never in list<integer>'],
    ['!inputs.x', 'type', '!inputs.x', 'takes a boolean'],
    ['-inputs.s', 'type', '-inputs.s', 'takes a number'],
    ['inputs.x && inputs.yes', 'type', 'inputs.x', '"&&" takes booleans'],
    ['inputs.x ? 1 : 2', 'type', 'inputs.x', 'a condition must be boolean'],
    ['inputs.yes ? 1 : "a"', 'type', 'inputs.yes ? 1 : "a"', 'both branches must have one type'],
    ['[1, "a"]', 'type', '"a"', 'the elements of a list have one type'],
    ['{"a": 1, "a": 2}', 'type', '"a"', 'stands twice'],
    ['{inputs.s: 1}', 'type', 'inputs.s', 'a key must be a string literal'],
    ['[]', 'type', '[]', 'nothing tells the type of an empty list'],
    ['inputs.xs.map(a.b, 1)', 'syntax', '', 'variable'],
    ['inputs.x.map(a, a)', 'type', 'inputs.x', 'loops over a list or a map'],
    ['inputs.xs.filter(a, a)', 'type', 'a', 'the condition must be boolean'],
    ['inputs.xs["a"]', 'type', 'inputs.xs["a"]', 'a list has no field'],
    ['inputs.s.x', 'type', 'inputs.s.x', 'string has no fields'],
    ['size(inputs.x)', 'type', 'size(inputs.x)', 'size(integer) has no meaning'],
    ['inputs.s.matches(inputs.s)', 'forbidden', 'inputs.s', 'must be a string literal'],
    ['inputs.s.matches("(a")', 'type', '"(a"', 'not RE2 syntax'],
    ['inputs.s.matches("(a)\\\\1")', 'type', '"(a)\\\\1"', 'not RE2 syntax'],
    ['1u + 1u', 'forbidden', '1u', 'not types of pipectl'],
    ['b"a"', 'forbidden', '', 'not types of pipectl'],
    ['9223372036854775808', 'type', '9223372036854775808', 'does not fit a 64-bit integer'],
    ['1 +', 'syntax', '', 'the end of the expression'],
    ['(1', 'syntax', '', 'expected ")"'],
    ['a b', 'syntax', 'b', 'unexpected'],
    ['"a', 'syntax', '"a', 'unterminated string'],
  ])('%s', (source, kind, at, message) => {
    const found = wrong(source);
    if (kind === 'ok') expect(found).toBeUndefined();
    else {
      expect(found).toMatchObject({ kind, message: expect.stringContaining(message) });
      if (at !== '') expect(found?.at).toBe(at);
    }
  });

  it.each([
    ['inputs.f', 'integer', 'round'],
    ['inputs.x', 'string', 'string(…)'],
    ['inputs.o', 'integer', 'default(…'],
    ['inputs.j', 'integer', 'int(…)'],
  ])('%s where %s is wanted names the way', (source, expected, help) => {
    expect(wrong(source, expected)).toMatchObject({
      kind: 'type',
      message: expect.stringContaining(`expected ${expected}`),
      help: expect.stringContaining(help),
    });
  });

  it('does not take a narrowed outer name for a loop variable of the same name', () => {
    const source = '[inputs.r].map(r, has(r.b) ? [inputs.r].map(r, r.b + "!") : [""])';
    expect(wrong(source)).toMatchObject({ kind: 'type', at: 'r.b + "!"' });
  });

  it.each([
    'has(inputs.o) || inputs.yes ? inputs.o + 1 : 0',
    'has(inputs.o) ? 0 : inputs.o + 1',
    'inputs.o == null && inputs.o > 1',
    'inputs.o != null || inputs.o > 1',
    '!(has(inputs.o) && inputs.yes) ? 0 : inputs.o + inputs.r.b',
  ])('%s tells nothing of null', (source) => {
    expect(wrong(source)).toMatchObject({ kind: 'type' });
  });

  it('suggests the nearest name', () => {
    expect(wrong('inputs.nestd')?.help).toBe('did you mean "nested"?');
    expect(wrong('nodes.my-nde.outputs.x')?.help).toBe('did you mean "my-node"?');
  });

  it('tells of hyphens', () => {
    expect(wrong('inputs.my-name')?.help).toContain('["a-b"]');
    expect(wrong('nodes.my-node')?.help).toContain('nodes.ID.outputs.NAME');
  });
});
