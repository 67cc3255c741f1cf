export interface Slots {
  /** Takes a place and answers how to leave it; null when none came free in this time. First come, first served. */
  enter(waitMs: number): Promise<(() => void) | null>;
}

/** Lets so many in at once. */
export function createSlots(places: number): Slots {
  let free = places;
  const waiting: (() => void)[] = [];

  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };

  return {
    enter(waitMs) {
      if (free > 0) {
        free -= 1;
        return Promise.resolve(leave);
      }
      return new Promise((resolve) => {
        const called = (): void => {
          clearTimeout(timer);
          resolve(leave);
        };
        const timer = setTimeout(() => {
          waiting.splice(waiting.indexOf(called), 1);
          resolve(null);
        }, waitMs);
        waiting.push(called);
      });
    },
  };
}
