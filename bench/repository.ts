import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The environment of every git of the bench: nobody's configuration, nobody's name. */
const ENV = {
  PATH: process.env.PATH ?? '',
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'bench',
  GIT_AUTHOR_EMAIL: 'bench@localhost',
  GIT_COMMITTER_NAME: 'bench',
  GIT_COMMITTER_EMAIL: 'bench@localhost',
};

export const HEADER = 'apiVersion: pipectl.dev/v1\n';
const PROJECT = `${HEADER}kind: Project
metadata: { name: bench }
spec: { paths: [pipelines], domains: { production: { ref: main } } }
`;

/** A repository of project "bench" whose branch main is its domain production, with one commit of these files. */
export function writeRepository(folder: string, files: Readonly<Record<string, string>>): void {
  writeText(join(folder, 'pipectl.yaml'), PROJECT);
  for (const [path, text] of Object.entries(files)) writeText(join(folder, 'pipelines', path), text);
  git(folder, 'init', '-q', '-b', 'main');
  git(folder, 'add', '-A');
  git(folder, 'commit', '-qm', 'first');
}

export function commitFile(folder: string, path: string, text: string): void {
  commitFiles(folder, { [path]: text });
}

export function commitFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) writeText(join(folder, 'pipelines', path), text);
  git(folder, 'commit', '-qam', `change ${Object.keys(files)[0]}`);
}

/** `git push` of main; rejects with git's own words. */
export function push(folder: string, url: string, token: string): Promise<void> {
  const header = `http.extraHeader=Authorization: Bearer ${token}`;
  return new Promise((resolve, reject) => {
    const child = spawn('git', ['-c', header, 'push', '-q', url, 'main'], {
      cwd: folder,
      env: ENV,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let text = '';
    child.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
    });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`git push failed: ${text}`))));
  });
}

function writeText(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function git(folder: string, ...args: readonly string[]): void {
  execFileSync('git', args, { cwd: folder, env: ENV, stdio: ['ignore', 'ignore', 'inherit'] });
}
