import { type DefinitionOf, parseImageReference } from '../../language/index.ts';
import type { TaskClosure } from '../closure.ts';
import type { Tell } from '../findings.ts';
import { isTold, type LintLevels } from './levels.ts';

/** Warns of an image that may be another one tomorrow. The closure's image is pinned when `images.lock` knows it. */
export function lintImage(tell: Tell, task: DefinitionOf<'Task'>, closure: TaskClosure, levels?: LintLevels): void {
  const written = task.spec.run.image;
  if (written === undefined || closure.run.image?.includes('@') === true) return;
  const parsed = parseImageReference(written);
  if (parsed.kind !== 'ok') return;
  const { tag } = parsed.reference;
  if (tag === 'latest') {
    const why = written.endsWith(':latest') ? 'is tagged "latest"' : 'has no tag, which means "latest"';
    const help = 'name a version, or run `pipectl lock` to pin images by their digests';
    tell('PIPE-LINT-001', `the image "${written}" ${why}`, task.placeOf(['spec', 'run', 'image']), { help });
  } else if (isTold('PIPE-LINT-002', levels)) {
    const message = `the image "${written}" is not pinned by a digest`;
    const help = 'run `pipectl lock`, or add the digest: @sha256:…';
    tell('PIPE-LINT-002', message, task.placeOf(['spec', 'run', 'image']), { help });
  }
}
