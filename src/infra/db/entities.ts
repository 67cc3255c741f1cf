/** Every table's entity, listed so that discovery reads no folders. */
export const entities = [] as const;
