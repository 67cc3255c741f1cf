import { Migration } from '@mikro-orm/migrations';

/** An order event may happen more than once, each about something of its own; staff may send a message again. */
export class Notifications extends Migration {
  override up(): void {
    this.addSql(`
alter table notifications
  add column about uuid,
  add column details jsonb not null default '{}',
  add column resend_of uuid references notifications,
  drop constraint notifications_subject_id_event_channel_key;
create unique index notifications_once on notifications (subject_id, event, channel, about) nulls not distinct
  where resend_of is null;
create index notifications_subject on notifications (subject_id, id);
create index notifications_resends on notifications (resend_of) where resend_of is not null;
`);
  }
}
