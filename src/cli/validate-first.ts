import { beginLook, findProjectRoot } from '../client/index.ts';

/**
 * Runs `pipectl validate`. Git is asked of the folder before all else, even before what will read its answer is loaded; and a
 * folder without a finding is told of without the parts that read command lines and draw findings.
 */
export async function validateFirst(): Promise<void> {
  const root = findProjectRoot(process.cwd());
  const begun = root === undefined ? undefined : beginLook(root);
  const { answerShortly } = await import('./answer-shortly.ts');
  const { isAnswered, checked } = begun === undefined ? {} : await answerShortly(begun);
  // What the process has made need not be taken apart.
  if (isAnswered === true) process.exit();
  const { runProcess } = await import('./run-process.ts');
  await runProcess(checked);
}
