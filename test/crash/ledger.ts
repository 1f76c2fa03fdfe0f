import type { Json } from '../../src/base/index.ts';
import { type Execution, isTerminalPhase, type NodeSignal } from '../../src/cluster/index.ts';

/** What an execution was asked to do. */
export interface Asked {
  readonly workflow: string;
  readonly n: number;
}

/** How an execution was seen to end. */
export interface End {
  readonly name: string;
  readonly phase: string;
  readonly finishedAt: string | undefined;
  readonly outputs: string;
}

/** All that a control plane has acknowledged to its clients, and all that these have seen of it. */
export interface Ledger {
  /** Commits whose push was accepted. */
  readonly pushed: Set<string>;
  /** Name → what was asked for, whether or not an answer came. */
  readonly asked: Map<string, Asked>;
  /** Of these, those whose creation was acknowledged. */
  readonly created: Set<string>;
  /** Name → node → answer that was acknowledged. */
  readonly answers: Map<string, Map<string, Pick<NodeSignal, 'decision' | 'value'>>>;
  readonly aborted: Set<string>;
  /** Names for which a deletion was asked, and the uids of what is acknowledged to be deleted, of any kind. */
  readonly deletions: Set<string>;
  readonly deleted: Set<string>;
  /** Name → uid that it was first seen with. */
  readonly uids: Map<string, string>;
  /** Uid → end. */
  readonly ends: Map<string, End>;
  /** Uid → latest version seen. */
  readonly versions: Map<string, number>;
  latestVersion: number;
  /** What was wrong at the moment when it was seen. */
  readonly problems: string[];
}

export function newLedger(): Ledger {
  return {
    pushed: new Set(),
    asked: new Map(),
    created: new Set(),
    answers: new Map(),
    aborted: new Set(),
    deletions: new Set(),
    deleted: new Set(),
    uids: new Map(),
    ends: new Map(),
    versions: new Map(),
    latestVersion: 0,
    problems: [],
  };
}

/** The ledger as it stands now, so that what is acknowledged later is not expected of what was read before. */
export function copyOf(ledger: Ledger): Ledger {
  return structuredClone(ledger);
}

/** Notes an execution as somebody sees it, live or archived; says so when it is not what it was. */
export function noteExecution(ledger: Ledger, execution: Execution, isLive: boolean): void {
  const { name, uid = '', resourceVersion } = execution.metadata;
  const first = ledger.uids.get(name) ?? uid;
  ledger.uids.set(name, first);
  if (first !== uid && !ledger.deletions.has(name)) ledger.problems.push(`${name} was made anew: ${first}, now ${uid}`);
  if (isLive) noteVersion(ledger, uid, name, Number(resourceVersion));
  if (!isTerminalPhase(execution.status?.phase ?? 'Pending')) {
    const end = ledger.ends.get(uid);
    if (end !== undefined) ledger.problems.push(`${name} had ended ${end.phase} and is ${execution.status?.phase}`);
    return;
  }
  const end = endOf(execution);
  const before = ledger.ends.get(uid);
  if (before === undefined) ledger.ends.set(uid, end);
  else if (JSON.stringify(before) !== JSON.stringify(end)) {
    ledger.problems.push(`${name} ended ${JSON.stringify(before)} and later ${JSON.stringify(end)}`);
  }
}

function noteVersion(ledger: Ledger, uid: string, name: string, version: number): void {
  const before = ledger.versions.get(uid) ?? 0;
  if (version < before) ledger.problems.push(`${name} went back from version ${before} to ${version}`);
  ledger.versions.set(uid, Math.max(before, version));
  ledger.latestVersion = Math.max(ledger.latestVersion, version);
}

function endOf({ metadata, status }: Execution): End {
  const outputs: Json = { outputs: { ...status?.outputs }, text: status?.outputsText ?? null };
  return {
    name: metadata.name,
    phase: status?.phase ?? '',
    finishedAt: status?.finishedAt,
    outputs: JSON.stringify(outputs),
  };
}
