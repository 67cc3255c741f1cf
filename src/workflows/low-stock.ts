import type { StockActivities } from '../activities/stock.js';
import type { DeliveryStatus } from '../domain/notifications/types.js';
import type { LowStockInput } from './contracts.js';
import { createParking, type Risk } from './parking.js';

const delivery: Risk<StockActivities> = { startToCloseTimeout: '20s' };

/** Mails staff which variants became low; an alert is of one moment and told once. */
export async function lowStock({ alertId }: LowStockInput): Promise<DeliveryStatus> {
  const parking = createParking();
  parking.describe(`Stock alert ${alertId}: mailing staff`);
  const outcome = await parking.step(
    delivery,
    { name: 'Mail staff what is low', helps: 'Look at the mail server.' },
    (run) => run.sendLowStockAlert({ alertId }),
  );
  parking.describe(`Stock alert ${alertId}: ended, ${outcome}`);
  return outcome;
}
