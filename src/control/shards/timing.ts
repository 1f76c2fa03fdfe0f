/** Milliseconds. The defaults of client-go's leader election, as Kubernetes' own controllers and Flyte's use them. */
export const LEASE_TIMING = {
  durationMs: 15_000,
  renewDeadlineMs: 10_000,
  retryMs: 2_000,
} as const satisfies LeaseTiming;

export interface LeaseTiming {
  /** A lease that nobody was seen to renew for so long is free. */
  readonly durationMs: number;
  /** A holder that could not renew for so long lets go. Shorter than `durationMs`, by more than clocks drift in that time. */
  readonly renewDeadlineMs: number;
  readonly retryMs: number;
}
