import { accepted, endState, submit } from '../../support/flow-checkout.js';
import { openFlowWorld, type FlowWorld } from '../../support/flow-world.js';
import { describeWith } from '../../support/services.js';

describeWith(['postgres', 'temporal', 'mail', 'inbox'], 'checkout, repeated', () => {
  let world: FlowWorld;
  beforeAll(async () => {
    world = await openFlowWorld({ server: 'dev' });
  });
  afterAll(() => world?.close());

  test('checkout, asked for its outcome from many tabs and after its end, gives one answer and one order', async () => {
    const purchase = await accepted(world);
    const answers = await Promise.all(Array.from({ length: 8 }, () => submit(world, purchase)));
    await world.ended(purchase.workflowId, 0);
    answers.push(await submit(world, purchase));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ kind: 'outcome', outcome: { status: 'placed' } });
    expect(await endState(world, purchase)).toMatchObject({ provider: { captures: 1 }, texts: 1, stock: [3, 0] });
    expect((await endState(world, purchase)).orders).toHaveLength(1);
  });

  test('checkout, that was declined, gives its one answer however often it is asked', async () => {
    const purchase = await accepted(world, { card: 'pm_card_chargeDeclined' });
    const answers = await Promise.all(Array.from({ length: 4 }, () => submit(world, purchase)));
    await world.ended(purchase.workflowId, 0);
    answers.push(await submit(world, purchase));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ kind: 'outcome', outcome: { status: 'failed', code: 'card_declined' } });
  });
});
