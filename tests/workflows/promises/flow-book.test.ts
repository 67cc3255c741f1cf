import { Client, Connection } from '@temporalio/client';
import { newId } from '../../../src/domain/kernel/ids.js';
import { createFlowBook } from '../../../src/infra/temporal/flow-book.js';
import { ensureSearchAttributes } from '../../../src/infra/temporal/namespace.js';
import { ORDER_ID } from '../../../src/workflows/attributes.js';
import { checkoutWorkflowId, passwordResetWorkflowId } from '../../../src/workflows/contracts.js';
import { until } from '../../support/open-shop.js';
import { describeWith, serviceUrl } from '../../support/services.js';

describeWith('temporal', 'the book of flows', () => {
  let connection: Connection;
  let client: Client;
  beforeAll(async () => {
    connection = await Connection.connect({ address: serviceUrl('temporal') });
    client = new Client({ connection });
    await ensureSearchAttributes(client, 'default');
  });
  afterAll(() => connection.close());

  /** No worker serves the queue: what is started stays as it is. */
  const open = () => {
    const taskQueue = `book-${newId()}`;
    const start = (type: string, workflowId: string, orderId?: string) =>
      client.workflow.start(type, {
        taskQueue,
        workflowId,
        args: [],
        ...(orderId === undefined ? {} : { typedSearchAttributes: [{ key: ORDER_ID, value: orderId }] }),
      });
    return { start, book: createFlowBook({ client, taskQueue }) };
  };

  test('a flow that was terminated is told with what it was about, until another run of it is at work', async () => {
    const { start, book } = open();
    const [checkoutId, requestId, unknown] = [newId(), newId(), `strange-${newId()}`];
    const flow = await start('checkout', checkoutWorkflowId(checkoutId));
    const others = [await start('passwordReset', passwordResetWorkflowId(requestId)), await start('strange', unknown)];
    for (const each of [flow, ...others]) await each.terminate();
    const ends = await until('the ends', book.badEnds, (found) => found.length === 3);
    expect(ends.toSorted((a, b) => (a.workflowId < b.workflowId ? -1 : 1))).toEqual([
      { workflowId: checkoutWorkflowId(checkoutId), status: 'terminated', about: 'checkout', id: checkoutId },
      { workflowId: passwordResetWorkflowId(requestId), status: 'terminated', about: 'nothing', id: '' },
      { workflowId: unknown, status: 'terminated', about: 'other', id: unknown },
    ]);

    const again = await start('checkout', checkoutWorkflowId(checkoutId));
    expect((await book.badEnds()).map(({ about }) => about).toSorted()).toEqual(['nothing', 'other']);
    await again.terminate();
  });

  test('orders that no running flow is about are told, and how many flows are at work', async () => {
    const { start, book } = open();
    const [busy, idle] = [newId(), newId()];
    const flows = [await start('checkout', `checkout-${busy}`, busy), await start('reservationExpiry', `hold-${busy}`)];
    await until(
      'the flow',
      () => book.withoutFlow([busy, idle]),
      (found) => found.length === 1,
    );
    expect(await book.withoutFlow([busy, idle])).toEqual([idle]);
    await until('the count', book.atWork, (count) => count === 1);
    for (const flow of flows) await flow.terminate();
    await until(
      'the end',
      () => book.withoutFlow([busy]),
      (found) => found.length === 1,
    );
    await until('the count', book.atWork, (count) => count === 0);
  });
});
