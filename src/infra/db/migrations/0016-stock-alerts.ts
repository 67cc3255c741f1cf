import { Migration } from '@mikro-orm/migrations';

/** Below which number staff want to know of a variant, and what they were told of. */
export class StockAlerts extends Migration {
  override up(): void {
    this.addSql(`
alter table stock_levels add column low_at integer check (low_at >= 0);
create index stock_levels_watched on stock_levels (variant_id) where low_at is not null;

create table stock_alerts (
  id uuid primary key,
  created_at timestamptz(3) not null default now()
);
create table stock_alert_lines (
  alert_id uuid not null references stock_alerts,
  variant_id uuid not null references variants on delete cascade,
  available integer not null check (available >= 0),
  low_at integer not null check (low_at >= available),
  primary key (alert_id, variant_id)
);
create index stock_alert_lines_variant on stock_alert_lines (variant_id, alert_id);

alter table notifications
  drop constraint notifications_subject_type_check,
  add constraint notifications_subject_type_check
    check (subject_type in ('order', 'hold', 'user', 'stock_alert', 'stock_notice'));
`);
  }
}
