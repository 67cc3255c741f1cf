import { Migration } from '@mikro-orm/migrations';

/** Who asked to be told when a variant is back in stock; once that is over, nothing says who it was. */
export class StockNotices extends Migration {
  override up(): void {
    this.addSql(`
create table stock_notices (
  id uuid primary key,
  variant_id uuid not null references variants on delete cascade,
  user_id uuid references users on delete set null,
  email text,
  email_index text,
  state text not null default 'open' check (state in ('open', 'told', 'undeliverable', 'withdrawn', 'expired')),
  asked_at timestamptz(3) not null default now(),
  closed_at timestamptz(3),
  constraint stock_notices_address_while_open check (
    case state when 'open' then num_nulls(email, email_index) = 0 and closed_at is null
      else num_nonnulls(email, email_index, user_id) = 0 and closed_at is not null end)
);
create unique index stock_notices_once on stock_notices (variant_id, email_index) where state = 'open';
create index stock_notices_variant on stock_notices (variant_id, asked_at, id);
create index stock_notices_address on stock_notices (email_index) where state = 'open';
create index stock_notices_user on stock_notices (user_id, id) where user_id is not null;
create index stock_notices_asked on stock_notices (asked_at) where state = 'open';
`);
  }
}
