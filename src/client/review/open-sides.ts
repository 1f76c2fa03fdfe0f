import { MASS_PRUNE } from '../../base/index.ts';
import type { DiffSide, ParseCache } from '../../compiler/index.ts';
import type { DomainInput, ReviewSide } from '../../review/index.ts';
import {
  aroundChanges,
  type ChangesAround,
  type CommitSide,
  filesOf,
  openWith,
  readBlobs,
  thingsIn,
} from '../commit-side.ts';
import type { ReadRevision } from '../revision.ts';
import { type DomainChoice, domainsOfReview, type ReviewedDomain } from './domain.ts';
import { restOf } from './rest-of.ts';
import { factsOfRest, platformIn, type RestFacts, schedulesIn } from './schedules-in.ts';

/** Both commits as a review wants them. */
export interface ReviewSides {
  readonly base: Omit<ReviewSide, 'title'>;
  readonly head: Omit<ReviewSide, 'title'>;
  readonly domain?: ReviewedDomain;
  /** What the further domains have. */
  readonly others: readonly Pick<DomainInput, 'domain' | 'base' | 'head'>[];
  /** Definitions that were not looked at, since nothing about them differs; undefined when all were. */
  readonly isPart: boolean;
}

/**
 * Two commits of this repository, and all schedules of both in the domain. Of files that both have only those are compiled
 * that say what the changes mean; the others are searched for schedules. Errors: as of `revisionSide`.
 */
export async function openReviewSides(
  base: ReadRevision,
  head: ReadRevision,
  cache: ParseCache,
  choice: DomainChoice,
): Promise<ReviewSides> {
  const around = await aroundChanges(base, head, TEXTS.get(cache));
  if (around !== undefined) {
    TEXTS.set(cache, around.texts);
    const sides = await partialSides(base, head, around, cache);
    if (!needsWhole(sides[0].side, sides[1].side)) return gathered(base, head, sides, choice, { around, cache });
  }
  const whole = async ({ objects, tree }: ReadRevision): Promise<CommitSide> => {
    const files = await filesOf(objects, tree);
    return openWith({ files, texts: await readBlobs(objects, files.values()), cache }, thingsIn(objects, tree));
  };
  return gathered(base, head, [await whole(base), await whole(head)], choice);
}

/** What the last review of a cache has read, for the next: most of it will be the same. */
const TEXTS = new WeakMap<ParseCache, ReadonlyMap<string, Uint8Array>>();

async function partialSides(
  base: ReadRevision,
  head: ReadRevision,
  { files, texts, isTold }: ChangesAround,
  cache: ParseCache,
): Promise<readonly [CommitSide, CommitSide]> {
  const differs = (path: string): boolean => files[0].get(path) !== files[1].get(path);
  const sideOf = async (at: 0 | 1, { objects, tree }: ReadRevision): Promise<CommitSide> => {
    const side = await openWith({ files: files[at], texts, cache }, thingsIn(objects, tree));
    const findings = side.findings.filter(({ code, span }) => {
      if (span === undefined) return true;
      // Who uses a task of another file may stand in a third one, which was not read.
      return code === UNUSED_TASK ? differs(span.file) : isTold(span.file);
    });
    return { ...side, findings };
  };
  return [await sideOf(0, base), await sideOf(1, head)];
}

const UNUSED_TASK = 'PIPE-LINT-005';

/** A policy judges every definition, and whether removals are too many depends on how many definitions there are. */
function needsWhole(base: DiffSide, head: DiffSide): boolean {
  let gone = 0;
  for (const [key, { kind, blob }] of base.entries) {
    const now = head.entries.get(key);
    if (now === undefined) gone += 1;
    if (kind === 'Policy' && now?.blob !== blob) return true;
  }
  for (const [key, { kind }] of head.entries) if (kind === 'Policy' && !base.entries.has(key)) return true;
  return gone >= MASS_PRUNE.minCount;
}

async function gathered(
  base: ReadRevision,
  head: ReadRevision,
  [old, fresh]: readonly [CommitSide, CommitSide],
  choice: DomainChoice,
  part?: { readonly around: ChangesAround; readonly cache: ParseCache },
): Promise<ReviewSides> {
  const [domain, ...further] = domainsOfReview(fresh.side.project ?? old.side.project, choice);
  const found = part === undefined ? [] : await restOf(part, thingsIn(head.objects, head.tree));
  const [own, ...others] = [domain, ...further].map((each) => {
    const rest = factsOfRest(found, each?.name);
    return { base: domainSide(old, rest, each), head: domainSide(fresh, rest, each) };
  });
  return {
    base: { commit: base.commit, side: old.side, findings: old.findings, ...(own?.base ?? NOTHING) },
    head: { commit: head.commit, side: fresh.side, findings: fresh.findings, ...(own?.head ?? NOTHING) },
    ...(domain !== undefined && { domain }),
    others: others.map((sides, at) => ({ domain: further[at] as ReviewedDomain, ...sides })),
    isPart: part !== undefined,
  };
}

type OfDomain = Pick<ReviewSide, 'schedules' | 'platform'>;
const NOTHING: OfDomain = { schedules: [] };

function domainSide({ side }: CommitSide, rest: RestFacts, domain: ReviewedDomain | undefined): OfDomain {
  const platform = platformIn(side, rest, domain?.name);
  return {
    schedules: domain === undefined ? [] : schedulesIn(side, rest, domain.name),
    ...(platform !== undefined && { platform }),
  };
}
