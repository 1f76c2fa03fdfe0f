import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { customResourceDefinitions, USER_ID } from '../../src/deploy/index.ts';
import { VERSION } from '../../src/main/version.ts';
import { buildProgram, newFolder } from '../daemon/fixtures/program.ts';
import { imagePlan, layOutImage } from './image.ts';

/**
 * The files of the image, in a root of their own that cannot be written, as the image's user. Without the right to make
 * one, as in a container of a CI, they run from where they lie.
 */

const NODE = realpathSync(process.execPath);
let image: string;
beforeAll(async () => {
  image = newFolder();
  const program = await buildProgram();
  // The root of an image is everybody's to look into.
  chmodSync(image, 0o755);
  layOutImage(image, join(dirname(program), '..', 'dist'));
  if (canChangeRoot()) layOutSystem(image);
}, 120_000);

function canChangeRoot(): boolean {
  return process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'true']).status === 0;
}

/** What the base image brings: Node and the libraries that it is linked with. */
function layOutSystem(root: string): void {
  const libraries = execFileSync('ldd', [NODE], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g);
  const files = [...libraries].map(([, path = '']) => [path, path] as const);
  for (const [from, to] of [[NODE, '/usr/local/bin/node'] as const, ...files]) {
    mkdirSync(join(root, dirname(to)), { recursive: true });
    copyFileSync(realpathSync(from), join(root, to));
  }
  for (const folder of ['tmp', 'proc', 'dev']) mkdirSync(join(root, folder));
}

function runImage(...args: string[]): { readonly code: number | null; readonly out: string; readonly err: string } {
  const { entrypoint, user } = imagePlan();
  const [, program = ''] = entrypoint;
  const env = { NODE_ENV: 'production', HOME: '/tmp', PATH: '/usr/local/bin' };
  const script =
    'set -e; mount --bind "$0" "$0"; mount -o remount,ro,bind "$0"; mount -t tmpfs tmpfs "$0/tmp"; ' +
    'mount -t proc proc "$0/proc"; mount --rbind /dev "$0/dev"; exec chroot --userspec="$1" "$0" "${@:2}"';
  const command = canChangeRoot()
    ? [
        'unshare',
        '--mount',
        '--pid',
        '--fork',
        'bash',
        '-c',
        script,
        image,
        user,
        '/usr/local/bin/node',
        program,
        ...args,
      ]
    : [NODE, join(image, program), ...args];
  const [file = '', ...rest] = command;
  const { status, stdout, stderr } = spawnSync(file, rest, {
    env: canChangeRoot() ? { ...env, PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin' } : env,
    encoding: 'utf8',
    maxBuffer: 16 * 1024 * 1024,
  });
  return { code: status, out: stdout, err: stderr };
}

describe('the image', () => {
  it('runs as a user that is no person, the one that the manifests name', () => {
    expect(imagePlan().user).toBe(`${USER_ID}:${USER_ID}`);
    expect(imagePlan().entrypoint[0]).toBe('node');
  });

  it('starts from its files alone', () => {
    expect(runImage('version', '--client')).toEqual({
      code: 0,
      out: expect.stringMatching(new RegExp(`^pipectl ${VERSION.replaceAll('.', '\\.')} `)),
      err: '',
    });
  }, 60_000);

  it('has the packages that commands load late', () => {
    const { code, out, err } = runImage('install', '--image', 'x');
    expect([code, err]).toEqual([0, '']);
    expect(out.match(/^kind: CustomResourceDefinition$/gm)).toHaveLength(customResourceDefinitions().length);
  }, 60_000);

  it('brings no tools along that only making it needs', () => {
    const packages = readdirSync(join(image, 'app', 'node_modules'));
    const { devDependencies } = JSON.parse(readFileSync(join(image, 'app', 'package.json'), 'utf8')) as {
      devDependencies: Readonly<Record<string, string>>;
    };
    expect(packages).toContain('yaml');
    expect(Object.keys(devDependencies).filter((name) => packages.includes(name))).toEqual([]);
  });
});
