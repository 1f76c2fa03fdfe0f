import type { Log, LogLevel } from '../base/index.ts';
import type { PropellerOptions, PropellerStats, QuotaReport } from '../control/propeller/index.ts';
import type { LeaseTiming } from '../control/shards/index.ts';

/** What a control plane tells a shard that it has started: where the API is, and who it is there. */
export interface ShardOrders {
  readonly kubeconfig: string;
  readonly id: string;
  readonly identity: string;
  readonly timing?: Partial<LeaseTiming>;
}

export type Ended = Parameters<NonNullable<PropellerOptions['onEnded']>>[0];
export type Round = Parameters<NonNullable<PropellerOptions['onRound']>>[0];

/** What a shard tells the control plane that started it. */
export type ShardNews =
  | { readonly kind: 'log'; readonly level: LogLevel; readonly message: string; readonly fields: LogFields }
  | {
      readonly kind: 'counts';
      readonly stats: PropellerStats & { readonly epoch?: number };
      readonly quotas: readonly QuotaReport[];
      readonly rounds: readonly Round[];
      readonly ended: readonly Ended[];
    };

type LogFields = NonNullable<Parameters<Log['write']>[2]>;
