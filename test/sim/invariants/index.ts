import type { Commit } from '../world/store.ts';
import { abortsReachAll, answersCome, nothingIsLeftOver } from './answers.ts';
import { domainsAreReached, nothingDangles, pushesAreWhole, revisionsAreWhole } from './definitions.ts';
import {
  allComesToRest,
  attemptsAreSingle,
  inputsAreThere,
  nothingIsLost,
  specIsKept,
  terminalIsFinal,
} from './executions.ts';
import { type Facts, type Invariant, takeIn } from './facts.ts';
import { concurrencyHolds, ownersFollowEachOther, parallelismHolds, queuesAreBounded } from './limits.ts';
import { appliedIsTrue, budgetsAreKept, endsAreDeserved } from './outcomes.ts';
import { ticksAreSingle } from './schedules.ts';

/** What must hold at every commit, and once all is at rest. */
const INVARIANTS: readonly Invariant[] = [
  ticksAreSingle,
  terminalIsFinal,
  attemptsAreSingle,
  specIsKept,
  inputsAreThere,
  nothingIsLost,
  parallelismHolds,
  concurrencyHolds,
  queuesAreBounded,
  ownersFollowEachOther,
  revisionsAreWhole,
  nothingDangles,
  endsAreDeserved,
  budgetsAreKept,
  appliedIsTrue,
  abortsReachAll,
  nothingIsLeftOver,
];
/** What is not over tells more than what follows from it. */
const AT_REST: readonly Invariant[] = [allComesToRest, pushesAreWhole, domainsAreReached, ...INVARIANTS];
/** What must hold when nothing has gone wrong for a while. */
const IN_CALM: readonly Invariant[] = [answersCome, pushesAreWhole, domainsAreReached];

/** Looks at what takes time to come true, now and then. */
export function checkNow(facts: Facts): void {
  answersCome.end?.(facts);
}

export function checkCalm(facts: Facts): void {
  for (const { end } of IN_CALM) end?.(facts);
}

export function checkCommits(facts: Facts, commits: readonly Commit[]): void {
  for (const commit of commits) {
    for (const { before } of INVARIANTS) before?.(facts, commit);
    takeIn(facts, commit);
  }
  // A batch is seen as one: what stands in it later may be what something earlier needs.
  for (const commit of commits) for (const { after } of INVARIANTS) after?.(facts, commit);
}

export function checkRest(facts: Facts): void {
  for (const { end } of AT_REST) end?.(facts);
}
