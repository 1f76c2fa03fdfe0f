import type { Commit } from '../world/store.ts';
import { abortsReachAll, answersCome, nothingIsHalf, nothingIsLeftOver } from './answers.ts';
import { nothingFallsBetween, watchArchive } from './archive.ts';
import {
  domainsAreReached,
  headsAreReached,
  nothingDangles,
  pushesAreWhole,
  reconcilesAreFew,
  revisionsAreWhole,
} from './definitions.ts';
import {
  allComesToRest,
  attemptsAreSingle,
  endsAreConfirmed,
  inputsAreThere,
  nothingIsLost,
  specIsKept,
  terminalIsFinal,
} from './executions.ts';
import { type Facts, type Invariant, takeIn } from './facts.ts';
import {
  concurrencyHolds,
  linesMove,
  losersAreSilent,
  ownersAreTrue,
  ownersFollowEachOther,
  parallelismHolds,
  queuesAreBounded,
} from './limits.ts';
import { appliedIsTrue, budgetsAreKept, endsAreDeserved, recoveredIsKept } from './outcomes.ts';
import { watchOwners } from './owners.ts';
import { nobodyStarves, quotasHold } from './quotas.ts';
import { removalsAreConfirmed, suspensionsHold } from './removals.ts';
import { ticksAreSingle, ticksAreTimely } from './schedules.ts';
import { secretsStaySecret, watchLogs } from './secrets.ts';

/** What must hold at every commit, and once all is at rest. */
const INVARIANTS: readonly Invariant[] = [
  ticksAreSingle,
  terminalIsFinal,
  attemptsAreSingle,
  endsAreConfirmed,
  specIsKept,
  inputsAreThere,
  nothingIsLost,
  nothingFallsBetween,
  parallelismHolds,
  concurrencyHolds,
  quotasHold,
  queuesAreBounded,
  ownersFollowEachOther,
  ownersAreTrue,
  losersAreSilent,
  revisionsAreWhole,
  nothingDangles,
  removalsAreConfirmed,
  suspensionsHold,
  reconcilesAreFew,
  endsAreDeserved,
  budgetsAreKept,
  recoveredIsKept,
  appliedIsTrue,
  abortsReachAll,
  nothingIsLeftOver,
  nothingIsHalf,
  secretsStaySecret,
];
type Check = NonNullable<Invariant['after']>;
/** By kind: those that look at its commits. */
const BEFORE = new Map<string, readonly Check[]>();
const AFTER = new Map<string, readonly Check[]>();
/** What is not over tells more than what follows from it. */
const AT_REST: readonly Invariant[] = [allComesToRest, pushesAreWhole, domainsAreReached, ...INVARIANTS];
/** What must hold when nothing has gone wrong for a while. */
const IN_CALM: readonly Invariant[] = [answersCome, pushesAreWhole, domainsAreReached];

/** Of so many worlds, one has all that its processes log looked at. */
const LOGS_OF = 8;

/** Begins to look at what is seen in other ways than by commits. */
export function beginWatching(facts: Facts): void {
  watchArchive(facts);
  watchOwners(facts);
  if (facts.world.plan.seed % LOGS_OF === 0) watchLogs(facts);
}

/** Looks at what takes time to come true, now and then. */
export function checkNow(facts: Facts): void {
  answersCome.end?.(facts);
  nobodyStarves.end?.(facts);
  linesMove.end?.(facts);
  headsAreReached.end?.(facts);
  ticksAreTimely.end?.(facts);
}

export function checkCalm(facts: Facts): void {
  for (const { end } of IN_CALM) end?.(facts);
}

export function checkCommits(facts: Facts, commits: readonly Commit[]): void {
  for (const commit of commits) {
    for (const check of checksOf(BEFORE, 'before', commit)) check(facts, commit);
    takeIn(facts, commit);
  }
  // A batch is seen as one: what stands in it later may be what something earlier needs.
  for (const commit of commits) for (const check of checksOf(AFTER, 'after', commit)) check(facts, commit);
}

function checksOf(known: Map<string, readonly Check[]>, when: 'before' | 'after', commit: Commit): readonly Check[] {
  const kind = commit.kind === 'put' ? commit.object.kind : commit.key.kind;
  const found = known.get(kind);
  if (found !== undefined) return found;
  const checks = INVARIANTS.flatMap(({ of, [when]: check }) =>
    check !== undefined && of?.includes(kind) !== false ? check : [],
  );
  known.set(kind, checks);
  return checks;
}

export function checkRest(facts: Facts): void {
  for (const { end } of AT_REST) end?.(facts);
}
