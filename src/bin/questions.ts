import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

export interface Questions {
  /** @throws Error when the input ended */
  ask(question: string): Promise<string>;
  /** The answer is not shown. */
  askSecretly(question: string): Promise<string>;
  close(): void;
}

/** Asks at the terminal; without one, reads an answer a line from standard input. */
export function openQuestions(): Questions {
  return process.stdin.isTTY ? atTerminal() : fromInput();
}

function atTerminal(): Questions {
  let hidden = false;
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (!hidden) process.stdout.write(chunk);
      done();
    },
  });
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  return {
    ask: (question) => lines.question(question),
    async askSecretly(question) {
      process.stdout.write(question);
      hidden = true;
      try {
        return await lines.question('');
      } finally {
        hidden = false;
        process.stdout.write('\n');
      }
    },
    close: () => lines.close(),
  };
}

function fromInput(): Questions {
  const input = createInterface({ input: process.stdin });
  const lines = input[Symbol.asyncIterator]();
  async function ask(): Promise<string> {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('the input ended before all was answered');
    return value;
  }
  return { ask, askSecretly: ask, close: () => input.close() };
}
