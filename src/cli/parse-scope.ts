import type { TokenScope } from '../cluster/index.ts';
import { UsageError } from './errors.ts';
import { printable } from './terminal.ts';

const HELP = 'read, operate[:NAMESPACE,…], push[:REF,…][@REPOSITORY,…] or admin';

/** A scope as `scopeText` writes it; `push` alone is of every branch and tag. Throws UsageError. */
export function parseScope(text: string): TokenScope {
  const [, kind = '', of, at] = /^([a-z]+)(?::([^@]*))?(?:@(.*))?$/s.exec(text) ?? [];
  const isPlain = of === undefined && at === undefined;
  switch (kind) {
    case 'read':
    case 'admin':
      if (isPlain) return { kind };
      break;
    case 'operate':
      if (at === undefined) return of === undefined ? { kind } : { kind, namespaces: names(text, of) };
      break;
    case 'push':
      return {
        kind,
        refs: of === undefined ? ['*', 'refs/tags/*'] : names(text, of),
        ...(at !== undefined && { repositories: names(text, at) }),
      };
  }
  throw new UsageError(`"${printable(text)}" is no scope`, HELP);
}

function names(text: string, list: string): readonly string[] {
  const found = list.split(',');
  if (found.some((name) => name.trim() === '')) throw new UsageError(`a name is empty in "${printable(text)}"`, HELP);
  return found.map((name) => name.trim());
}
