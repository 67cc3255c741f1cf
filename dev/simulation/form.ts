export type Value = string | Value[] | Params;
export interface Params {
  [name: string]: Value;
}

/** Decodes `a=1&b[c]=2&d[]=3&e[0][f]=4`, the way Stripe reads form bodies and query strings. */
export function decodeForm(pairs: URLSearchParams): Params {
  const root: Params = Object.create(null) as Params;
  for (const [name, value] of pairs) place(root, pathOf(name), value);
  return finish(root) as Params;
}

function pathOf(name: string): string[] {
  const head = /^[^[]*/.exec(name)?.[0] ?? '';
  return [head, ...[...name.slice(head.length).matchAll(/\[([^\]]*)\]/g)].map((match) => match[1] ?? '')];
}

function place(node: Params, path: readonly string[], value: string): void {
  const [name = '', ...rest] = path;
  const key = name === '' ? String(Object.keys(node).length) : name;
  if (rest.length === 0) {
    node[key] = value;
    return;
  }
  const child = node[key];
  const next: Params = isParams(child) ? child : (Object.create(null) as Params);
  node[key] = next;
  place(next, rest, value);
}

/** Turns `{0: a, 1: b}` into `[a, b]`. */
function finish(value: Value): Value {
  if (typeof value === 'string' || Array.isArray(value)) return value;
  const keys = Object.keys(value);
  if (keys.length > 0 && keys.every((key) => /^\d+$/.test(key))) return Object.values(value).map(finish);
  return Object.fromEntries(keys.map((key) => [key, finish(value[key] ?? '')]));
}

export function isParams(value: Value | undefined): value is Params {
  return typeof value === 'object' && !Array.isArray(value);
}
