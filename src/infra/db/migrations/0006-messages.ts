import { Migration } from '@mikro-orm/migrations';

/** Notifications to customers, and the outbox that starts flows. */
export class Messages extends Migration {
  override up(): void {
    this.addSql(`
create table notifications (
  id uuid primary key,
  subject_type text not null check (subject_type in ('order', 'hold', 'user')),
  subject_id uuid not null,
  event text not null,
  channel text not null check (channel in ('email', 'sms')),
  status text not null default 'pending' check (status in ('pending', 'sent', 'skipped', 'failed')),
  attempts integer not null default 0,
  claimed_until timestamptz(3),
  provider_id text,
  last_error text,
  created_at timestamptz(3) not null default now(),
  sent_at timestamptz(3),
  unique (subject_id, event, channel)
);
create index notifications_pending on notifications (created_at) where status = 'pending';

create table outbox (
  id bigint generated always as identity primary key,
  topic text not null,
  key text not null,
  payload jsonb not null default '{}',
  created_at timestamptz(3) not null default now(),
  published_at timestamptz(3)
);
create index outbox_waiting on outbox (id) where published_at is null;
create index outbox_published on outbox (published_at) where published_at is not null;
`);
  }
}
