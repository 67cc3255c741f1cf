import pg from 'pg';

type Submit = (this: pg.Client, ...args: unknown[]) => unknown;

/** Counts what this process asks of PostgreSQL, at the driver: whoever asks, and however. */
export function watchStatements() {
  const driver = pg.Client.prototype as unknown as { query: Submit };
  const original = driver.query;
  const texts: string[] = [];
  driver.query = function (...args) {
    const [first] = args;
    texts.push(typeof first === 'string' ? first : ((first as { text?: string } | undefined)?.text ?? ''));
    return original.apply(this, args);
  };
  return {
    /** What was asked while this work ran, in order; nothing else may run beside it. */
    async during(work: () => Promise<unknown>): Promise<string[]> {
      texts.length = 0;
      await work();
      return [...texts];
    },
    end(): void {
      driver.query = original;
    },
  };
}
