import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildProgram, newFolder, startDaemon } from './fixtures/program.ts';
import { newProject } from './fixtures/project.ts';

let program: string;
beforeAll(async () => {
  program = await buildProgram();
});

const FILES = {
  'pipectl.yaml': `apiVersion: pipectl.dev/v1
kind: Project
metadata: { name: second }
spec: { paths: [pipelines], domains: { production: { ref: main } } }
`,
  'pipelines/task.yaml': `apiVersion: pipectl.dev/v1
kind: Task
metadata: { name: greet }
spec: { run: { command: [echo, hello] } }
`,
};

describe('a second project', () => {
  it('joins the control plane that runs, by `up` in its checkout', async () => {
    const data = join(newFolder(), 'data');
    const first = await startDaemon({ program, data });
    const { folder } = newProject(FILES);
    const { status, stderr } = spawnSync(process.execPath, [program, '--data', data, 'up'], {
      cwd: folder,
      env: { PATH: process.env.PATH ?? '', HOME: newFolder(), LC_ALL: 'C' },
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([
      2,
      `pipectl: pipectl is up already on the data folder ${data}: the git remote "pipectl" of ${folder} points there now; to register: git push pipectl main\n`,
    ]);
    // Rejects when the push is refused.
    await promisify(execFile)('git', ['-C', folder, 'push', 'pipectl', 'main']);
    const remote = execFileSync('git', ['-C', folder, 'remote', 'get-url', 'pipectl'], { encoding: 'utf8' });
    expect(remote.trim()).toBe(`${first.at}/git/second.git`);
    await first.kill();
  });
});
