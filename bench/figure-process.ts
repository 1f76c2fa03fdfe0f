import type { Session } from './figure.ts';

/** What the bench says to the process of a figure. */
export interface Ask {
  readonly ask: 'round' | 'close';
}

/** Runs one figure in this process: set up at once, then a round whenever asked. */
async function serve(module: string): Promise<void> {
  const { open } = (await import(module)) as { readonly open: () => Promise<Session> };
  const session = await open();
  const tell = (answer: object): void => {
    process.send?.(answer);
  };
  process.on('message', ({ ask }: Ask) => {
    const work = ask === 'round' ? session.round() : session.close();
    work.then(
      (samples) => {
        tell({ samples });
        if (ask === 'close') process.disconnect?.();
      },
      (error: unknown) => tell({ error: error instanceof Error ? error.stack : String(error) }),
    );
  });
  tell({ ready: true });
}

await serve(process.argv[2] ?? '');
