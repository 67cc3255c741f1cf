import { Migration } from '@mikro-orm/migrations';

/** When the database went back to an earlier time, and what it knew last. */
export class Restores extends Migration {
  override up(): void {
    this.addSql(`
create table restores (
  id uuid primary key,
  lost_since timestamptz(3) not null,
  restored_at timestamptz(3) not null default now()
);
`);
  }
}
