import { OPERATOR, type PolicyRule, policyRules, VIEWER } from '../src/cluster/index.ts';

interface Role {
  readonly name: string;
  /** Built-in role of Kubernetes that takes it in. */
  readonly aggregatesTo?: string;
  readonly comment: string;
  readonly rules: readonly PolicyRule[];
}

const ROLES: readonly Role[] = [
  {
    name: 'pipectl-viewer',
    aggregatesTo: 'view',
    comment: 'Sees everything but secrets and tokens.',
    rules: policyRules(VIEWER),
  },
  {
    name: 'pipectl-operator',
    aggregatesTo: 'edit',
    comment: 'Sees what a viewer sees, and starts, steers and removes executions and backfills.',
    rules: policyRules([...VIEWER, ...OPERATOR.filter(({ fields }) => fields === undefined)]),
  },
  {
    name: 'pipectl-repository-operator',
    comment:
      'Suspends, resumes and syncs repositories, and suspends schedules. RBAC knows no fields: whoever has this may also\n' +
      '# change where commits come from and who may push, so bind it to people who may do that. The embedded control plane\n' +
      '# limits it to spec.suspended and annotations.',
    rules: policyRules(OPERATOR.filter(({ fields }) => fields !== undefined)),
  },
  {
    name: 'pipectl-admin',
    aggregatesTo: 'admin',
    comment: 'Does everything with what is of pipectl, and keeps the secrets that tasks name.',
    rules: [
      { apiGroups: ['pipectl.dev'], resources: ['*'], verbs: ['*'] },
      { apiGroups: [''], resources: ['secrets', 'configmaps', 'pods'], verbs: ['*'] },
      { apiGroups: [''], resources: ['pods/log', 'events', 'namespaces'], verbs: ['get', 'list', 'watch'] },
    ],
  },
];

/** deploy/cluster-roles.yaml: what scopes of tokens allow here, as roles of Kubernetes. */
export function clusterRolesFile(): string {
  const head = '# Made by `npm run generate` from src/cluster/roles.ts, which the scopes of tokens follow as well.\n';
  return head + ROLES.map(roleText).join('---\n');
}

function roleText({ name, aggregatesTo, comment, rules }: Role): string {
  const labels =
    aggregatesTo === undefined ? '' : `\n  labels:\n    rbac.authorization.k8s.io/aggregate-to-${aggregatesTo}: "true"`;
  return `# ${comment}
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: ${name}${labels}
rules:
${rules.map(ruleText).join('')}`;
}

function ruleText({ apiGroups, resources, verbs }: PolicyRule): string {
  const list = (texts: readonly string[]): string => `[${texts.map((text) => JSON.stringify(text)).join(', ')}]`;
  return `  - apiGroups: ${list(apiGroups)}
    resources:
${resources.map((resource) => `      - ${JSON.stringify(resource)}\n`).join('')}    verbs: ${list(verbs)}
`;
}
