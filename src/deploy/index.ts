/**
 * deploy: what a Kubernetes cluster needs to run this, as data: definitions of the kinds, roles, workloads, services.
 * Must not talk to a cluster: `main` applies what stands here, `deploy/` holds it as files.
 * Keeps: definitions are made of the same schemas and columns as the embedded API; a manifest names no flag, port or
 * metric that the program does not have; whoever is granted a verb has a reason for it that the documentation shows.
 */
export * from './crd.ts';
export { dashboard, dashboardMetrics } from './dashboard.ts';
export * from './labels.ts';
export * from './manifest.ts';
export * from './manifests.ts';
export * from './options.ts';
export * from './permissions.ts';
export { rulesOf } from './rbac.ts';
export { PORT, USER_ID } from './workloads.ts';
