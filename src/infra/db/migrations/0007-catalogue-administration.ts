import { Migration } from '@mikro-orm/migrations';

/** Versions of categories; imports whose file is uploaded, in pieces that are gone when the import is over. */
export class CatalogueAdministration extends Migration {
  override up(): void {
    this.addSql(`
alter table categories add column version integer not null default 1;

alter table imports
  add column format text not null default 'ndjson' check (format in ('ndjson', 'csv')),
  add column uploaded boolean not null default false,
  add column total_bytes bigint,
  drop constraint imports_status_check,
  add constraint imports_status_check
    check (status in ('receiving', 'accepted', 'running', 'completed', 'failed', 'cancelled'));
create index imports_receiving on imports (created_at) where status = 'receiving';

create table import_pieces (
  import_id uuid not null references imports on delete cascade,
  number integer not null,
  bytes bytea not null,
  created_at timestamptz(3) not null default now(),
  primary key (import_id, number)
);
alter table import_pieces alter column bytes set storage external;
`);
  }
}
