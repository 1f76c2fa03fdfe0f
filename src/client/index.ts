/**
 * client: what the command line and the TUI read. Owns the session with a control plane (which kubeconfig, which
 * namespace), the checkout around the current folder, and view models over the cluster port.
 * Must not wire adapters nor print. Views are pure functions of objects and an instant; loaders only fetch.
 */
export * from './audit.ts';
export * from './checkout.ts';
export * from './commit-side.ts';
export * from './compile-work-tree.ts';
export * from './data-folder.ts';
export * from './events/event.ts';
export * from './events/execution-events.ts';
export * from './events/notification-events.ts';
export * from './execution-diff.ts';
export * from './execution-view.ts';
export * from './find-node.ts';
export * from './fix-work-tree.ts';
export * from './follow.ts';
export * from './history/bisect.ts';
export * from './history/blame.ts';
export * from './history/checkout-git.ts';
export * from './history/pull-request.ts';
export * from './live/execution-row.ts';
export * from './live/freshness.ts';
export * from './live/live-executions.ts';
export * from './live/live-objects.ts';
export * from './live/pulse.ts';
export * from './live/row-filter.ts';
export * from './live/row-view.ts';
export * from './live/sorted-rows.ts';
export * from './load-attempts.ts';
export * from './load-execution.ts';
export * from './local-instant.ts';
export * from './lock-plan.ts';
export * from './log-sources.ts';
export * from './namespace.ts';
export * from './next-ticks.ts';
export { HANDLER_ID } from './placed-nodes.ts';
export * from './repositories.ts';
export * from './resolve-run.ts';
export * from './revision.ts';
export * from './revisions.ts';
export * from './run-again.ts';
export * from './search-executions.ts';
export * from './session.ts';
export * from './text/duration.ts';
export * from './text/fit-columns.ts';
export * from './text/stored-output.ts';
export * from './text/width.ts';
export { type BegunCheck, beginCheck } from './validation/begin-check.ts';
export { type BegunLook, beginLook } from './validation/begin-look.ts';
export * from './validation/validate-folder.ts';
export type { Verdict } from './validation/verdict.ts';
export { defaultCacheFolder } from './validation/verdict-cache.ts';
export * from './versions.ts';
export * from './watch-work-tree.ts';
export * from './work-tree.ts';
