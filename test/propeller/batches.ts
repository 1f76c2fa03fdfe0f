import { batchMark } from '../../src/propeller/index.ts';
import type { WorldPod } from './world.ts';

/** Whether some subtask, or the task, would be run by both. */
export function sharesWith(pod: WorldPod, effect: Pick<WorldPod, 'path' | 'index' | 'members'>): boolean {
  const indices = ({ index, members }: Pick<WorldPod, 'index' | 'members'>): readonly number[] =>
    members?.map((member) => member.index) ?? [index];
  return pod.path === effect.path && indices(pod).some((index) => indices(effect).includes(index));
}

/** What the pod of a batch hands back: outputs, exit codes, or nothing of a member. */
export function batchText(pod: WorldPod, ends: readonly (string | number | undefined)[]): string {
  const mark = batchMark(pod.name);
  return ends
    .map((how, place) => {
      if (how === undefined) return '';
      return typeof how === 'number' ? `${mark} ${place} ${how}\n` : `${mark} ${place}\n${how}\n`;
    })
    .join('');
}
