import { Migration } from '@mikro-orm/migrations';

/** Stock levels, their append-only movements, reservations and cart holds. */
export class Inventory extends Migration {
  override up(): void {
    this.addSql(`
create table stock_levels (
  variant_id uuid primary key references variants on delete restrict,
  on_hand integer not null default 0 check (on_hand >= 0),
  reserved integer not null default 0,
  updated_at timestamptz(3) not null default now(),
  check (reserved >= 0 and reserved <= on_hand)
) with (fillfactor = 70);

create table stock_movements (
  id uuid primary key,
  variant_id uuid not null references stock_levels on delete restrict,
  delta integer not null check (delta <> 0),
  on_hand_after integer not null check (on_hand_after >= 0),
  reason text not null check (reason in ('import', 'adjustment', 'sale', 'restock')),
  reference text not null,
  note text not null default '',
  actor_id uuid,
  created_at timestamptz(3) not null default now()
);
create index stock_movements_variant on stock_movements (variant_id, id);
create unique index stock_movements_once on stock_movements (reference, variant_id, reason)
  where reason in ('sale', 'restock');
create trigger stock_movements_append_only before update or delete or truncate on stock_movements
  for each statement execute function refuse_change();

create table reservations (
  id uuid primary key,
  variant_id uuid not null references stock_levels on delete restrict,
  quantity integer not null check (quantity > 0),
  checkout_id uuid,
  hold_id uuid,
  state text not null default 'live' check (state in ('live', 'placed', 'released', 'expired', 'handed_over')),
  expires_at timestamptz(3) not null,
  created_at timestamptz(3) not null default now(),
  closed_at timestamptz(3),
  check (num_nonnulls(checkout_id, hold_id) = 1),
  check ((state = 'live') = (closed_at is null))
) with (fillfactor = 80);
create unique index reservations_checkout on reservations (checkout_id, variant_id) where state = 'live';
create unique index reservations_hold on reservations (hold_id, variant_id) where state = 'live';
create index reservations_checkout_all on reservations (checkout_id) where checkout_id is not null;
create index reservations_live_variant on reservations (variant_id) where state = 'live';
create index reservations_live_expiry on reservations (expires_at) where state = 'live';
`);
  }
}
