import type { DiagnosticCode } from './code.ts';
import { example } from './examples.ts';

/** A workflow whose executions are told of like this, with a node that does something. */
function workflow(notification: string, node = 'compute: { text: hello }'): string {
  return example(
    'kind: Workflow',
    'metadata: { name: hello }',
    'spec:',
    '  outputs: { text: "${{ nodes.say.outputs.text }}" }',
    '  nodes:',
    '    say: { compute: { text: hello } }',
    ...(node === '' ? [] : [`    second: { ${node} }`]),
    '  notifications:',
    `    - ${notification}`,
  );
}

const SECRET = '{ secret: { name: slack, key: url } }';

/** What is wrong with notifications. */
export const NOTIFICATION_CODES: readonly DiagnosticCode[] = [
  {
    code: 'PIPE-NOTIFY-001',
    severity: 'error',
    title: 'a secret is written out where it is to be named',
    explanation:
      'Addresses of chats and mail servers hold tokens and passwords, access keys open object stores, and what is in git is read by many and kept for ever. Put the value into a secret, write its name and key here, and replace the value where it is valid, because it has been in a file.',
    wrong: workflow('{ on: [Failed], slack: { url: "https://hooks.slack.example/services/T0/B0/x" } }', ''),
    right: workflow(`{ on: [Failed], slack: { url: ${SECRET} } }`, ''),
  },
  {
    code: 'PIPE-NOTIFY-002',
    severity: 'warning',
    title: 'a notification waits for an approval that never comes',
    explanation:
      'WaitingForApproval is told when an `approve` node begins to wait. This workflow has none, and runs none in its place; a launch plan that a node runs is an execution of its own, with its own notifications.',
    wrong: workflow(`{ on: [WaitingForApproval], slack: { url: ${SECRET} } }`, ''),
    right: workflow(`{ on: [WaitingForApproval], slack: { url: ${SECRET} } }`, 'approve: { message: "Go on?" }'),
  },
];
