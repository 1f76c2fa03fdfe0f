import { StringDecoder } from 'node:string_decoder';
import { MAX_FOLLOWED_LOGS, MAX_SCREEN_LINE_LENGTH, MAX_SCREEN_LINES, type UnixMs } from '../../base/index.ts';
import { isWithin, type LogSource, loadAttempts, logSourceOf, selectLogSources } from '../../client/index.ts';
import { type Execution, isTerminalPhase } from '../../cluster/index.ts';
import type { TextContent } from '../content.ts';
import { clean, type Line, span, type Tone } from '../line.ts';
import type { Place } from '../state.ts';
import type { Source, SourcePorts } from './source.ts';

interface LogLine {
  readonly from: string;
  /** RFC 3339, cut to the second. */
  readonly at: string;
  readonly text: string;
}

/** Attempts that began meanwhile are looked for after so long. */
const LOOK_MS = 2_000;

/** What the tasks of an execution, or of one node, wrote and write. */
export function logsSource(ports: SourcePorts, namespace: string, name: string, node: string | undefined): Source {
  const { cluster, clock } = ports;
  const ending = new AbortController();
  const log = logLines();
  const { lines } = log;
  const known = new Set<string>();
  const live = new Set<string>();
  const state = { isLooked: false, isOver: false, problem: undefined as string | undefined };
  const read = async (source: LogSource, label: string): Promise<void> => {
    const take = lineReader((part) => log.add(lineOf(label, part)));
    try {
      const stream = cluster.podLogs(source.key, { follow: true, timestamps: true, signal: ending.signal });
      for await (const chunk of stream) {
        take(chunk);
        ports.changed();
      }
      take(undefined);
    } catch (error) {
      if (!ending.signal.aborted)
        log.add({ from: label, at: '', text: `(${error instanceof Error ? error.message : error})` });
    }
    live.delete(source.key.name);
    ports.changed();
  };
  const look = async (): Promise<void> => {
    const key = { kind: 'Execution', name, ...(namespace !== '' && { namespace }) };
    const execution = await cluster.get<Execution>(key);
    state.isOver = execution.status !== undefined && isTerminalPhase(execution.status.phase);
    const pods = await loadAttempts(cluster, execution, node);
    const sources = pods.flatMap((pod) => logSourceOf(pod) ?? []).filter(({ hasStarted }) => hasStarted);
    const isOne = node !== undefined && new Set(sources.map(labelOf)).size <= 1;
    for (const source of selectAll(sources, node)) {
      if (known.has(source.key.name) || live.size >= MAX_FOLLOWED_LOGS) continue;
      known.add(source.key.name);
      live.add(source.key.name);
      void read(source, isOne ? '' : labelOf(source));
    }
    state.problem = undefined;
  };
  const goOn = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      try {
        await look();
      } catch (error) {
        state.problem = error instanceof Error ? error.message : String(error);
      }
      state.isLooked = true;
      ports.changed();
      if (state.isOver && live.size === 0) return;
      await new Promise<void>((done) => void clock.at(clock.now() + LOOK_MS, done));
    }
  };
  void goOn();
  return {
    content({ text }: Place, _now: UnixMs): TextContent {
      const note = noteOf(state, lines.length, live.size);
      return {
        kind: 'text',
        facts: droppedLines(log.dropped()),
        count: lines.length,
        line: (at) => drawn(lines[at], log.labelWidth(), text.hasTimestamps),
        ...(note !== undefined && { note }),
      };
    },
    close: () => ending.abort(),
  };
}

/** The last lines that came. */
function logLines() {
  const lines: LogLine[] = [];
  let dropped = 0;
  let labelWidth = 0;
  return {
    lines,
    dropped: () => dropped,
    labelWidth: () => labelWidth,
    add(line: LogLine): void {
      lines.push(line);
      labelWidth = Math.max(labelWidth, line.from.length);
      // By the tenth, so that not every line moves all others.
      if (lines.length <= MAX_SCREEN_LINES * 1.1) return;
      dropped += lines.length - MAX_SCREEN_LINES;
      lines.splice(0, lines.length - MAX_SCREEN_LINES);
    },
  };
}

function droppedLines(count: number): readonly Line[] {
  if (count === 0) return [];
  return [[span(`${count.toLocaleString('en-US')} earlier lines are let go: pipectl logs has all`, 'dim')]];
}

/** Takes chunks, and undefined at the end; tells whole lines. What is too long for a line is cut. */
function lineReader(told: (line: string) => void): (chunk: Uint8Array | undefined) => void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return (chunk) => {
    const parts = (rest + (chunk === undefined ? '' : decoder.write(Buffer.from(chunk)))).split('\n');
    rest = (parts.pop() ?? '').slice(0, MAX_SCREEN_LINE_LENGTH * 4);
    for (const part of parts) told(part);
    if (chunk === undefined && rest !== '') told(rest);
  };
}

/** All attempts, as they follow each other: an earlier one that failed is why there is a later one. */
function selectAll(sources: readonly LogSource[], node: string | undefined): readonly LogSource[] {
  const attempts = [...new Set(sources.map(({ attempt }) => attempt))].sort((a, b) => a - b);
  return attempts.flatMap((attempt) =>
    selectLogSources(
      sources.filter((source) => node === undefined || isWithin(source.node, node)),
      { attempt },
    ),
  );
}

function labelOf({ node, index, attempt }: LogSource): string {
  return `${node}${index === undefined ? '' : `[${index}]`}${attempt === 1 ? '' : ` #${attempt}`}`;
}

function lineOf(from: string, raw: string): LogLine {
  const found = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\S* ?/.exec(raw);
  const text = raw
    .slice(found?.[0].length ?? 0)
    .replace(/\r$/, '')
    .replace(/\x1b\[[0-9;?]*[ -/]*[@-~]/g, '');
  return { from, at: found?.[1] ?? '', text: clean(text.replaceAll('\t', '    ').slice(0, MAX_SCREEN_LINE_LENGTH)) };
}

const LABEL_TONES: readonly Tone[] = ['busy', 'good', 'odd', 'warn'];

function drawn(line: LogLine | undefined, width: number, hasTimestamps: boolean): Line {
  if (line === undefined) return [];
  const { from, at, text } = line;
  const tone = LABEL_TONES[[...from].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % LABEL_TONES.length];
  return [
    ...(hasTimestamps ? [span(`${at.padEnd(19)}  `, 'dim')] : []),
    ...(from === '' ? [] : [span(`${from.padEnd(width)}  `, tone)]),
    span(text, /\b(?:ERROR|FATAL|Traceback|\w*Error:|\w*Exception:)/.test(text) ? 'bad' : 'plain'),
  ];
}

function noteOf(
  {
    isLooked,
    isOver,
    problem,
  }: { readonly isLooked: boolean; readonly isOver: boolean; readonly problem: string | undefined },
  count: number,
  live: number,
): Line | undefined {
  if (problem !== undefined) return [span(`cannot be read now: ${clean(problem)}`, 'warn')];
  if (!isLooked) return [span('loading…', 'dim')];
  if (count > 0) return undefined;
  if (isOver && live === 0) return [span('It wrote nothing, or its attempts are past retention.', 'dim')];
  return [span(live > 0 ? 'It has written nothing yet.' : 'Nothing of it has begun.', 'dim')];
}
