import type { IncomingMessage, ServerResponse } from 'node:http';
import { createTurns } from '../../index.ts';

/** Stands where git would be served: tells that it is not, and keeps the turns of repositories all the same. */
export function createAbsentEndpoint(): {
  /** Answers the request; returns false when its path is not under /git/. */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
  /** Runs work on a repository while nobody else does. */
  inTurn(name: string, work: () => Promise<void>): Promise<void>;
  drained(): Promise<void>;
} {
  const turns = createTurns();
  return {
    handle(request, response) {
      if (!(request.url ?? '').startsWith('/git/')) return false;
      request.resume();
      response.writeHead(501, { 'Content-Type': 'text/plain' });
      response.end(
        'pipectl: this control plane has no git, so nothing can be pushed or cloned: install git and start it again\n',
      );
      return true;
    },
    async inTurn(name, work) {
      const turn = turns.take(name);
      await turn.begin();
      await work().finally(() => turn.end());
    },
    drained: async () => undefined,
  };
}
