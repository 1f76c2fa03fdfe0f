import { PUSH_SETTLE_MS } from '../../base/index.ts';
import { shortOid } from '../../git/index.ts';
import { plainText } from '../../language/index.ts';
import type { Settled } from '../reconciler/index.ts';
import { type Domains, isGone, type MovedBranch } from './domains.ts';

/** What became of the domains when branches moved. */
export interface Landing {
  readonly before: Domains;
  readonly after: Domains;
  readonly moved: readonly MovedBranch[];
}

/** Waits until a domain shows a commit; see Reconciler. */
export type WaitSettled = (repository: string, domain: string, commit: string, timeoutMs: number) => Promise<Settled>;

/** Waits for the reconciler, a little, so that a pusher reads what is so and not what is meant to be. */
export async function landedLines(
  settled: WaitSettled,
  repository: string,
  landing: Landing,
): Promise<readonly string[]> {
  const { before, after, moved } = landing;
  const shown = new Set(moved.flatMap(({ branch, commit }) => (commit === undefined ? [] : branch)));
  const lines = await Promise.all(
    Object.entries(after).map(async ([name, status]): Promise<readonly string[]> => {
      const { desired, lastApplied, ref } = status;
      const isMoved = desired !== before[name]?.desired || shown.has(ref);
      if (desired !== undefined && isMoved) {
        const end = await settled(repository, name, desired, PUSH_SETTLE_MS);
        if (end.kind === 'applied') return [`pipectl: ${name} is now at ${shortOid(desired)}`];
        if (end.kind === 'pending') return [`pipectl: ${name} will be at ${shortOid(desired)} soon`];
        return [`pipectl: ${name} ${kept(lastApplied)}: ${plainText(end.message)}`];
      }
      const isLost = isGone(status) && moved.some(({ branch }) => branch === ref);
      return isLost ? [`pipectl: ${name} ${kept(lastApplied)}: the branch ${plainText(ref)} is gone`] : [];
    }),
  );
  return [...lines.flat(), ...untrackedLines(landing)];
}

function kept(lastApplied: string | undefined): string {
  return lastApplied === undefined ? 'is not active yet' : `stays at ${shortOid(lastApplied)}`;
}

/** Of branches that no domain tracks: how to run them, and what is missing where they mean to be tracked. */
function untrackedLines({ after, moved }: Landing): readonly string[] {
  const tracked = [...new Set(Object.values(after).map(({ ref }) => ref))];
  return moved.flatMap(({ branch, commit, project }) => {
    if (commit === undefined || tracked.includes(branch)) return [];
    const shown = plainText(branch);
    const lines = [`pipectl: no domain tracks ${shown}; run it by: pipectl run NAME --rev ${shortOid(commit)}`];
    const wanted = Object.entries(project?.domains ?? {}).find(([, { ref }]) => ref === branch)?.[0];
    const current = wanted === undefined ? undefined : after[wanted]?.ref;
    if (wanted === undefined) return lines;
    const where = current === undefined || current.includes('*') ? tracked.find((ref) => !ref.includes('*')) : current;
    if (where === undefined || where === '') return lines;
    return [...lines, `pipectl: for ${wanted} to track ${shown}, push this commit to ${plainText(where)} too`];
  });
}
