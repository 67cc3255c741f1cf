import { closeSync, openSync, readSync, statSync } from 'node:fs';

/** Shows what is appended to a log from now on, line by line, until it is stopped. */
export function followLog(file: string, show: (line: string) => void): () => void {
  let offset = sizeOf(file);
  let rest = '';
  const read = (): void => {
    const size = sizeOf(file);
    if (size < offset) offset = 0;
    if (size === offset) return;
    const buffer = Buffer.alloc(size - offset);
    const handle = openSync(file, 'r');
    readSync(handle, buffer, 0, buffer.length, offset);
    closeSync(handle);
    offset = size;
    const lines = `${rest}${buffer.toString('utf8')}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) show(line);
  };
  const timer = setInterval(read, 200);
  return () => {
    clearInterval(timer);
    read();
  };
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
