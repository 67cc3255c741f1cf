import type { Query, Transact } from '../kernel/transact.js';
import type { Outbox } from './ports.js';
import { findWaiting, measureLag, markPublished, sweepPublished } from './store.js';

export const createOutbox = ({ transact, query }: { readonly transact: Transact; readonly query: Query }): Outbox => ({
  waiting: (limit) => query((em) => findWaiting(em, limit)),
  markPublished: (ids) => transact((em) => markPublished(em, ids)),
  lag: () => query((em) => measureLag(em)),
  sweep: () => transact((em) => sweepPublished(em)),
});
