import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { commandHelp, EXIT_CODES, mainHelp } from '../../src/cli/help.ts';
import { quickAnswer } from '../../src/cli/quick-answer.ts';
import { VERSION } from '../../src/main/version.ts';
import { type ControlPlane, execution, openControlPlane } from './control-plane.ts';

describe('help', () => {
  it.each([[[]], [['--help']], [['-h']], [['help']], [['help', 'help']]])('%j tells about all', (argv) => {
    expect(quickAnswer(argv)).toBe(mainHelp());
  });

  it('names every command, and every exit code', () => {
    for (const { name } of COMMANDS) expect(mainHelp()).toMatch(new RegExp(`^  ${name} +\\w`, 'm'));
    for (const [code] of EXIT_CODES) expect(mainHelp()).toMatch(new RegExp(`^  ${code} +\\w`, 'm'));
  });

  it.each(COMMANDS.map((spec) => [spec.name, spec] as const))('of %s begins with examples of it', (name, spec) => {
    const help = quickAnswer([name, '--help']);
    expect(help).toBe(commandHelp(spec));
    expect(quickAnswer(['help', name])).toBe(help);
    expect(help!.indexOf('Examples:')).toBeLessThan(help!.indexOf('Usage:'));
    for (const { command } of spec.examples) expect(command).toContain(`pipectl ${name}`);
    for (const line of help!.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
  });

  it.each([80, 100])('fits into %d columns, and loses no word', (columns) => {
    const words = (text: string): readonly string[] => text.split(/\s+/);
    for (const argv of [['--help'], ...COMMANDS.map(({ name }) => [name, '--help'])]) {
      const fitted = quickAnswer(argv, columns) ?? '';
      expect(fitted.split('\n').filter(({ length }) => length > columns)).toEqual([]);
      expect(words(fitted)).toEqual(words(quickAnswer(argv) ?? ''));
    }
  });

  it('is not what a command line means that has the word elsewhere', () => {
    expect(quickAnswer(['abort', 'x', '--reason', 'y', '--', '--help'])).toBeUndefined();
    expect(quickAnswer(['gte', '--help'])).toBeUndefined();
  });

  it('is docs/cli.md', async () => {
    const sections = COMMANDS.map((spec) => `## pipectl ${spec.name}\n\n\`\`\`text\n${commandHelp(spec)}\`\`\`\n`);
    const page = `# The command line\n\n\`\`\`text\n${mainHelp()}\`\`\`\n\n${sections.join('\n')}`;
    await expect(page).toMatchFileSnapshot('../../docs/cli.md');
  });

  it('tells the version of the package', () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(VERSION).toBe(version);
    expect(quickAnswer(['--version'])).toBe(`pipectl ${version}\n`);
  });
});

describe('a wrong command line', () => {
  let plane: ControlPlane;
  beforeAll(async () => {
    plane = await openControlPlane();
  });
  afterAll(() => plane.close());

  it.each([
    ['gte', 'there is no command "gte": did you mean "pipectl get"?'],
    ['gte --help', 'there is no command "gte": did you mean "pipectl get"?'],
    ['frobnicate', 'there is no command "frobnicate": try `pipectl --help`'],
    ['repeat ex', 'there is no command "repeat": did you mean "pipectl relaunch"?'],
    ['cancel ex', 'there is no command "cancel": did you mean "pipectl abort"?'],
    ['get', "missing required argument 'KIND': try `pipectl get --help`"],
    ['run x --folow', 'unknown option \'--folow\': did you mean "--follow"?'],
    ['get exec -o yml', '--output: there is no "yml": did you mean "yaml"?'],
    ['get exec -n', "option '-n, --namespace <NAME>' argument missing: try `pipectl get --help`"],
    ['up --allow-remotes http --allow-remotes fil', '--allow-remotes: there is no "fil": did you mean "file"?'],
    ['describe exec a b', 'describe takes no more than 2 arguments: try `pipectl describe --help`'],
    ['completion tcsh', 'there is no completion for "tcsh": one of bash, zsh, fish'],
  ])('%s', async (line, message) => {
    expect(await plane.run(...line.split(' '))).toEqual({ code: 2, out: '', err: `pipectl: ${message}\n` });
  });
});

describe('pipectl completion', () => {
  let plane: ControlPlane;
  beforeAll(async () => {
    plane = await openControlPlane();
    await plane.create(execution('nightly-aaaaaa'));
  });
  afterAll(() => plane.close());

  /** What a real bash offers for the last word; `pipectl` in it prints the names that it is asked for. */
  async function offered(line: string): Promise<string[]> {
    const { out } = await plane.run('completion', 'bash');
    const words = line.split(' ').map((word) => `'${word}'`);
    const script = `
pipectl() { echo "execution.pipectl.dev/$2-one"; }
${out}
COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; _pipectl; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split('\n');
  }

  it.each([
    ['pipectl va', ['validate']],
    ['pipectl get exec', ['executions']],
    ['pipectl get workflows ', ['workflows-one']],
    ['pipectl logs ', ['executions-one']],
    ['pipectl run --fol', ['--follow']],
    ['pipectl -v completion f', ['fish']],
  ])('bash offers for "%s"', async (line, words) => {
    expect(await offered(line)).toEqual(words);
  });

  it('makes a script for each shell', async () => {
    expect((await plane.run('completion', 'zsh')).out.startsWith('#compdef pipectl\n')).toBe(true);
    const { out } = await plane.run('completion', 'fish');
    expect(out).toContain("complete -c pipectl -n '__fish_seen_subcommand_from run' -s f -l follow -d ");
  });
});
