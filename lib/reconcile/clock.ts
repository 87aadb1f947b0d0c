/** Time as the loops see it, so that tests can move it by hand. */

export interface Clock {
  /** Milliseconds from an arbitrary start; never goes back. */
  now(): number;
  /** Runs once after so many milliseconds, unless cancelled by what is returned. */
  after(ms: number, run: () => void): () => void;
}

export const realClock: Clock = {
  now: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

export interface ManualClock extends Clock {
  /** Moves time on and runs what falls due, in order. What these start by promises runs only after the caller awaits. */
  advance(ms: number): void;
}

export function manualClock(): ManualClock {
  let now = 0;
  const timers = new Set<{ readonly due: number; readonly run: () => void }>();
  const nextDue = (until: number) => [...timers].filter((timer) => timer.due <= until).sort((a, b) => a.due - b.due)[0];
  return {
    now: () => now,
    after: (ms, run) => {
      const timer = { due: now + Math.max(0, ms), run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance: (ms) => {
      const until = now + ms;
      for (let timer = nextDue(until); timer; timer = nextDue(until)) {
        timers.delete(timer);
        now = timer.due;
        timer.run();
      }
      now = until;
    },
  };
}
