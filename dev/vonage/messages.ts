import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export interface SentText {
  readonly to: string;
  readonly from: string;
  readonly text: string;
  readonly client_ref: string | null;
  /** Of its first part. */
  readonly message_id: string;
  readonly parts: number;
  readonly type: string;
  readonly at: string;
}

export type Messages = ReturnType<typeof createMessages>;

/** What was accepted, in a file that survives a kill of the process; in memory where `dataDir` is null. */
export function createMessages(dataDir: string | null) {
  if (dataDir !== null) mkdirSync(dataDir, { recursive: true });
  const db = new DatabaseSync(dataDir === null ? ':memory:' : join(dataDir, 'vonage.sqlite'));
  db.exec('pragma journal_mode = wal; pragma synchronous = normal; pragma busy_timeout = 5000;');
  db.exec(`create table if not exists messages (seq integer primary key autoincrement, recipient text not null, sender text not null,
    text text not null, client_ref text, message_id text not null, parts integer not null, type text not null, at text not null)`);
  const insert = db.prepare(
    'insert into messages (recipient, sender, text, client_ref, message_id, parts, type, at) values (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const columns = 'recipient as "to", sender as "from", text, client_ref, message_id, parts, type, at';
  const all = db.prepare(`select ${columns} from messages order by seq`);
  const newest = db.prepare(`select ${columns} from messages order by seq desc limit ?`);
  const counts = db.prepare(
    'select count(*) as messages, count(client_ref) - count(distinct client_ref) as repeats, count(distinct recipient) as recipients from messages',
  );

  const rows = (found: unknown[]): SentText[] => found.map((row) => ({ ...(row as SentText) }));

  return {
    add(message: SentText): void {
      const { to, from, text, client_ref: ref, message_id: id, parts, type, at } = message;
      insert.run(to, from, text, ref, id, parts, type, at);
    },
    /** Oldest first. */
    all: (): SentText[] => rows(all.all()),
    newest: (limit: number): SentText[] => rows(newest.all(limit)),
    counts: () => counts.get() as { messages: number; repeats: number; recipients: number },
    clear: (): void => db.exec('delete from messages'),
    close: (): void => db.close(),
  };
}
