import { KINDS } from '../../cluster/index.ts';
import type { CommandInput, CommandSpec } from '../command.ts';
import { COMMANDS, GLOBAL_OPTIONS } from '../commands.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, type ExitCode, UsageError } from '../errors.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** `pipectl completion SHELL`: a script made of the table of commands. Names of objects are asked for as one types. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const [shell] = input.arguments;
  switch (shell) {
    case 'bash':
      context.stdout.write(bashScript());
      return EXIT.ok;
    case 'zsh':
      // zsh runs bash completions through its own emulation.
      context.stdout.write(`#compdef pipectl\nautoload -U +X bashcompinit && bashcompinit\n${bashScript()}`);
      return EXIT.ok;
    case 'fish':
      context.stdout.write(fishScript());
      return EXIT.ok;
    default:
      throw new UsageError(`there is no completion for "${shell}"`, `one of ${SHELLS.join(', ')}`);
  }
}

const KIND_WORDS = KINDS.filter(({ group }) => group !== 'coordination.k8s.io').map(({ plural }) => plural);

/** `--follow` and `-f` of `-f, --follow`. */
function flagsOf(spec: CommandSpec): string[] {
  return [...spec.options, ...GLOBAL_OPTIONS].flatMap(({ flags }) => flags.replace(/ [<[].*/, '').split(', '));
}

/** The shell command that lists what may stand as the first argument; empty when nothing is known. */
function firstArgument(spec: CommandSpec): string {
  switch (spec.arguments[0]?.completes) {
    case 'kind':
      return `echo ${KIND_WORDS.join(' ')}`;
    case 'execution':
      return namesOf('executions');
    case 'launchPlan':
      return `${namesOf('launchplans')}; ${namesOf('workflows')}`;
    case 'repository':
      return namesOf('repositories');
    case 'shell':
      return `echo ${SHELLS.join(' ')}`;
    case 'code':
      return "pipectl explain 2>/dev/null | cut -d' ' -f1";
    case 'file':
    case undefined:
      return '';
  }
}

function namesOf(kind: string): string {
  return `pipectl get ${kind} -o name 2>/dev/null | cut -d/ -f2`;
}

function bashScript(): string {
  const cases = COMMANDS.map((spec) => {
    const second = spec.arguments[0]?.completes === 'kind' ? namesOf('"$first"') : '';
    return [
      `    ${spec.name})`,
      `      if [[ $cur == -* ]]; then words='${flagsOf(spec).join(' ')}'`,
      `      elif [[ -z $first ]]; then words=$(${firstArgument(spec) || ':'})`,
      `      else words=$(${second || ':'}); fi ;;`,
    ].join('\n');
  });
  return `# pipectl: completion of commands, options, kinds and names
_pipectl() {
  local cur=\${COMP_WORDS[COMP_CWORD]} command= first= words= word at
  for ((at = 1; at < COMP_CWORD; at++)); do
    word=\${COMP_WORDS[at]}
    [[ $word == -* ]] && continue
    if [[ -z $command ]]; then command=$word; elif [[ -z $first ]]; then first=$word; fi
  done
  case $command in
    '') words='${COMMANDS.map(({ name }) => name).join(' ')}' ;;
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _pipectl pipectl
`;
}

function fishScript(): string {
  const lines = ['# pipectl: completion of commands, options, kinds and names', 'complete -c pipectl -f'];
  for (const spec of COMMANDS) {
    const used = `'__fish_seen_subcommand_from ${spec.name}'`;
    lines.push(`complete -c pipectl -n __fish_use_subcommand -a ${spec.name} -d ${quote(spec.summary)}`);
    const first = firstArgument(spec);
    if (first !== '') lines.push(`complete -c pipectl -n ${used} -a ${quote(`(${first})`)}`);
    if (spec.arguments[0]?.completes === 'file') lines.push(`complete -c pipectl -n ${used} -F`);
    for (const { flags, description } of [...spec.options, ...GLOBAL_OPTIONS]) {
      const short = /(?:^|\s)-(\w)\b/.exec(flags)?.[1];
      const long = /--([\w-]+)/.exec(flags)?.[1];
      const names = [short === undefined ? '' : ` -s ${short}`, long === undefined ? '' : ` -l ${long}`].join('');
      lines.push(`complete -c pipectl -n ${used}${names}${flags.includes('<') ? ' -r' : ''} -d ${quote(description)}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
