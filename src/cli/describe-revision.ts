import type { Revision } from '../cluster/index.ts';
import { formatDiagnostics } from '../language/index.ts';
import { factLines } from './facts.ts';
import { countWords } from './kind-words.ts';
import { paint, printable, type Terminal } from './terminal.ts';

/** A commit as registered, for `describe`. */
export function describeRevision({ metadata, spec }: Revision, terminal: Terminal): string {
  const counts = countWords(Object.entries(spec.counts ?? {}));
  const lines = factLines(terminal, [
    ['Revision', paint(terminal, 'bold', metadata.name)],
    ['Commit', spec.commit],
    ['Repository', spec.repository],
    ['Project', spec.project],
    ['Subject', printable(spec.subject)],
    ['Author', printable(spec.author)],
    ['Committed', spec.committedAt],
    ['Registered', metadata.creationTimestamp],
    ['Parents', spec.parents.length === 0 ? undefined : spec.parents.join(', ')],
    ['Refs', printable(spec.refs.join(', '))],
    ['Status', spec.rejected === true ? paint(terminal, 'red', 'rejected') : 'registered'],
    ['Definitions', counts === '' ? undefined : counts],
  ]);
  const { diagnostics = [] } = spec;
  const findings =
    diagnostics.length === 0 ? '' : `\n${formatDiagnostics(diagnostics, 'pretty', { color: terminal.color })}`;
  return `${lines.join('\n')}\n${findings}`;
}
