import { Migration } from '@mikro-orm/migrations';

/** Categories, products, variants, and the runs that import them. */
export class Catalogue extends Migration {
  override up(): void {
    this.addSql(`
create extension if not exists ltree;
create extension if not exists pg_trgm;
create extension if not exists unaccent;

create table categories (
  id uuid primary key,
  parent_id uuid references categories,
  slug text not null unique check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
  name text not null,
  path ltree not null unique,
  position integer not null default 0,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
);
create index categories_parent on categories (parent_id);
create index categories_path on categories using gist (path);

create table products (
  id uuid primary key,
  vendor_id uuid references vendors,
  category_id uuid not null references categories,
  slug text not null unique,
  title text not null,
  brand text not null default '',
  mpn text not null default '',
  description text not null default '',
  attributes jsonb not null default '{}',
  ean text[] not null default '{}',
  released_on date,
  tax_class text not null default 'standard',
  status text not null default 'published' check (status in ('draft', 'published', 'archived')),
  price_amount bigint not null check (price_amount >= 0),
  currency char(3) not null,
  rating numeric(3, 2),
  image_url text,
  images jsonb not null default '[]',
  options jsonb not null default '[]',
  version integer not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  search tsvector not null generated always as (
    setweight(to_tsvector('english', title), 'A') || setweight(to_tsvector('simple', brand), 'A')
    || setweight(to_tsvector('simple', mpn), 'B') || setweight(to_tsvector('english', description), 'D')
    || setweight(jsonb_to_tsvector('english', attributes, '["string"]'), 'D')) stored,
  unique (id, currency)
);
create index products_search on products using gin (search);
create index products_title_trgm on products using gin (title gin_trgm_ops);
create index products_ean on products using gin (ean);
create index products_category on products (category_id, id);
create index products_brand on products (brand, id);
create index products_vendor on products (vendor_id) where vendor_id is not null;
create index products_price on products (price_amount, id) where status = 'published';
create index products_new on products (created_at, id) where status = 'published';

create table variants (
  id uuid primary key,
  product_id uuid not null,
  sku text not null unique,
  title text not null default '',
  options jsonb not null default '{}',
  price_adjustment_amount bigint not null default 0,
  currency char(3) not null,
  position integer not null default 0,
  is_default boolean not null default false,
  status text not null default 'active' check (status in ('active', 'retired')),
  version integer not null default 1,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  foreign key (product_id, currency) references products (id, currency) on delete cascade on update cascade
);
create index variants_product on variants (product_id, position);
create unique index variants_default on variants (product_id) where is_default;

create index variants_sku_lower on variants (lower(sku));

create table search_words (word text primary key);
create index search_words_trgm on search_words using gin (word gin_trgm_ops);

create table imports (
  id uuid primary key,
  source text not null,
  fingerprint text,
  status text not null default 'accepted' check (status in ('accepted', 'running', 'completed', 'failed', 'cancelled')),
  failure text,
  lines_read integer not null default 0,
  created integer not null default 0,
  updated integer not null default 0,
  unchanged integer not null default 0,
  refused integer not null default 0,
  byte_offset bigint not null default 0,
  started_by uuid,
  created_at timestamptz(3) not null default now(),
  finished_at timestamptz(3)
);
create table import_refusals (
  import_id uuid not null references imports on delete cascade,
  line integer not null,
  field text not null,
  reason text not null,
  primary key (import_id, line, field)
);
`);
  }
}
