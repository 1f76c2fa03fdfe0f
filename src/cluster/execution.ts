import { type Digest, type Json, type Random, SHARD_KEYS, sha256 } from '../base/index.ts';
import type { LaunchSettings } from './definitions.ts';
import type { Execution, Trigger } from './execution-kind.ts';
import { LABEL, labelValue } from './labels.ts';
import { API_VERSION } from './object.ts';
import type { OverlapPolicy } from './schedule-kind.ts';

/** What tells one execution from another before it has run. Inputs are complete and type-checked. */
export interface ExecutionRequest extends LaunchSettings {
  readonly namespace: string;
  /** Of `executionName`, or derived from what caused the execution, so that a second create finds the first. */
  readonly name: string;
  readonly repository: string;
  readonly commit: string;
  readonly workflow: string;
  readonly closure: Digest;
  readonly inputs: Readonly<Record<string, Json>>;
  readonly trigger: Trigger;
  readonly launchPlan?: string;
  readonly cache?: 'overwrite' | 'off';
  /** Of its schedule, where its ticks must not just overlap. */
  readonly overlap?: OverlapPolicy;
}

/** The object to create. The shard key label is set here, so that every way in gives an execution an owner. */
export function newExecution(request: ExecutionRequest): Execution {
  const { namespace, name, trigger, launchPlan, overlap } = request;
  return {
    apiVersion: API_VERSION,
    kind: 'Execution',
    metadata: {
      namespace,
      name,
      labels: {
        [LABEL.repository]: request.repository,
        [LABEL.workflow]: request.workflow,
        ...(launchPlan !== undefined && { [LABEL.launchPlan]: launchPlan }),
        ...(trigger.kind === 'schedule' && { [LABEL.schedule]: trigger.schedule }),
        ...(trigger.kind === 'schedule' &&
          trigger.backfill !== undefined && { [LABEL.backfill]: labelValue(trigger.backfill) }),
        ...(trigger.kind === 'execution' && { [LABEL.parent]: labelValue(trigger.execution) }),
        ...(overlap !== undefined && overlap !== 'allow' && { [LABEL.overlap]: overlap }),
        [LABEL.shardKey]: String(shardKeyOf(request)),
      },
    },
    spec: {
      repository: request.repository,
      commit: request.commit,
      workflow: request.workflow,
      closure: request.closure,
      ...(launchPlan !== undefined && { launchPlan }),
      inputs: request.inputs,
      ...launchSettings(request),
      trigger,
      ...(request.cache !== undefined && { cache: request.cache }),
      ...(exclusiveOf(request) !== undefined && { exclusive: exclusiveOf(request) }),
    },
  };
}

/** The settings among the fields of something that has them. */
export function launchSettings(of: LaunchSettings): LaunchSettings {
  const { maxParallelism, concurrency, priority, interruptible, timeout, notifications } = of;
  return {
    ...(maxParallelism !== undefined && { maxParallelism }),
    ...(concurrency !== undefined && { concurrency }),
    ...(priority !== undefined && { priority }),
    ...(interruptible !== undefined && { interruptible }),
    ...(timeout !== undefined && { timeout }),
    ...(notifications !== undefined && { notifications }),
  };
}

/**
 * `<prefix>-<six random characters>`, at most 63 characters so that it is also a label value.
 * The alphabet is the one of Kubernetes' generateName: no vowels, so no words; no characters that look alike.
 */
export function executionName(prefix: string, random: Random): string {
  let suffix = '';
  while (suffix.length < SUFFIX_LENGTH) {
    for (const byte of random.bytes(SUFFIX_LENGTH)) {
      // Bytes past the last full alphabet would favour its first characters.
      if (byte < FAIR_BYTES && suffix.length < SUFFIX_LENGTH) suffix += SUFFIX_ALPHABET[byte % SUFFIX_ALPHABET.length];
    }
  }
  const room = MAX_EXECUTION_NAME - 1 - SUFFIX_LENGTH;
  return `${prefix.slice(0, room).replace(/[-.]+$/, '')}-${suffix}`;
}

/** Executions that share a limit have one key: the shard that counts them must see them all. */
function shardKeyOf(request: ExecutionRequest): number {
  const { namespace, name, workflow, launchPlan, concurrency } = request;
  const isAlone = concurrency === undefined && exclusiveOf(request) === undefined;
  return shardKey(namespace, isAlone ? name : `limit/${launchPlan ?? workflow}`);
}

/** Where ticks must not just overlap, never two of a schedule run at once, whatever was decided of them. */
function exclusiveOf({ trigger, overlap }: ExecutionRequest): string | undefined {
  const isOne = overlap !== undefined && overlap !== 'allow';
  return isOne && trigger.kind === 'schedule' ? trigger.schedule : undefined;
}

/** In [0, SHARD_KEYS): depends on nothing but the execution's identity, so a move between shards never changes it. */
export function shardKey(namespace: string, name: string): number {
  return Number.parseInt(sha256(`${namespace}/${name}`).slice(0, 8), 16) % SHARD_KEYS;
}

const SUFFIX_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 6;
const FAIR_BYTES = 256 - (256 % SUFFIX_ALPHABET.length);
/** Label values end at 63 characters, and pods carry the execution's name as a label. */
const MAX_EXECUTION_NAME = 63;
