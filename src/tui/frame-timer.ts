export interface FrameTimer {
  /** A frame is drawn within so long of the last one, or sooner. */
  within(ms: number): void;
  drawn(): void;
  stop(): void;
}

/** Draws when a frame is due: `within` never puts off one that is due sooner. */
export function frameTimer(draw: () => void): FrameTimer {
  let timer: NodeJS.Timeout | undefined;
  let drawnAt = Number.NEGATIVE_INFINITY;
  let dueAt = Number.POSITIVE_INFINITY;
  return {
    within(ms) {
      const at = Math.max(performance.now(), drawnAt + ms);
      if (timer !== undefined && dueAt <= at) return;
      clearTimeout(timer);
      dueAt = at;
      timer = setTimeout(draw, Math.max(0, at - performance.now()));
    },
    drawn() {
      clearTimeout(timer);
      timer = undefined;
      drawnAt = performance.now();
    },
    stop: () => clearTimeout(timer),
  };
}
