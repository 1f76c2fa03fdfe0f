import type { DiagnosticCode } from './code.ts';
import { example } from './examples.ts';

const pod = (settings: string): string =>
  example('kind: Task', 'metadata: { name: add }', `spec: { run: { command: [sh, add.sh] }, pod: ${settings} }`);

/** What a task says of its pods on a cluster. */
export const POD_CODES: readonly DiagnosticCode[] = [
  {
    code: 'PIPE-POD-001',
    severity: 'error',
    title: 'a pod cannot be changed so',
    explanation:
      "The pod of an attempt is made by pipectl: its name and owner, its command, where inputs, outputs and source are, and the container `task`. An overlay and volumes stand beside that, in the namespace of the execution. Expressions cannot stand in a pod: it is part of the task's digest.",
    wrong: pod('{ overlay: { spec: { restartPolicy: Always } } }'),
    right: pod('{ overlay: { spec: { dnsPolicy: Default } } }'),
  },
  {
    code: 'PIPE-POD-002',
    severity: 'warning',
    isErrorByDefault: true,
    title: 'a pod reaches for its node',
    explanation:
      'A privileged container, a folder, port or namespace of the node, or a process as root is a way out of the container, to all that runs beside it. Without a level of its own in `spec.lints` of pipectl.yaml this rejects a commit: a project that trusts everybody who may push sets PIPE-POD-002 to `off` or `warning`, and the Pod Security level of the namespace on the cluster must allow it too. A Policy can forbid it, or more, by `object.spec.pod`.',
    wrong: pod('{ overlay: { spec: { hostNetwork: true } } }'),
    right: pod('{ overlay: { spec: { hostAliases: [] } } }'),
  },
];
