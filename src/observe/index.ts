/**
 * observe: what the running parts say about themselves. Owns the metrics registry with its Prometheus text
 * and the log adapter.
 * Must not decide anything, and must not let a secret through: values of telling names are dropped here.
 * Keeps: every metric has a bounded number of series.
 */
export * from './log.ts';
export * from './metrics.ts';
export * from './redact.ts';
