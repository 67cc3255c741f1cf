import { Migration } from '@mikro-orm/migrations';

/** Tracking, cancellations that are under way, and refunds with the parts of the order that they give back. */
export class OrderLife extends Migration {
  override up(): void {
    this.addSql(`
alter table orders
  add column carrier text,
  add column tracking_number text,
  add column tracking_url text,
  add column shipped_at timestamptz(3),
  add column delivered_at timestamptz(3);

alter table order_lines add column restocked integer not null default 0;
update order_lines l set restocked = l.quantity from orders o where o.id = l.order_id and o.status = 'cancelled';
alter table order_lines add constraint order_lines_restocked_check check (restocked between 0 and quantity);

create table order_cancellations (
  order_id uuid primary key references orders,
  reason text not null,
  actor_type text not null,
  actor_id text,
  requested_at timestamptz(3) not null default now(),
  ended_at timestamptz(3)
);
create index order_cancellations_open on order_cancellations (order_id) where ended_at is null;

create table refunds (
  id uuid primary key,
  order_id uuid not null references orders,
  provider text not null,
  intent_id text not null,
  origin text not null check (origin in ('staff', 'cancellation', 'return', 'provider')),
  reason text not null,
  status text not null default 'requested' check (status in ('requested', 'pending', 'succeeded', 'refused', 'failed')),
  amount bigint not null check (amount > 0),
  currency char(3) not null,
  goods_amount bigint not null check (goods_amount >= 0),
  shipping_amount bigint not null check (shipping_amount >= 0),
  tax_amount bigint not null check (tax_amount >= 0),
  shipping_tax_amount bigint not null check (shipping_tax_amount between 0 and tax_amount),
  reference text,
  failure text,
  actor_type text not null,
  actor_id text,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  settled_at timestamptz(3),
  unique (provider, reference),
  check (goods_amount + shipping_amount + tax_amount = amount)
);
create index refunds_order on refunds (order_id, id);
create index refunds_open on refunds (id) where status in ('requested', 'pending');

create table refund_lines (
  refund_id uuid not null references refunds,
  order_line_id uuid not null references order_lines,
  quantity integer not null check (quantity >= 0),
  restock integer not null check (restock between 0 and quantity),
  goods_amount bigint not null check (goods_amount >= 0),
  tax_amount bigint not null check (tax_amount >= 0),
  primary key (refund_id, order_line_id)
);

alter table payment_ledger drop constraint payment_ledger_type_check;
alter table payment_ledger add constraint payment_ledger_type_check
  check (type in ('capture', 'refund', 'refund_reversal'));
`);
  }
}
