import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  type Connected,
  type ExecutionView,
  nextTicks,
  resolveRunnable,
  runTarget,
  wallClockText,
} from '../../client/index.ts';
import { createObject, type Execution, executionName, newExecution, type Schedule } from '../../cluster/index.ts';
import { resolveInputs } from '../../compiler/index.ts';
import { createLog } from '../../observe/index.ts';
import type { CommandInput } from '../command.ts';
import type { CommandContext, DaemonHandle } from '../context.ts';
import { breakPipeline, copyExample, lookFurther } from '../demo/project.ts';
import { createStage, type Stage } from '../demo/stage.ts';
import { EXIT, type ExitCode, FailedError } from '../errors.ts';
import { valueLines } from '../facts.ts';
import { watchExecution } from '../follow-execution.ts';
import { setRemote } from '../git-remote.ts';
import { paint } from '../terminal.ts';

const NAMESPACE = 'ticketing-production';
const PLAN = 'nightly-demand';
const TICKS = 5;
const MARGIN = '     ';
const ERASE = '\r\x1b[K';

/** What the steps of the demo share. */
interface Demo {
  readonly context: CommandContext;
  readonly stage: Stage;
  readonly folder: string;
  readonly repository: string;
  readonly dataFolder: string;
  readonly daemon: DaemonHandle;
  readonly connected: Connected;
}

/** `pipectl demo`: the whole way of a pipeline on this machine, with real parts, ending by itself. */
export async function run(context: CommandContext, input: CommandInput): Promise<ExitCode> {
  const given = input.text('dir');
  const folder = given === undefined ? mkdtempSync(join(tmpdir(), 'pipectl-demo-')) : resolve(context.cwd, given);
  const repository = join(folder, 'ticketing');
  const dataFolder = join(folder, 'data');
  const stage = createStage(context, repository);

  stage.step('A git repository with the pipeline, its code and its data');
  copyExample(repository);
  await stage.quietly(['init', '-q', '-b', 'main']);
  await commit(stage, 'Forecast the demand of every venue');
  stage.say(`${repository}`);
  await stage.git(['log', '--oneline', '--shortstat']);

  stage.step('A control plane on this machine');
  const started = context.clock.now();
  const log = createLog({
    level: 'warn',
    format: 'human',
    write: (line) => context.stderr.write(line),
    clock: context.clock,
  });
  const daemon = await context.ports.startDaemon({ dataFolder, port: 0, log });
  try {
    stage.say(`${daemon.url}, up in ${((context.clock.now() - started) / 1000).toFixed(1)} s, data in ${dataFolder}`);
    const connected = await context.ports.connect({ kubeconfigPath: daemon.kubeconfigPath });
    const demo: Demo = { context, stage, folder, repository, dataFolder, daemon, connected };
    showEnd(demo, await show(demo), input.flag('keep'));
    await connected.close();
    if (input.flag('keep')) await keep(demo);
    return EXIT.ok;
  } finally {
    await daemon.stop();
  }
}

async function show(demo: Demo): Promise<ExecutionView> {
  const { stage } = demo;
  stage.step('git push registers: the commit is the version');
  await setRemote(demo.repository, `${demo.daemon.gitUrl}ticketing.git`, demo.dataFolder);
  await push(demo, true);

  stage.step('The launch plan runs on the data of that commit');
  const first = await runPlan(demo);
  writePicture(demo, first);

  stage.step('Its schedule');
  await showSchedule(demo);

  stage.step('A second commit is a new version; what ran before keeps its own');
  lookFurther(demo.repository);
  await commit(stage, 'Look three weeks ahead');
  await stage.git(['diff', '--stat', 'HEAD~1']);
  await push(demo, true);
  const second = await runPlan(demo);
  showVersions(demo, [first, second]);

  stage.step('A broken push is refused whole, with the places and the reasons');
  breakPipeline(demo.repository);
  await commit(stage, 'Rename a task in haste');
  await push(demo, false);
  return first;
}

async function commit(stage: Stage, subject: string): Promise<void> {
  await stage.quietly(['add', '--all']);
  await stage.quietly(['commit', '-q', '-m', subject]);
}

async function push({ stage }: Demo, isExpectedToPass: boolean): Promise<void> {
  const code = await stage.git(['push', 'pipectl', 'main']);
  if ((code === 0) === isExpectedToPass) return;
  throw new FailedError(isExpectedToPass ? 'the push was refused' : 'the broken push was not refused');
}

async function runPlan({ context, connected, stage }: Demo): Promise<ExecutionView> {
  const { cluster } = connected;
  const target = await runTarget(cluster, NAMESPACE, undefined, true);
  const found = target === undefined ? undefined : await resolveRunnable(cluster, target, PLAN);
  if (found?.kind !== 'found') throw new FailedError(`launch plan ${PLAN} is not active`);
  const { parameters, fixedInputs, ...runnable } = found.runnable;
  const resolved = resolveInputs({ parameters, fixed: fixedInputs, given: {} });
  if (resolved.kind === 'problems') throw new FailedError(resolved.problems.map(({ message }) => message).join('; '));
  const name = executionName(PLAN, context.random);
  const request = {
    ...runnable,
    namespace: NAMESPACE,
    name,
    inputs: resolved.inputs,
    trigger: { kind: 'manual' } as const,
  };
  context.stdout.write(`     ${paint(context.stdout, 'dim', '$')} pipectl run ${PLAN} --follow\n`);
  const execution = await createObject<Execution>(cluster, newExecution(request));
  // The nodes as they finish are this command's data.
  const view = await watchExecution({ ...context, stderr: indent(context.stdout) }, connected, execution);
  if (view?.phase !== 'Succeeded')
    throw new FailedError(`${name} did not succeed: ${view?.error?.message ?? 'it went away'}`);
  const { chart: _, ...outputs } = view.outputs ?? {};
  stage.say(
    valueLines(context.stdout, outputs)
      .map((line) => line.trimStart())
      .join('\n'),
  );
  return view;
}

function indent(terminal: CommandContext['stdout']): CommandContext['stdout'] {
  return {
    isTerminal: terminal.isTerminal,
    color: terminal.color,
    get columns() {
      return terminal.columns === undefined ? undefined : terminal.columns - 5;
    },
    // A live line is erased by returning to its start: the margin comes after that, and only before text.
    write: (text) => {
      const marked = text.replaceAll(ERASE, '\0');
      terminal.write(marked.replace(/(^|\0|\n)(?=[^\0\n])/g, `$1${MARGIN}`).replaceAll('\0', ERASE));
    },
  };
}

function writePicture({ stage, folder }: Demo, view: ExecutionView): void {
  const path = join(folder, 'demand.svg');
  writeFileSync(path, String(view.outputs?.chart ?? ''));
  stage.say(`the chart that the pipeline drew: ${path}`);
}

async function showSchedule({ context, connected, stage }: Demo): Promise<void> {
  const schedule = await connected.cluster.get<Schedule>({ kind: 'Schedule', namespace: NAMESPACE, name: PLAN });
  const { cron, timeZone } = schedule.spec;
  const ticks = nextTicks(schedule, context.clock.now(), TICKS);
  stage.say(`cron "${cron}" in ${timeZone}, the next ${TICKS} ticks:`);
  stage.say(
    ticks.map((at) => `  ${wallClockText(at, timeZone)}   ${new Date(at).toISOString().slice(0, 16)}Z`).join('\n'),
  );
}

function showVersions({ stage }: Demo, views: readonly ExecutionView[]): void {
  const rows = views.map(({ name, commit: version, inputs, outputs }) => {
    return `${name}   commit ${version.slice(0, 7)}   days ${inputs.days}   ${outputs?.headline}`;
  });
  stage.say(rows.join('\n'));
}

function showEnd({ context, stage, daemon, dataFolder, folder }: Demo, view: ExecutionView, isKept: boolean): void {
  const option = `--data ${dataFolder}`;
  context.stdout.write(`\n${paint(context.stdout, 'bold', 'All of it is kept in')} ${folder}\n`);
  stage.say(`kubeconfig   ${daemon.kubeconfigPath}`);
  stage.say(`chart        ${join(folder, 'demand.svg')}`);
  const where = isKept ? 'in another terminal' : `with the control plane up (npx pipectl ${option} up)`;
  context.stdout.write(`\n${paint(context.stdout, 'bold', 'Try next')}, ${where}:\n`);
  stage.say(`npx pipectl ${option} describe execution ${view.name}`);
  stage.say(`npx pipectl ${option} logs ${view.name}/forecast/3`);
  stage.say(`KUBECONFIG=${daemon.kubeconfigPath} kubectl get executions -w`);
}

async function keep({ context, daemon }: Demo): Promise<void> {
  context.stdout.write(`\nThe control plane stays up at ${daemon.url}; Ctrl-C ends it.\n`);
  await Promise.race([
    daemon.ended,
    new Promise<void>((done) => {
      if (context.signal.aborted) done();
      context.signal.addEventListener('abort', () => done(), { once: true });
    }),
  ]);
}
