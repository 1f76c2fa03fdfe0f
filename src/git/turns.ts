/** One holder's place in the line for a repository. */
export interface Turn {
  /** Joins the line at the first call; resolves when all who joined before have ended. */
  begin(): Promise<void>;
  /** Leaves the line, whether or not the turn had begun. */
  end(): void;
}

/**
 * Lines of turns by name: a push keeps its turn from its decision until its refs have moved or not, so that no other
 * push is judged against refs that are about to change.
 */
export function createTurns(): { take(name: string): Turn } {
  const last = new Map<string, Promise<void>>();
  return {
    take(name) {
      let leave: (() => void) | undefined;
      return {
        begin() {
          const before = last.get(name) ?? Promise.resolve();
          const mine = new Promise<void>((resolve) => {
            leave = resolve;
          });
          const line = before.then(() => mine);
          last.set(name, line);
          void line.then(() => last.get(name) === line && last.delete(name));
          return before;
        },
        end() {
          leave?.();
        },
      };
    },
  };
}
