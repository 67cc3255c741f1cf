import { Migration } from '@mikro-orm/migrations';

/** Carts and their holds; quantity breaks, tiers, shipping methods and taxes. */
export class Carts extends Migration {
  override up(): void {
    this.addSql(`
create table quantity_breaks (
  id uuid primary key,
  variant_id uuid references variants on delete cascade,
  min_quantity integer not null check (min_quantity > 1),
  discount_bp integer not null check (discount_bp between 1 and 10000),
  created_at timestamptz(3) not null default now()
);
create unique index quantity_breaks_unique on quantity_breaks (variant_id, min_quantity) nulls not distinct;

create table customer_tiers (
  code text primary key check (code = upper(code)),
  name text not null,
  discount_bp integer not null check (discount_bp between 0 and 10000)
);
alter table users add constraint users_tier foreign key (tier) references customer_tiers;

create table tax_rates (
  country char(2) not null,
  tax_class text not null,
  rate_bp integer not null check (rate_bp between 0 and 10000),
  name text not null,
  primary key (country, tax_class)
);

create table shipping_methods (
  id uuid primary key,
  code text not null,
  name text not null,
  country char(2),
  min_total_amount bigint not null default 0,
  max_total_amount bigint,
  price_amount bigint not null check (price_amount >= 0),
  currency char(3) not null,
  tax_class text not null default 'standard',
  position integer not null default 0,
  active boolean not null default true
);
create index shipping_methods_code on shipping_methods (code) where active;

create table carts (
  id uuid primary key,
  user_id uuid references users,
  token_hash text unique,
  status text not null default 'open' check (status in ('open', 'ordered', 'merged')),
  currency char(3) not null,
  checkout_id uuid not null unique,
  order_id uuid,
  version integer not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  check (user_id is not null or token_hash is not null),
  check ((status = 'ordered') = (order_id is not null))
) with (fillfactor = 80);
create unique index carts_open_user on carts (user_id) where status = 'open' and user_id is not null;
create index carts_user on carts (user_id, updated_at) where user_id is not null;

create table cart_lines (
  id uuid primary key,
  cart_id uuid not null references carts on delete cascade,
  variant_id uuid not null references variants,
  quantity integer not null check (quantity between 1 and 9999),
  unit_price_amount bigint not null check (unit_price_amount >= 0),
  currency char(3) not null,
  created_at timestamptz(3) not null default now(),
  unique (cart_id, variant_id)
);

create table cart_holds (
  id uuid primary key,
  cart_id uuid not null references carts on delete cascade,
  user_id uuid,
  address_index text,
  state text not null default 'live' check (state in ('live', 'released', 'expired', 'handed_over')),
  expires_at timestamptz(3) not null,
  extended_at timestamptz(3),
  warned_at timestamptz(3),
  created_at timestamptz(3) not null default now(),
  closed_at timestamptz(3)
);
create unique index cart_holds_live on cart_holds (cart_id) where state = 'live';
create index cart_holds_address on cart_holds (address_index) where state = 'live' and address_index is not null;

insert into customer_tiers values ('SILVER', 'Silver', 500), ('GOLD', 'Gold', 1500);
insert into quantity_breaks (id, variant_id, min_quantity, discount_bp)
  values ('01900000-0000-7000-8000-000000000001', null, 10, 1000);
insert into tax_rates values
  ('US', 'standard', 0, 'no federal sales tax'),
  ('DE', 'standard', 1900, 'Umsatzsteuer'), ('DE', 'reduced', 700, 'Umsatzsteuer'),
  ('AT', 'standard', 2000, 'Umsatzsteuer'), ('FR', 'standard', 2000, 'TVA'), ('NL', 'standard', 2100, 'BTW'),
  ('GB', 'standard', 2000, 'VAT'), ('CH', 'standard', 810, 'Mehrwertsteuer');
insert into shipping_methods (id, code, name, country, min_total_amount, max_total_amount, price_amount, currency, position) values
  ('01900000-0000-7000-8000-000000000011', 'standard', 'Standard', null, 0, 4999, 499, 'USD', 1),
  ('01900000-0000-7000-8000-000000000012', 'standard', 'Standard, free from 50.00', null, 5000, null, 0, 'USD', 1),
  ('01900000-0000-7000-8000-000000000013', 'express', 'Express, next working day', 'US', 0, null, 1499, 'USD', 2),
  ('01900000-0000-7000-8000-000000000014', 'express', 'Express, next working day', 'DE', 0, null, 1999, 'USD', 2);
`);
  }
}
