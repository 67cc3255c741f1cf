import { v5, v7, validate } from 'uuid';

/** A new UUIDv7: unique, and sorted by time of creation. */
export const newId = (): string => v7();

export const isId = (value: string): boolean => validate(value);

/** The id of what only has a name of somebody else's: always the same for the same name. */
export const idOf = (name: string): string => v5(name, v5.URL);
