import type { ASTNode } from '@marcbachmann/cel-js';
import type { Json } from '../../base/index.ts';
import { hasExpression, scanTemplate } from './scan.ts';
import { memberName, parseExpression, type Syntax } from './syntax.ts';

/** Another name for the node `id`. */
export type NodeName = (id: string) => string;

/**
 * One text for all spellings of a string value: white space, quotes and needless parentheses inside `${{ … }}` make no
 * difference. Equal texts mean the same; a string that cannot be parsed stands for itself. With `nodeName` each
 * `nodes.<id>` is told under that name.
 */
export function canonicalTemplate(text: string, nodeName: NodeName = (id) => id): string {
  const plain = JSON.stringify(text);
  if (!hasExpression(text)) return plain;
  const scanned = scanTemplate(text);
  if (scanned.kind === 'error') return plain;
  const parts: string[] = [];
  for (const part of scanned.parts) {
    if (part.kind === 'text') {
      parts.push(JSON.stringify(part.text));
      continue;
    }
    const parsed = parseExpression(part.source);
    if (parsed.kind === 'error') return plain;
    parts.push(`\${{${canonicalNode(parsed.syntax, parsed.syntax.root, nodeName)}}}`);
  }
  return parts.join('+');
}

/** Operator and operands in prefix form. Bounded in depth by MAX_EXPRESSION_DEPTH. */
function canonicalNode(syntax: Syntax, node: ASTNode, nodeName: NodeName): string {
  const inner = (part: ASTNode): string => canonicalNode(syntax, part, nodeName);
  const all = (parts: readonly ASTNode[]): string => parts.map(inner).join(',');
  switch (node.op) {
    case 'value':
      return literalText(node.args);
    case 'id':
      return node.args;
    case '.':
      return `${inner(node.args[0])}.${memberText(node.args[0], memberName(syntax, node), nodeName)}`;
    case '.?':
      return `${inner(node.args[0])}.?${memberText(node.args[0], memberName(syntax, node), nodeName)}`;
    case '[]': {
      const [target, key] = node.args;
      const isMember = key.op === 'value' && typeof key.args === 'string';
      // `inputs["a"]` is `inputs.a`.
      return isMember
        ? `${inner(target)}.${memberText(target, key.args as string, nodeName)}`
        : `[](${all(node.args)})`;
    }
    case 'call':
      return `${node.args[0]}(${all(node.args[1])})`;
    case 'rcall':
      return `${inner(node.args[1])}.${node.args[0]}(${all(node.args[2])})`;
    case 'map':
      return `{${node.args.map((entry) => all(entry)).join(';')}}`;
    case '!_':
    case '-_':
      return `${node.op}(${inner(node.args)})`;
    default:
      return `${node.op}(${all(node.args)})`;
  }
}

function memberText(target: ASTNode, name: string, nodeName: NodeName): string {
  return JSON.stringify(target.op === 'id' && target.args === 'nodes' ? nodeName(name) : name);
}

function literalText(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Uint8Array) return `b${JSON.stringify([...value])}`;
  return typeof value === 'number' ? `float ${value}` : `${typeof value} ${String(value)}`;
}

/** The same for a JSON value whose strings may hold expressions; keys in order. */
export function canonicalValue(value: Json, nodeName?: NodeName): string {
  if (typeof value === 'string') return canonicalTemplate(value, nodeName);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => canonicalValue(item, nodeName)).join(',')}]`;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, item]) => `${JSON.stringify(name)}:${canonicalValue(item, nodeName)}`).join(',')}}`;
}
