import type { Transact } from '../../src/domain/kernel/transact.js';

/** Stand-ins of one weight each: a transaction of three statements, and a network answer of 5 ms. */
export function createShapeActivities(transact: Transact, onCall: (id: string) => void) {
  return {
    transaction: ({ id, step }: { readonly id: string; readonly step: string }): Promise<void> =>
      transact(async (em) => {
        await em.execute('select count(*) from bench_steps where id = ?', [id]);
        await em.execute('insert into bench_steps (id, step) values (?, ?)', [id, step]);
        await em.execute('update bench_steps set done = true where id = ?', [id]);
      }),
    call: async ({ id }: { readonly id: string }): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      onCall(id);
    },
  };
}
