import type Stripe from 'stripe';
import { isParams, type Params, type Value } from '../simulation/form.js';
import { invalid, missing } from './fault.js';

/** Refuses any parameter the endpoint does not have, as Stripe does. */
export function known(params: Params, names: readonly string[]): void {
  const unknown = Object.keys(params).filter((name) => !names.includes(name));
  if (unknown[0] !== undefined)
    throw invalid(`Received unknown parameter: ${unknown[0]}`, unknown[0], 'parameter_unknown');
}

export function text(params: Params, name: string): string | null {
  const value = params[name];
  if (value === undefined || value === '') return null;
  if (typeof value !== 'string') throw invalid(`Invalid string: ${name}`, name);
  return value;
}

export function required(params: Params, name: string): string {
  const value = text(params, name);
  if (value === null) throw missing(name);
  return value;
}

export function integer(params: Params, name: string): number | null {
  const value = text(params, name);
  if (value === null) return null;
  if (!/^-?\d{1,15}$/.test(value)) throw invalid(`Invalid integer: ${value}`, name, 'parameter_invalid_integer');
  return Number(value);
}

export function flag(params: Params, name: string): boolean {
  const value = text(params, name);
  if (value !== null && value !== 'true' && value !== 'false') throw invalid(`Invalid boolean: ${value}`, name);
  return value === 'true';
}

export function oneOf<T extends string>(params: Params, name: string, allowed: readonly T[]): T | null {
  const value = text(params, name);
  if (value === null) return null;
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw invalid(`Invalid ${name}: must be one of ${allowed.join(', ')}`, name);
  return found;
}

export function strings(params: Params, name: string): string[] {
  const value = params[name];
  if (value === undefined || value === '') return [];
  const list: Value[] = Array.isArray(value) ? value : [value];
  return list.map((item) => {
    if (typeof item !== 'string') throw invalid(`Invalid array: ${name}`, name);
    return item;
  });
}

export function nested(params: Params, name: string): Params {
  const value = params[name];
  if (value === undefined || value === '') return {};
  if (!isParams(value)) throw invalid('Invalid object', name);
  return value;
}

/** At most 50 keys of 40 characters with values of 500. An empty value removes its key. */
export function metadata(params: Params, before: Stripe.Metadata = {}): Stripe.Metadata {
  const next = { ...before };
  for (const [key, value] of Object.entries(nested(params, 'metadata'))) {
    if (typeof value !== 'string') throw invalid('Metadata values must be strings', `metadata[${key}]`);
    if (key.length > 40 || value.length > 500)
      throw invalid('Metadata keys can have up to 40 characters, values up to 500', `metadata[${key}]`);
    if (value === '') delete next[key];
    else next[key] = value;
  }
  if (Object.keys(next).length > 50) throw invalid('Metadata can have up to 50 keys', 'metadata');
  return next;
}

export interface Range {
  readonly gte: number;
  readonly lte: number;
}

/** `created=…` or `created[gt|gte|lt|lte]=…`, in seconds. */
export function createdRange(params: Params): Range {
  const value = params['created'];
  if (typeof value === 'string' && value !== '') {
    const at = integer(params, 'created') ?? 0;
    return { gte: at, lte: at };
  }
  const range = nested(params, 'created');
  known(range, ['gt', 'gte', 'lt', 'lte']);
  const gt = integer(range, 'gt');
  const lt = integer(range, 'lt');
  return {
    gte: Math.max(integer(range, 'gte') ?? 0, gt === null ? 0 : gt + 1),
    lte: Math.min(integer(range, 'lte') ?? Number.MAX_SAFE_INTEGER, lt === null ? Number.MAX_SAFE_INTEGER : lt - 1),
  };
}
