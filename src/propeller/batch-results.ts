import { sha256 } from '../base/index.ts';
import type { Terminated } from './state.ts';

/** What stands before each result in what the pod of a batch hands back: nothing that a task would write. */
export function batchMark(podName: string): string {
  return `#${sha256(podName).slice(0, 6)}`;
}

/**
 * How members of a batch ended, by their place in it, as the text of their pod says: for each a line with the mark, its
 * place, and its exit code where that is not 0, or `large`; then its outputs. A member that has no line is not in the result.
 */
export function batchEnds(text: string, mark: string): ReadonlyMap<number, Terminated> {
  const ends = new Map<number, Terminated>();
  let current: { readonly place: number; readonly lines: string[] } | undefined;
  const close = (): void => {
    if (current !== undefined) ends.set(current.place, completed(current.lines.join('\n')));
    current = undefined;
  };
  for (const line of text.replace(/\n$/, '').split('\n')) {
    if (!line.startsWith(`${mark} `)) {
      current?.lines.push(line);
      continue;
    }
    close();
    const [place = '', how] = line.slice(mark.length + 1).split(' ');
    if (how === undefined) current = { place: Number(place), lines: [] };
    else ends.set(Number(place), how === 'large' ? large() : failed(Number(how)));
  }
  close();
  return ends;
}

function completed(message: string): Terminated {
  return { kind: 'Terminated', exitCode: 0, reason: 'Completed', message };
}

function large(): Terminated {
  const message = 'its outputs are larger than a pod can hand back: keep large results elsewhere and give their place';
  return { kind: 'Terminated', exitCode: 0, reason: 'OutputsTooLarge', message };
}

function failed(exitCode: number): Terminated {
  const signal = exitCode - 128;
  const ended = { kind: 'Terminated', exitCode, reason: 'Error', message: '' } as const;
  return signal > 0 && signal < 32 ? { ...ended, signal } : ended;
}
