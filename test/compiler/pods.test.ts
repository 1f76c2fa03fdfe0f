import { describe, expect, it } from 'vitest';
import { digestOf, type Json } from '../../src/base/index.ts';
import type { TaskClosure } from '../../src/compiler/index.ts';
import { compileAll, PROJECT_TEXT } from './commit.ts';

/** A task with these settings of its pod, in a project with these levels besides. */
function compile(pod: string, lints = '', more = '') {
  const files = new Map([
    ['pipectl.yaml', lints === '' ? PROJECT_TEXT : PROJECT_TEXT.replace('lints: {', `lints: { ${lints},`)],
    [
      'pipelines/all.yaml',
      `apiVersion: pipectl.dev/v1\nkind: Task\nmetadata: { name: add }\nspec:\n  run: { command: [sh, add.sh] }\n  pod: ${pod}\n${more}`,
    ],
  ]);
  return compileAll({ files, folders: new Map() });
}

/** Findings as `code severity`. */
const told = (pod: string, lints?: string): readonly string[] =>
  compile(pod, lints).diagnostics.map(({ code, severity }) => `${code} ${severity}`);

describe('what a task says of its pods', () => {
  const POD =
    '{ nodeSelector: { disk: ssd }, tolerations: [{ key: spot, operator: Exists }], priorityClass: batch, runtimeClass: gvisor, serviceAccount: reader, imagePullSecrets: [registry], affinity: { nodeAffinity: {} }, volumes: [{ name: data, mountPath: /data, readOnly: true, source: { persistentVolumeClaim: { claimName: data } } }], overlay: { metadata: { labels: { team: data } }, spec: { dnsPolicy: Default } } }';

  it('stands in its closure, and so in its digest', () => {
    const made = compile(POD);
    expect(made.diagnostics).toEqual([]);
    const closure = made.kind === 'compiled' ? made.changed.find(({ name }) => name === 'add')?.closure : undefined;
    expect((closure as TaskClosure).pod).toMatchObject({
      nodeSelector: { disk: 'ssd' },
      serviceAccount: 'reader',
      volumes: [{ name: 'data', mountPath: '/data', readOnly: true }],
      overlay: { spec: { dnsPolicy: 'Default' } },
    });
    const other = compile('{ nodeSelector: { disk: hdd } }');
    const changed = other.kind === 'compiled' ? other.changed.find(({ name }) => name === 'add') : undefined;
    expect(changed?.digest).not.toBe(digestOf(closure as unknown as Json));
  });

  it('is seen by policies', () => {
    const rule = 'object.spec.pod.serviceAccount != "admin" && object.spec.pod.volumes.all(v, v.readOnly)';
    const policy = `---\napiVersion: pipectl.dev/v1\nkind: Policy\nmetadata: { name: p }\nspec: { rules: [{ name: r, match: { kinds: [Task] }, assert: '${rule}', message: no }] }\n`;
    expect(compile(POD, '', policy).diagnostics).toEqual([]);
    const codes = compile('{ serviceAccount: admin }', '', policy).diagnostics.map(({ code }) => code);
    expect(codes).toEqual(['PIPE-POLICY-001']);
  });
});

describe('an overlay or a volume', () => {
  it.each([
    ['that changes how a pod ends', '{ overlay: { spec: { restartPolicy: Always } } }'],
    ['that names a node past the scheduler', '{ overlay: { spec: { nodeName: worker-1 } } }'],
    ['that adds a container', '{ overlay: { spec: { containers: [{ name: other, image: x }] } } }'],
    ['that runs another command', '{ overlay: { spec: { containers: [{ name: task, command: [id] }] } } }'],
    [
      'that takes the outputs away',
      '{ overlay: { spec: { containers: [{ name: task, terminationMessagePath: /x }] } } }',
    ],
    ['that owns the pod', '{ overlay: { metadata: { ownerReferences: [] } } }'],
    [
      'of another namespace',
      '{ volumes: [{ name: d, mountPath: /d, source: { csi: { nodePublishSecretRef: { namespace: x } } } }] }',
    ],
    ['with an expression', '{ nodeSelector: { a: "b" }, overlay: { spec: { dnsPolicy: "${{ inputs.a }}" } } }'],
    ['with a name of our own', '{ volumes: [{ name: source, mountPath: /d, source: { emptyDir: {} } }] }'],
    ['over what the task is given', '{ volumes: [{ name: d, mountPath: /pipectl/source, source: { emptyDir: {} } }] }'],
    ['over everything', '{ volumes: [{ name: d, mountPath: /, source: { emptyDir: {} } }] }'],
  ])('%s is an error', (_, pod) => expect(told(pod)).toEqual(['PIPE-POD-001 error']));

  it.each([
    ['hostNetwork', '{ overlay: { spec: { hostNetwork: true } } }'],
    ['hostPID', '{ overlay: { spec: { hostPID: true } } }'],
    [
      'a privileged container',
      '{ overlay: { spec: { containers: [{ name: task, securityContext: { privileged: true } }] } } }',
    ],
    [
      'a privileged init container',
      '{ overlay: { spec: { initContainers: [{ name: i, securityContext: { privileged: true } }] } } }',
    ],
    ['root', '{ overlay: { spec: { securityContext: { runAsUser: 0 } } } }'],
    [
      'a capability',
      '{ overlay: { spec: { containers: [{ name: task, securityContext: { capabilities: { add: [SYS_ADMIN] } } }] } } }',
    ],
    ['no seccomp', '{ overlay: { spec: { securityContext: { seccompProfile: { type: Unconfined } } } } }'],
    ['a port of its node', '{ overlay: { spec: { containers: [{ name: task, ports: [{ hostPort: 80 }] }] } } }'],
    ['a folder of its node', '{ volumes: [{ name: d, mountPath: /d, source: { hostPath: { path: / } } }] }'],
    ['a folder of its node, by overlay', '{ overlay: { spec: { volumes: [{ name: d, hostPath: { path: / } }] } } }'],
  ])('with %s is an error, unless the project says otherwise', (_, pod) => {
    expect(told(pod)).toEqual(['PIPE-POD-002 error']);
    expect(told(pod, 'PIPE-POD-002: warning')).toEqual(['PIPE-POD-002 warning']);
    expect(told(pod, 'PIPE-POD-002: off')).toEqual([]);
  });
});
