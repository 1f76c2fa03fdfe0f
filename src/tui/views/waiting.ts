import type { Content } from '../content.ts';
import { span } from '../line.ts';
import type { Target } from '../state.ts';

/** A place before anybody is found to ask. */
export function waitingContent(target: Target): Content {
  return {
    kind: 'text',
    title: titleOf(target),
    facts: [],
    count: 0,
    line: () => [],
    note: [span('loading…', 'dim')],
  };
}

function titleOf(target: Target): string {
  switch (target.kind) {
    case 'objects':
      return target.of;
    case 'execution':
    case 'logs':
      return target.name;
    case 'command':
      return target.title;
    default:
      return target.kind;
  }
}
