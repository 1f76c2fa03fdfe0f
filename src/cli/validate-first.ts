import { beginLook, findProjectRoot } from '../client/index.ts';

/**
 * Runs `pipectl validate`. Git is asked of the folder before all else, even before what will read its answer is loaded; and a
 * folder that has not changed since it was found valid, without a finding, is told of without the rest of the program.
 */
export async function validateFirst(): Promise<void> {
  const root = findProjectRoot(process.cwd());
  const begun = root === undefined ? undefined : beginLook(root);
  const { answerKept } = await import('./answer-kept.ts');
  const { isAnswered, folder } = begun === undefined ? {} : await answerKept(begun);
  if (isAnswered === true) return;
  const { runProcess } = await import('./run-process.ts');
  await runProcess(folder);
}
