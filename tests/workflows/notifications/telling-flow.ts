import type { OrderNotification } from '../../../src/domain/notifications/types.js';
import { tell } from '../../../src/workflows/tell.js';

export { notify } from '../../../src/workflows/notify.js';

/** A flow as checkout is one: it tells, and ends. */
export async function telling(orderId: string, event: OrderNotification): Promise<string> {
  return tell(orderId, event);
}
