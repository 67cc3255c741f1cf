/** ISO 8601 has a year 0000; PostgreSQL has none and fails at it. */
export const isStorableYear = (iso: string): boolean => !iso.startsWith('0000');

export const NO_YEAR_0 = 'there is no year 0';
