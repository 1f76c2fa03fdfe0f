import { type Connected, chooseNamespace, findCheckout, fixedNamespace } from '../client/index.ts';
import { KINDS, type KindInfo } from '../cluster/index.ts';
import { suggest } from '../language/index.ts';
import type { CommandContext } from './context.ts';
import { UsageError } from './errors.ts';

/**
 * The kind that a word names: kind, plural, singular or short name (`repo`, also `repos`), in any case; with its group as
 * `get -o name` writes it (`execution.pipectl.dev`).
 */
export function kindOf(word: string): KindInfo {
  const [name = '', ...group] = word.toLowerCase().split('.');
  const found = KINDS.find(
    (info) =>
      info.plural === name || info.singular === name || info.shortNames.includes(name) || isShortPlural(info, name),
  );
  if (found !== undefined && (group.length === 0 || group.join('.') === found.group)) return found;
  const meant = suggest(
    name,
    KINDS.flatMap(({ plural, singular }) => [plural, singular]),
  );
  throw new UsageError(
    `there is no kind "${word}"`,
    meant === undefined ? `one of ${KINDS.map(({ plural }) => plural).join(', ')}` : `did you mean "${meant}"?`,
  );
}

function isShortPlural({ shortNames }: KindInfo, name: string): boolean {
  return name.endsWith('s') && shortNames.includes(name.slice(0, -1));
}

/** The namespace of `kind` that the command line, the checkout or the control plane means; undefined: it has none. */
export async function namespaceFor(
  context: CommandContext,
  session: Connected,
  kind: string,
): Promise<string | undefined> {
  const fixed = fixedNamespace(kind);
  if (fixed === '') return undefined;
  if (context.global.namespace !== undefined) return context.global.namespace;
  if (fixed !== undefined) return fixed;
  const choice = await chooseNamespace(session.cluster, await findCheckout(context.cwd), session.namespace);
  if (choice.kind === 'found') return choice.namespace;
  throw new UsageError(`which namespace?`, `-n with one of ${choice.candidates.join(', ')}, or -A where it is offered`);
}
