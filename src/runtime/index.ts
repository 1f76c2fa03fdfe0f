/**
 * runtime: how a task attempt runs. Owns the reasons of its end and the source trees it runs in.
 * Must not decide what runs or how often: that is the engine's; it only makes pods come true.
 * Keeps: a pod starts at most once; its end is reported only when no process of it lives.
 */
export { judgePod } from './pods/judge-pod.ts';
export { createKubernetesPods, type KubernetesPodsOptions } from './pods/kubernetes-pods.ts';
export type * from './pods/pod-form.ts';
export { createSourceMaps, type SourceMaps, type SourceMapsOptions } from './pods/source-maps.ts';
export * from './reasons.ts';
export * from './sources.ts';
