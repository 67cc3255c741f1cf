import { Migration } from '@mikro-orm/migrations';

/** Users, sessions, roles and permissions, password resets, the audit log. */
export class Users extends Migration {
  override up(): void {
    this.addSql(`
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name;
end $$;

create table vendors (
  id uuid primary key,
  slug text not null unique,
  name text not null,
  created_at timestamptz(3) not null default now()
);

create table roles (name text primary key, description text not null);
create table permissions (name text primary key, description text not null);
create table role_permissions (
  role text not null references roles,
  permission text not null references permissions,
  primary key (role, permission)
);

create table users (
  id uuid primary key,
  email text not null check (email = lower(email)),
  username text not null,
  password_hash text not null,
  first_name text,
  last_name text,
  phone text,
  phone_index text,
  tier text,
  vendor_id uuid references vendors,
  email_verified_at timestamptz(3),
  disabled_at timestamptz(3),
  version integer not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
);
create unique index users_email_unique on users (email);
create unique index users_username_unique on users (lower(username));
create index users_phone_index on users (phone_index) where phone_index is not null;

create table user_roles (
  user_id uuid not null references users on delete cascade,
  role text not null references roles,
  granted_at timestamptz(3) not null default now(),
  primary key (user_id, role)
);

create table user_addresses (
  id uuid primary key,
  user_id uuid not null references users on delete cascade,
  label text not null default '',
  country char(2) not null,
  address text not null,
  is_default boolean not null default false,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
);
create index user_addresses_user on user_addresses (user_id);
create unique index user_addresses_default on user_addresses (user_id) where is_default;

create table sessions (
  id uuid primary key,
  user_id uuid not null references users on delete cascade,
  refresh_hash text not null,
  previous_refresh_hash text,
  rotated_at timestamptz(3),
  user_agent text not null default '',
  created_at timestamptz(3) not null default now(),
  last_used_at timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null,
  revoked_at timestamptz(3),
  revoked_reason text
);
create index sessions_user on sessions (user_id) where revoked_at is null;
create unique index sessions_refresh on sessions (refresh_hash);
create index sessions_previous_refresh on sessions (previous_refresh_hash);

create table email_confirmations (
  id uuid primary key,
  user_id uuid not null references users on delete cascade,
  email text not null,
  token_hash text unique,
  expires_at timestamptz(3),
  sent_at timestamptz(3),
  used_at timestamptz(3),
  created_at timestamptz(3) not null default now()
);
create index email_confirmations_user on email_confirmations (user_id, created_at);

create table password_resets (
  id uuid primary key,
  email text not null,
  email_index text not null,
  user_id uuid references users on delete cascade,
  status text not null default 'requested'
    check (status in ('requested', 'sent', 'unknown_address', 'undeliverable', 'used', 'superseded', 'expired')),
  token_hash text unique,
  expires_at timestamptz(3),
  sent_at timestamptz(3),
  used_at timestamptz(3),
  created_at timestamptz(3) not null default now()
);
create index password_resets_email on password_resets (email_index, created_at);
create index password_resets_user on password_resets (user_id) where user_id is not null;

create table audit_log (
  id bigint generated always as identity primary key,
  at timestamptz(3) not null default now(),
  actor_type text not null check (actor_type in ('user', 'guest', 'operator', 'system', 'provider')),
  actor_id text,
  action text not null,
  object_type text not null,
  object_id text not null,
  data jsonb not null default '{}',
  request_id text
);
create index audit_log_object on audit_log (object_type, object_id, id);
create index audit_log_actor on audit_log (actor_id, id);
create trigger audit_log_append_only before update or delete or truncate on audit_log
  for each statement execute function refuse_change();

insert into permissions values
  ('catalogue:write', 'create and change categories, products and variants'),
  ('imports:write', 'import catalogues'),
  ('inventory:write', 'adjust stock'),
  ('pricing:write', 'change quantity breaks, tiers, taxes and shipping methods'),
  ('orders:read', 'read any order'),
  ('orders:write', 'confirm, ship, deliver, cancel and refund orders'),
  ('users:read', 'read any user'),
  ('users:write', 'change users and their roles'),
  ('flows:read', 'see running flows'),
  ('flows:write', 'retry and cancel flows'),
  ('audit:read', 'read the audit log'),
  ('reports:read', 'read reports');
insert into roles values
  ('customer', 'buys'),
  ('vendor', 'sells their own products'),
  ('staff', 'serves customers: orders and stock'),
  ('admin', 'may do everything');
insert into role_permissions select 'admin', name from permissions;
insert into role_permissions values
  ('staff', 'orders:read'), ('staff', 'orders:write'), ('staff', 'inventory:write'),
  ('staff', 'users:read'), ('staff', 'flows:read'), ('staff', 'reports:read'),
  ('vendor', 'catalogue:write'), ('vendor', 'inventory:write');
`);
  }
}
