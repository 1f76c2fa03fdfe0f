import type { Diagnostic } from '../../base/index.ts';
import { plannedDomain, type RefUpdate, type RefusedPush, refText, ZERO_OID } from '../../git/index.ts';
import { plainText } from '../../language/index.ts';
import { peelCommit } from './commit-of.ts';
import type { RejectedCommit } from './register-rejected.ts';

/**
 * The commits of a push that git or a rule of refs turned away, as far as they can be told: of one whose objects are gone
 * only its name is known. Each once; those of a plan are none, since that would not have moved anything.
 */
export async function refusedCommits(push: RefusedPush): Promise<readonly RejectedCommit[]> {
  const { repository, updates, objects, problems } = push;
  const diagnostics = problems.map(finding);
  const byOid = new Map<string, RejectedCommit>();
  for (const update of updates) {
    if (!isMeant(update)) continue;
    const peeled = await peelCommit(objects, update.after);
    const { oid, commit } = peeled.kind === 'commit' ? peeled : { oid: update.after, commit: undefined };
    if (!byOid.has(oid)) byOid.set(oid, { repository, ref: refText(update.ref), oid, commit, diagnostics });
  }
  return [...byOid.values()];
}

function isMeant({ ref, after }: RefUpdate): boolean {
  return after !== ZERO_OID && plannedDomain(ref) === undefined;
}

function finding(problem: string): Diagnostic {
  return {
    code: 'PIPE-PUSH-003',
    severity: 'error',
    message: plainText(problem.replace(/^pipectl: /, '')),
    help: 'change what it says and push again; registration has not looked at it',
  };
}
