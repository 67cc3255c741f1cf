export { createOutbox } from './create-outbox.js';
export type { Outbox, OutboxLag } from './ports.js';
export { publish, publishAll } from './store.js';
export type * from './types.js';
