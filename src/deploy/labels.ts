import type { Component } from './permissions.ts';

/** What all objects of an installation carry: `uninstall` finds them by it. */
export const PART_OF = { 'app.kubernetes.io/part-of': 'pipectl' } as const;

/** On the namespace: the version that is installed. */
export const VERSION_LABEL = 'app.kubernetes.io/version';

/** Labels of a component's objects. */
export function labelsOf(component: Component): Readonly<Record<string, string>> {
  return { ...PART_OF, ...selectorOf(component) };
}

/** What selects a component's pods; it never changes, since selectors of workloads cannot. */
export function selectorOf(component: Component): Readonly<Record<string, string>> {
  return { 'app.kubernetes.io/name': 'pipectl', 'app.kubernetes.io/component': component };
}
