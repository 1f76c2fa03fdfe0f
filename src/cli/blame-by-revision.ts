import { pullRequestOf, revisionsOf } from '../client/index.ts';
import type { DefinitionSource, KubeObject } from '../cluster/index.ts';
import { findObject } from '../cluster/index.ts';
import type { Blamed, EntityWord } from './commands/blame.ts';
import type { CommandContext } from './context.ts';
import { FailedError } from './errors.ts';
import { namespaceFor } from './scope.ts';
import { printable } from './terminal.ts';

const KINDS = ['Workflow', 'Task', 'LaunchPlan', 'Schedule', 'Platform', 'Policy'];

/** What the control plane knows: the registered commit whose activation last changed each active definition of the name. */
export async function blameByRevision(context: CommandContext, { kind, name }: EntityWord): Promise<readonly Blamed[]> {
  const session = await context.session();
  const { cluster } = session;
  const namespace = await namespaceFor(context, session, kind ?? 'Workflow');
  const blamed: Blamed[] = [];
  for (const each of kind === undefined ? KINDS : [kind]) {
    const key = { kind: each, name, ...(namespace !== undefined && { namespace }) };
    const object = await findObject<KubeObject & { readonly spec: DefinitionSource }>(cluster, key);
    if (object === undefined) continue;
    const { commit, repository, file } = object.spec;
    const spec = (await revisionsOf(cluster, repository, [commit])).get(commit)?.spec;
    const request = spec && pullRequestOf(spec.subject);
    blamed.push({
      kind: each,
      name,
      file,
      commit,
      what: 'changed',
      ...(spec !== undefined && { subject: spec.subject, author: spec.author, at: spec.committedAt }),
      ...(request !== undefined && { pullRequest: request }),
    });
  }
  if (blamed.length > 0) return blamed;
  throw new FailedError(
    `no ${kind ?? 'definition'} "${printable(name)}" is active in ${namespace}`,
    'run it in a checkout to ask about a commit, or choose with -n',
  );
}
