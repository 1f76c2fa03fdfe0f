import { MAX_SCREEN_LINE_LENGTH, MAX_SCREEN_LINES, type UnixMs } from '../../base/index.ts';
import { ansiLine } from '../ansi-line.ts';
import type { TextContent } from '../content.ts';
import { clean, type Line, span } from '../line.ts';
import type { Place } from '../state.ts';
import { yamlLine } from '../views/yaml.ts';
import type { Source, SourcePorts } from './source.ts';

export interface CommandOptions {
  readonly argv: readonly string[];
  readonly isYaml?: boolean;
  readonly isLive?: boolean;
}

/** What changes while it is looked at is asked again after so long. */
const LIVE_MS = 2_000;

/** What a command of `pipectl` answers, to read: so it says what the command line says. */
export function commandSource(ports: SourcePorts, { argv, isYaml, isLive }: CommandOptions): Source {
  let lines: readonly Line[] = [];
  let state: 'loading' | 'done' | 'failed' = 'loading';
  let isCut = false;
  let isAsking = false;
  let isClosed = false;
  let width = 0;
  let askedAt = 0;
  const ask = async (): Promise<void> => {
    isAsking = true;
    askedAt = ports.clock.now();
    const { code, stdout, stderr } = await ports.runCommand(argv, width);
    isAsking = false;
    if (isClosed) return;
    const text = stdout === '' || code !== 0 ? `${stdout}${stderr}` : stdout;
    const all = text.replace(/\n$/, '').split('\n');
    isCut = all.length > MAX_SCREEN_LINES;
    const shown = all.slice(0, MAX_SCREEN_LINES).map((line) => line.slice(0, MAX_SCREEN_LINE_LENGTH));
    lines = shown.map((line) => (isYaml === true && code === 0 ? yamlLine(clean(line)) : ansiLine(line)));
    state = code === 0 ? 'done' : 'failed';
    ports.changed();
  };
  return {
    content(_place: Place, now: UnixMs, columns: number): TextContent {
      const isOld = isLive === true && now - askedAt >= LIVE_MS;
      if (!isAsking && (columns !== width || isOld)) {
        width = columns;
        void ask();
      }
      const note = noteOf(state, isCut);
      return {
        kind: 'text',
        facts: [],
        count: lines.length,
        line: (index) => lines[index] ?? [],
        ...(note !== undefined && { note }),
      };
    },
    refresh() {
      if (!isAsking) void ask();
    },
    close() {
      isClosed = true;
    },
  };
}

function noteOf(state: 'loading' | 'done' | 'failed', isCut: boolean): Line | undefined {
  if (state === 'loading') return [span('loading…', 'dim')];
  return isCut ? [span(`only the first ${MAX_SCREEN_LINES.toLocaleString('en-US')} lines`, 'warn')] : undefined;
}
