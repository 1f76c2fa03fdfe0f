import { existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TOKEN } from '../hosts/github-server.ts';
import { HEAD, project, QUIET, SUMS, schedule } from '../review/reviewed.ts';
import { type ActionBench, openActionBench, type Step } from './action-runner.ts';

let bench: ActionBench;
let main: string;
let pwned: string;

beforeAll(async () => {
  bench = await openActionBench();
  pwned = join(bench.folder, 'pwned');
  main = bench.commit('main', {
    'pipectl.yaml': project(QUIET),
    'pipelines/sums.yaml': `${HEAD}${SUMS}`,
    'pipelines/nightly.yaml': HEAD + schedule('nightly', 'cron: "0 2 * * *"'),
  });
});
afterAll(() => bench.close());

const EVIL = '</details><script>x</script> @everyone #1 [a](//evil.example) ``` ::set-output name=a::b ##[debug]x';
const task = (name: string, description: string): string =>
  `kind: Task\nmetadata: { name: ${name}, description: ${JSON.stringify(description)} }\nspec: { run: { command: [sh, -c, ${JSON.stringify(description)}] } }\n`;

interface Brought {
  /** Runs when the files are committed, for what is not a plain file. */
  readonly more?: () => void;
  readonly workspace?: () => string;
}

/** Runs the step, and holds everything it leaves behind to what must be true of it. */
async function reviewed(
  files: Readonly<Record<string, string>>,
  { more, workspace }: Brought = {},
): Promise<Step & { readonly comment: string }> {
  bench.commit('change', files);
  more?.();
  bench.offer();
  const inputs = { 'fail-on': 'never' };
  const step = await bench.step(workspace === undefined ? { inputs } : { inputs, workspace: workspace() });
  expect(step.errors).toBe('');
  expect(step.code).toBe(0);
  const [{ body: comment } = { body: '' }, ...others] = bench.server.state.comments;
  expect(others).toEqual([]);
  const ours =
    /^::(?:add-mask::|(?:error|warning|notice) (?:title=pipectl|file=[^:]*,line=\d+,endLine=\d+,title=[^:]*)::)/;
  const lines = step.log.split('\n');
  expect(lines.filter((line) => line.trimStart().startsWith('::') && !ours.test(line))).toEqual([]);
  expect(lines.filter((line) => line.includes('##[') && !line.startsWith('::'))).toEqual([]);
  expect(Object.keys(step.outputs).every((name) => /^[a-z-]+$/.test(name))).toBe(true);
  for (const text of [comment, step.summary]) {
    const prose = text.replace(/^(`{3,})\S*\n[\s\S]*?\n\1$/gm, '');
    expect(prose).not.toMatch(/<script|\]\(\/\/evil|(?<![\w>])@everyone/);
    expect(text).not.toMatch(/^\s*::/m);
  }
  expect(
    step.log.replaceAll(/^::add-mask::.*$/gm, '') + comment + step.summary + JSON.stringify(step.outputs),
  ).not.toContain(TOKEN);
  expect(comment.length).toBeLessThanOrEqual(65_536);
  expect(existsSync(pwned)).toBe(false);
  return { ...step, comment };
}

function startAnew(): void {
  bench.reset(main);
}

describe('a hostile pull request', () => {
  it('writes neither markup, mentions nor commands by names, texts and file names', async () => {
    startAnew();
    const step = await reviewed({
      'pipelines/evil.yaml': `${HEAD}${task('evil', EVIL)}---\n${schedule('late', `cron: ${JSON.stringify(EVIL)}`)}`,
      'pipelines/a\n::set-output name=x::y.yaml': `${HEAD}${task('newline', 'text')}`,
      'pipelines/::error::@everyone <b>.yaml': `${HEAD}kind: Nothing\n`,
      'pipelines/big.yaml': `${HEAD}${schedule('big', `cron: "0 3 * * *" # ${EVIL}`)}`,
    });
    expect(Number(step.outputs.findings)).toBeGreaterThan(0);
  });

  it('runs nothing of what it brings, and follows no link out of it', async () => {
    startAnew();
    const touch = `#!/bin/sh\ntouch ${pwned}\n`;
    bench.git('checkout', '-q', 'change');
    symlinkSync('/etc/passwd', join(bench.folder, 'host/pipelines-link.yaml'));
    symlinkSync('/etc/passwd', join(bench.folder, 'host/pipelines/passwd.yaml'));
    bench.git('update-index', '--add', '--cacheinfo', `160000,${main},vendor/module`);
    const brought = {
      '.gitattributes': '* filter=evil diff=evil\n',
      '.gitmodules': `[submodule "m"]\n\tpath = vendor/module\n\turl = "ext::sh -c touch% ${pwned}"\n`,
      '.git-hooks/post-checkout': touch,
      'package.json': JSON.stringify({ scripts: { prepare: `touch ${pwned}` } }),
      '.npmrc': 'script-shell=/bin/false\n',
      'pipelines/other.yaml': HEAD + schedule('other', 'cron: "0 3 * * *"'),
    };
    const step = await reviewed(brought, { workspace: () => bench.checkout(0) });
    expect(step.outputs.verdict).toContain('1 schedule added');
    expect(step.comment + step.summary).not.toContain('root:');
  });

  it('takes no more than its bounds by three thousand files and ten megabytes', async () => {
    startAnew();
    const more = (): void => {
      const blob = bench.git('rev-parse', 'HEAD:pipectl.yaml').trim();
      const entries = Array.from({ length: 3_000 }, (_none, at) => ['--cacheinfo', `100644,${blob},data/${at}.txt`]);
      bench.git('update-index', '--add', ...entries.flat());
      bench.git('commit', '-qm', 'Files');
    };
    const brought = {
      'pipelines/large.yaml': `${HEAD}# ${'x'.repeat(10 * 1024 * 1024)}\n`,
      'notes.md': 'text\n'.repeat(2 * 1024 * 1024),
      'pipelines/many.yaml':
        HEAD +
        Array.from({ length: 400 }, (_none, at) => schedule(`s${at}`, `cron: "${at % 60} 3 * * *"`)).join('---\n'),
    };
    const step = await reviewed(brought, { more });
    expect(step.outputs.verdict).toContain('400 schedules added');
    expect(Buffer.byteLength(step.summary)).toBeLessThanOrEqual(1024 * 1024);
  });

  it('gains nothing by a comment that looks like ours', async () => {
    startAnew();
    bench.server.state.comments = [
      { id: 1, body: `<!-- pipectl-review -->\n<!-- of= head=${main} -->\nApproved.`, login: 'mallory', type: 'User' },
    ];
    bench.commit('change', { 'pipelines/other.yaml': HEAD + schedule('other', 'cron: "0 3 * * *"') });
    bench.offer();
    expect(await bench.step()).toMatchObject({ code: 0, outputs: { comment: 'Created' } });
    expect(bench.server.state.comments).toMatchObject([
      { login: 'mallory', body: expect.stringContaining('Approved') },
      { id: 2 },
    ]);
  });
});
