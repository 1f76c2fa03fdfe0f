import type { ASTNode } from '@marcbachmann/cel-js';
import { memberName, type Syntax } from './syntax.ts';

/** What an expression reads, found without knowing any types. */
export interface References {
  readonly inputs: ReadonlySet<string>;
  /** Ids of nodes, as far as they are written out. */
  readonly nodes: ReadonlySet<string>;
  /** Other names that are not loop variables: `execution`, `item`, … */
  readonly variables: ReadonlySet<string>;
}

interface Found {
  readonly inputs: Set<string>;
  readonly nodes: Set<string>;
  readonly variables: Set<string>;
}

type Locals = ReadonlySet<string>;

/** The inputs, nodes and variables that an expression may read. */
export function referencesOf(syntax: Syntax): References {
  const found: Found = { inputs: new Set(), nodes: new Set(), variables: new Set() };
  visit(syntax, syntax.root, new Set(), found);
  return found;
}

function visit(syntax: Syntax, node: ASTNode, locals: Locals, found: Found): void {
  if (node.op === 'id' && !locals.has(node.args)) found.variables.add(node.args);
  const member = memberOfScope(syntax, node, locals);
  if (member !== undefined) found[member.owner].add(member.name);
  else for (const part of partsOf(node, locals)) visit(syntax, part.node, part.locals, found);
}

/** The name when `node` is `inputs.NAME`, `nodes.ID` or the same with brackets. */
function memberOfScope(
  syntax: Syntax,
  node: ASTNode,
  locals: Locals,
): { readonly owner: 'inputs' | 'nodes'; readonly name: string } | undefined {
  if (node.op !== '.' && node.op !== '[]') return undefined;
  const target = node.args[0];
  if (target.op !== 'id' || locals.has(target.args)) return undefined;
  if (target.args !== 'inputs' && target.args !== 'nodes') return undefined;
  if (node.op === '.') return { owner: target.args, name: memberName(syntax, node) };
  const key = node.args[1];
  return key.op === 'value' && typeof key.args === 'string' ? { owner: target.args, name: key.args } : undefined;
}

/** Names of `domain.values` that an expression reads; `*` where it takes all of them as one. */
export function domainValuesOf(syntax: Syntax): ReadonlySet<string> {
  const found = new Set<string>();
  const look = (node: ASTNode, locals: Locals): void => {
    const name = memberOf(syntax, node);
    const owner = name === undefined ? undefined : (node as Member).args[0];
    if (owner !== undefined && isDomain(owner, locals)) {
      if (name === 'values') found.add('*');
      return;
    }
    if (owner !== undefined && memberOf(syntax, owner) === 'values' && isDomain((owner as Member).args[0], locals)) {
      found.add(name as string);
      return;
    }
    if (isDomain(node, locals)) found.add('*');
    for (const part of partsOf(node, locals)) look(part.node, part.locals);
  };
  look(syntax.root, new Set());
  return found;
}

type Member = ASTNode & { readonly op: '.' | '[]' };

/** The name of a member that is written out: `x.name` or `x["name"]`. */
function memberOf(syntax: Syntax, node: ASTNode): string | undefined {
  if (node.op === '.') return memberName(syntax, node);
  if (node.op !== '[]') return undefined;
  const key = node.args[1];
  return key.op === 'value' && typeof key.args === 'string' ? key.args : undefined;
}

function isDomain(node: ASTNode, locals: Locals): boolean {
  return node.op === 'id' && node.args === 'domain' && !locals.has('domain');
}

const LOOPS: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'filter', 'map']);

interface Part {
  readonly node: ASTNode;
  readonly locals: Locals;
}

/** The nodes right below `node`, each with the loop variables that are known there. */
function partsOf(node: ASTNode, locals: Locals): readonly Part[] {
  const here = (nodes: readonly ASTNode[]): readonly Part[] => nodes.map((part) => ({ node: part, locals }));
  switch (node.op) {
    case 'value':
    case 'id':
      return [];
    case '.':
    case '.?':
      return here([node.args[0]]);
    case 'call':
      return here(node.args[1]);
    case 'rcall': {
      const [name, receiver, args] = node.args;
      const variable = args[0];
      if (!LOOPS.has(name) || args.length < 2 || variable?.op !== 'id') return here([receiver, ...args]);
      const inside = new Set([...locals, variable.args]);
      return [...here([receiver]), ...args.slice(1).map((part) => ({ node: part, locals: inside }))];
    }
    case 'map':
      return here(node.args.flat());
    case '!_':
    case '-_':
      return here([node.args]);
    default:
      return here(node.args);
  }
}
