/**
 * What changed in flows while older ones may run, each asked for with `patched`. A name goes when its old branch does; until then
 * `DORMANT_PATCHES` can put it to sleep.
 */
export const PATCHES = [
  'swept-in-lots',
  'orders-swept',
  'payment-returned',
  'notices-swept',
  'all-stages-go-on',
] as const;

export type Patch = (typeof PATCHES)[number];
