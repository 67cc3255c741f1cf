/** From the first start to the last stop: whatever was started is undone in reverse order, once, however the end comes. */
export interface Lifetime {
  /** Fulfilled when somebody asks us to stop: a signal, or the program that runs us is gone. */
  readonly stopped: Promise<string>;
  defer(undo: () => Promise<void> | void): void;
  close(): Promise<void>;
}

export function createLifetime(): Lifetime {
  const undos: (() => Promise<void> | void)[] = [];
  let closing: Promise<void> | undefined;
  const stopped = new Promise<string>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve(signal));
    process.on('message', (message: { stop?: string }) => {
      if (message.stop !== undefined) resolve(message.stop);
    });
    process.on('disconnect', () => resolve('the starting process ended'));
  });

  async function undoAll(): Promise<void> {
    for (let undo = undos.pop(); undo !== undefined; undo = undos.pop()) await undo();
  }

  return {
    stopped,
    defer: (undo) => undos.push(undo),
    close: () => (closing ??= undoAll()),
  };
}
