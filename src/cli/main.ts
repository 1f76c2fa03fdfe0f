import { quickAnswer } from './quick-answer.ts';

const answer = quickAnswer(process.argv.slice(2));
if (answer === undefined) {
  const { runProcess } = await import('./run-process.ts');
  await runProcess();
} else {
  // A reader that went away (`pipectl --help | head -1`) has read enough.
  process.stdout.on('error', () => {});
  process.stdout.write(answer);
}
