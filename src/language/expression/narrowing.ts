import type { ASTNode } from '@marcbachmann/cel-js';
import { memberName, type Syntax } from './syntax.ts';
import type { TemplateSyntax } from './template.ts';

const NOTHING: ReadonlySet<string> = new Set();

/**
 * The paths that cannot be null when `condition` is `truth`: so `has(x.y) ? x.y + 1 : 0` needs no default. A loop variable
 * hides nothing here, because `pathOf` begins with the name that the expression gives it.
 */
export function factsWhen(place: { readonly syntax: Syntax }, condition: ASTNode, truth: boolean): ReadonlySet<string> {
  switch (condition.op) {
    case '!_':
      return factsWhen(place, condition.args, !truth);
    case '&&':
    case '||': {
      if ((condition.op === '&&') !== truth) return NOTHING;
      const [left, right] = condition.args;
      return new Set([...factsWhen(place, left, truth), ...factsWhen(place, right, truth)]);
    }
    case '==':
    case '!=': {
      if ((condition.op === '!=') !== truth) return NOTHING;
      const [left, right] = condition.args;
      return isNull(right) ? pathSet(place.syntax, left) : isNull(left) ? pathSet(place.syntax, right) : NOTHING;
    }
    case 'call': {
      const [name, args] = condition.args;
      return truth && name === 'has' && args[0] !== undefined ? pathSet(place.syntax, args[0]) : NOTHING;
    }
    default:
      return NOTHING;
  }
}

/** The same of a condition that is a template, for the values that it guards: `TypeScope.present`. */
export function presentWhen(condition: TemplateSyntax, truth: boolean): ReadonlySet<string> {
  if (condition.kind !== 'expression') return NOTHING;
  const { syntax } = condition.expression;
  return factsWhen({ syntax }, syntax.root, truth);
}

function isNull(node: ASTNode): boolean {
  return node.op === 'value' && node.args === null;
}

function pathSet(syntax: Syntax, node: ASTNode): ReadonlySet<string> {
  const path = pathOf(syntax, node);
  return path === undefined ? NOTHING : new Set([path]);
}

/** One text for each way to write the same plain path (`a.b`, `a["b"]`), or undefined when `node` is not one. */
export function pathOf(syntax: Syntax, node: ASTNode): string | undefined {
  if (node.op === 'id') return node.args;
  if (node.op !== '.' && node.op !== '[]') return undefined;
  const target = pathOf(syntax, node.args[0]);
  if (target === undefined) return undefined;
  if (node.op === '.') return `${target}[${JSON.stringify(memberName(syntax, node))}]`;
  const key = node.args[1];
  if (key.op !== 'value' || (typeof key.args !== 'string' && typeof key.args !== 'bigint')) return undefined;
  return `${target}[${typeof key.args === 'string' ? JSON.stringify(key.args) : key.args}]`;
}
