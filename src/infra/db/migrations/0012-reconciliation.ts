import { Migration } from '@mikro-orm/migrations';

/** What reconciliation looked at, each difference that it found, and in which runs it was seen. */
export class Reconciliation extends Migration {
  override up(): void {
    this.addSql(`
create table reconciliations (
  id uuid primary key,
  started_at timestamptz(3) not null default clock_timestamp(),
  ended_at timestamptz(3),
  looked jsonb not null default '{}'
);
create index reconciliations_ended on reconciliations (started_at) where ended_at is not null;

create table reconciliation_differences (
  id uuid primary key,
  run_id uuid not null references reconciliations,
  area text not null check (area in ('stock', 'money', 'events', 'search')),
  kind text not null,
  subject jsonb not null,
  expected jsonb not null,
  found jsonb not null,
  action text not null,
  state text not null check (state in ('open', 'repaired', 'awaiting_approval', 'approved', 'rejected', 'gone')),
  failure text,
  decided_by uuid,
  first_seen_at timestamptz(3) not null default now(),
  seen_at timestamptz(3) not null default now(),
  changed_at timestamptz(3) not null default now()
);
create unique index reconciliation_differences_once on reconciliation_differences (kind, subject)
  where state not in ('repaired', 'gone');
create index reconciliation_differences_state on reconciliation_differences (state, id);

create table reconciliation_sightings (
  run_id uuid not null references reconciliations,
  difference_id uuid not null references reconciliation_differences,
  primary key (run_id, difference_id)
);
create index reconciliation_sightings_difference on reconciliation_sightings (difference_id);
`);
  }
}
