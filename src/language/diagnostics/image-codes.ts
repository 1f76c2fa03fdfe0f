import type { DiagnosticCode } from './code.ts';
import { example } from './examples.ts';

const DIGEST = `sha256:${'6f'.repeat(32)}`;
const PYTHON = `  docker.io/library/python:3.12-slim: { index: ${DIGEST} }`;

function lock(...lines: readonly string[]): string {
  return `version: 1\n${lines.join('\n')}\n`;
}

function run(image: string): string {
  return example(
    'kind: Task',
    'metadata: { name: add }',
    `spec: { run: { image: "${image}", command: [sh, add.sh] } }`,
  );
}

/** What a task's image may be wrong about. */
export const IMAGE_CODES: readonly DiagnosticCode[] = [
  {
    code: 'PIPE-IMAGE-001',
    severity: 'error',
    title: 'an image reference cannot be read',
    explanation:
      'An image is named `[registry/]repository[:tag][@digest]`, as for Docker and Kubernetes: `python:3.12-slim`, `ghcr.io/team/etl:v4`, `registry.example.com:5000/etl@sha256:…`. Names are in lower case. Without a registry it is an image of Docker Hub; without tag and digest it is the tag `latest`.',
    wrong: run('python:3.12:slim'),
    right: run('python:3.12-slim'),
  },
];

/** What `images.lock` may be wrong about. The examples are lock files of a project whose one task runs `python:3.12-slim`. */
export const LOCK_CODES: readonly DiagnosticCode[] = [
  {
    code: 'PIPE-LOCK-001',
    severity: 'warning',
    title: 'an image is not in images.lock',
    explanation:
      'A tag can mean another image tomorrow. The project has an `images.lock`, so a task whose image it does not know would be the only one to change without a commit. The examples are lock files of a project whose task runs `python:3.12-slim`: run `pipectl lock` and commit the file.',
    wrong: lock('images: {}'),
    right: lock('images:', PYTHON),
  },
  {
    code: 'PIPE-LOCK-002',
    severity: 'warning',
    title: 'images.lock has an image that no task runs',
    explanation:
      'The task that ran this image is gone, or runs another one now. `pipectl lock` takes the line away. The examples are lock files of a project whose only task runs `python:3.12-slim`.',
    wrong: lock('images:', `  docker.io/library/alpine:3.20: { index: ${DIGEST} }`, PYTHON),
    right: lock('images:', PYTHON),
  },
  {
    code: 'PIPE-LOCK-003',
    severity: 'error',
    title: 'images.lock cannot be read',
    explanation:
      'The file has the form that `pipectl lock` writes: `version: 1`, then one line for each image with the digest of its index (or of its manifest, for an image of one platform). An edit by hand or a merge broke it, and images that are not pinned would go unseen. `pipectl lock` keeps what can be read and looks up the rest.',
    wrong: lock('images:', '<<<<<<< ours', PYTHON, '=======', PYTHON.replaceAll('6f', '7a'), '>>>>>>> theirs'),
    right: lock('images:', PYTHON),
  },
];
