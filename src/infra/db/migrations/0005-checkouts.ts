import { Migration } from '@mikro-orm/migrations';

/** Checkouts and their steps, orders, payments and what the providers say of them. */
export class Checkouts extends Migration {
  override up(): void {
    this.addSql(`
create table checkouts (
  id uuid primary key,
  cart_id uuid not null references carts,
  order_id uuid not null unique,
  user_id uuid references users,
  status text not null default 'accepted' check (status in
    ('accepted', 'reserving', 'authorising', 'requires_action', 'placing', 'placed', 'failed', 'cancelled', 'expired')),
  closing boolean not null default false,
  body_hash text not null,
  contact text not null,
  shipping_address text not null,
  billing_address text,
  address_index text,
  country char(2) not null,
  shipping_method text not null,
  payment_provider text not null,
  payment_method text,
  expected_total_amount bigint,
  quote jsonb,
  total_amount bigint,
  currency char(3) not null,
  failure_code text,
  failure_data jsonb not null default '{}',
  expires_at timestamptz(3),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  closed_at timestamptz(3)
) with (fillfactor = 70);
create index checkouts_cart on checkouts (cart_id);
create index checkouts_open on checkouts (created_at) where closed_at is null;
create index checkouts_address on checkouts (address_index) where closed_at is null and address_index is not null;

create table checkout_steps (
  id bigint generated always as identity primary key,
  checkout_id uuid not null references checkouts on delete cascade,
  step text not null,
  status text not null,
  data jsonb not null default '{}',
  at timestamptz(3) not null default clock_timestamp()
);
create index checkout_steps_checkout on checkout_steps (checkout_id, id);

create table payment_attempts (
  id uuid primary key,
  checkout_id uuid not null references checkouts,
  step text not null check (step in ('authorise', 'capture', 'void', 'refund')),
  attempt integer not null,
  key text not null unique,
  parameter_hash text not null,
  state text not null default 'begun' check (state in ('begun', 'settled', 'tombstoned')),
  outcome text,
  reason text,
  intent_id text,
  charge_id text,
  authorised_until timestamptz(3),
  begun_at timestamptz(3) not null default clock_timestamp(),
  settled_at timestamptz(3),
  unique (checkout_id, step, attempt)
);
create index payment_attempts_intent on payment_attempts (intent_id) where intent_id is not null;

create table payment_events (
  id text primary key,
  provider text not null,
  type text not null,
  intent_id text,
  checkout_id uuid,
  outcome text,
  amount bigint,
  currency char(3),
  created_at timestamptz(3) not null,
  received_at timestamptz(3) not null default now(),
  handled_at timestamptz(3)
);
create index payment_events_checkout on payment_events (checkout_id) where checkout_id is not null;

create table orders (
  id uuid primary key,
  number text not null unique,
  checkout_id uuid not null unique references checkouts,
  cart_id uuid not null unique references carts,
  user_id uuid references users,
  status text not null default 'pending' check (status in
    ('pending', 'confirmed', 'shipped', 'delivered', 'cancelled', 'returned', 'refunded', 'failed')),
  currency char(3) not null,
  subtotal_amount bigint not null,
  discount_amount bigint not null default 0,
  shipping_amount bigint not null,
  tax_amount bigint not null,
  total_amount bigint not null check (total_amount >= 0),
  prices_include_tax boolean not null,
  country char(2) not null,
  contact text not null,
  shipping_address text not null,
  billing_address text,
  shipping_method text not null,
  version integer not null default 1,
  placed_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
) with (fillfactor = 80);
create index orders_user on orders (user_id, id) where user_id is not null;
create index orders_status on orders (status, id);

create table order_lines (
  id uuid primary key,
  order_id uuid not null references orders,
  position integer not null,
  variant_id uuid not null references variants,
  product_id uuid not null references products,
  vendor_id uuid references vendors,
  sku text not null,
  title text not null,
  quantity integer not null check (quantity > 0),
  unit_price_amount bigint not null,
  line_total_amount bigint not null,
  discount_amount bigint not null default 0,
  tax_amount bigint not null,
  tax_rate_bp integer not null,
  shipping_amount bigint not null default 0,
  shipping_tax_amount bigint not null default 0,
  currency char(3) not null,
  adjustments jsonb not null default '[]',
  unique (order_id, position)
);
create index order_lines_variant on order_lines (variant_id);

create table order_events (
  id bigint generated always as identity primary key,
  order_id uuid not null references orders,
  type text not null,
  data jsonb not null default '{}',
  actor_type text not null default 'system',
  actor_id text,
  at timestamptz(3) not null default clock_timestamp()
);
create index order_events_order on order_events (order_id, id);

create table payments (
  id uuid primary key,
  checkout_id uuid not null unique references checkouts,
  order_id uuid not null unique references orders,
  provider text not null,
  intent_id text not null,
  status text not null check (status in ('authorised', 'captured', 'due', 'voided', 'refunded', 'failed')),
  amount bigint not null,
  currency char(3) not null,
  captured_amount bigint not null default 0,
  refunded_amount bigint not null default 0,
  charge_id text,
  authorised_until timestamptz(3),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  unique (provider, intent_id),
  check (captured_amount >= 0 and captured_amount <= amount),
  check (refunded_amount >= 0 and refunded_amount <= captured_amount)
);

create table payment_ledger (
  id uuid primary key,
  checkout_id uuid not null references checkouts,
  provider text not null,
  intent_id text not null,
  type text not null check (type in ('capture', 'refund')),
  reference text not null,
  amount bigint not null check (amount > 0),
  currency char(3) not null,
  created_at timestamptz(3) not null default now(),
  unique (provider, type, reference)
);
create trigger payment_ledger_append_only before update or delete or truncate on payment_ledger
  for each statement execute function refuse_change();

create table idempotency_keys (
  caller text not null,
  key text not null,
  operation text not null,
  body_hash text not null,
  resource_id uuid not null,
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null,
  primary key (caller, key)
);
create index idempotency_keys_expiry on idempotency_keys (expires_at);
`);
  }
}
