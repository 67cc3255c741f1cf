import { orderToken } from '../../../src/api/routes/checkout/access.js';
import { checkoutRecoveryWorkflowId, type Flows } from '../../../src/workflows/contracts.js';
import { openApp, type TestApp } from '../../support/app.js';
import {
  accepted,
  authenticate,
  endState,
  reaches,
  submit,
  UNDONE,
  type Purchase,
} from '../../support/flow-checkout.js';
import { openFlowWorld, type FlowWorld } from '../../support/flow-world.js';
import { describeWith } from '../../support/services.js';

const CHALLENGED = { card: 'pm_card_threeDSecure2Required' };

describeWith(['postgres', 'temporal', 'mail', 'inbox'], 'DELETE /checkout/:id', () => {
  let world: FlowWorld;
  let app: TestApp;
  /** Runs before the API learns whether a flow runs, then tells it what it should believe. */
  let meanwhile: (() => Promise<'absent'>) | null = null;
  beforeAll(async () => {
    world = await openFlowWorld({ server: 'dev' });
    const flows: Flows = {
      ...world.flows,
      state: (workflowId) => (meanwhile === null ? world.flows.state(workflowId) : meanwhile()),
    };
    const { transact, query, cipher } = world;
    app = await openApp({ transact, query, cipher, flows });
  });
  afterEach(async () => {
    meanwhile = null;
    expect(await world.stockFaults()).toEqual([]);
    await world.reset();
  });
  afterAll(async () => {
    await app?.close();
    await world?.close();
  });

  const cancel = ({ checkoutId }: Purchase) =>
    app.call<{ status: string; failure: { code: string } | null }>('DELETE', `/checkout/${checkoutId}`, {
      headers: { 'X-Order-Token': orderToken(world.cipher, checkoutId) },
    });
  const CANCELLED = { status: 200, body: { status: 'cancelled', failure: { code: 'cancelled' } } };

  test('of a checkout whose flow never started, ends it by a flow and frees the cart', async () => {
    const purchase = await accepted(world);
    await expect(cancel(purchase)).resolves.toMatchObject(CANCELLED);
    expect(await endState(world, purchase)).toMatchObject({ freshId: true, reservations: [], stock: [5, 0] });
    await expect(cancel(purchase)).resolves.toMatchObject(CANCELLED);
    const workflowId = checkoutRecoveryWorkflowId(purchase.checkoutId);
    const flow = await world.handle(workflowId).describe();
    await expect(flow.staticSummary()).resolves.toBe(`Buy a cart: ${workflowId}`);
  });

  test('of a checkout whose flow was ended by hand and whose customer paid since, voids the payment', async () => {
    const purchase = await accepted(world, CHALLENGED);
    await submit(world, purchase);
    await reaches(world, purchase, 'requires_action');
    await world.handle(purchase.workflowId).terminate('by hand');
    await authenticate(world, purchase, 'success');
    await expect(cancel(purchase)).resolves.toMatchObject(CANCELLED);
    expect(await endState(world, purchase)).toMatchObject({ ...UNDONE, checkout: { status: 'cancelled' } });
  });

  test('while another tab starts the flow, gives no stock back before the money', async () => {
    const purchase = await accepted(world, CHALLENGED);
    meanwhile = async () => {
      await submit(world, purchase);
      await reaches(world, purchase, 'requires_action');
      await authenticate(world, purchase, 'success');
      return 'absent';
    };
    await expect(cancel(purchase)).resolves.toMatchObject(CANCELLED);
    expect(await endState(world, purchase)).toMatchObject({ ...UNDONE, checkout: { status: 'cancelled' } });
  });

  test('of a placed checkout, is refused', async () => {
    const purchase = await accepted(world);
    await submit(world, purchase);
    await reaches(world, purchase, 'placed');
    await expect(cancel(purchase)).resolves.toMatchObject({
      status: 409,
      body: { error: { code: 'invalid_transition' } },
    });
  });
});
