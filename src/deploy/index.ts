/**
 * deploy: what a Kubernetes cluster needs to run this, as data: definitions of the kinds, roles, workloads, services.
 * Talks to an API server that it is given, by `ManifestServer`; `deploy/` holds the same as files.
 * Keeps: definitions are made of the same schemas and columns as the embedded API; a manifest names no flag, port or
 * metric that the program does not have; whoever is granted a verb has a reason for it that the documentation shows.
 */
export * from './apply.ts';
export * from './crd.ts';
export { dashboard, dashboardMetrics } from './dashboard.ts';
export { unreadyReason } from './health.ts';
export * from './labels.ts';
export * from './manifest.ts';
export * from './manifests.ts';
export * from './options.ts';
export * from './permissions.ts';
export { rulesOf } from './rbac.ts';
export { leftovers, ownObjects, releaseRepositories } from './remove.ts';
export { PORT, USER_ID } from './workloads.ts';
