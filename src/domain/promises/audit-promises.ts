import type { CachedCarts } from '../cart/index.js';
import type { Query } from '../kernel/transact.js';
import type { PaymentStatements } from '../payments/index.js';
import { checkCarts } from './check-carts.js';
import { checkFlows } from './check-flows.js';
import { checkMessages } from './check-messages.js';
import { checkProvider } from './check-provider.js';
import type { FlowBook, MessageLog } from './ports.js';
import { MONEY_CHECKS } from './rows/money.js';
import { ONE_CHECKS } from './rows/one.js';
import { REFUND_CHECKS } from './rows/refunds.js';
import { REST_CHECKS } from './rows/rest.js';
import { runRowCheck } from './rows/row-check.js';
import { STOCK_CHECKS } from './rows/stock.js';
import type { AuditScope, CheckResult, Promised } from './types.js';

export interface AuditDeps {
  readonly query: Query;
  readonly providers: readonly PaymentStatements[];
  readonly flows: FlowBook;
  readonly carts: CachedCarts;
  /** Where development can see what arrived; elsewhere none. */
  readonly messages: readonly MessageLog[];
}

const ROW_CHECKS = [...STOCK_CHECKS, ...MONEY_CHECKS, ...REFUND_CHECKS, ...ONE_CHECKS, ...REST_CHECKS];
const ORDER: readonly Promised[] = ['stock', 'money', 'one', 'undo', 'say it once', 'rest'];

/** Checks the five promises on live data. @throws when a service does not answer: nothing is known then */
export async function auditPromises(deps: AuditDeps, scope: AuditScope): Promise<CheckResult[]> {
  const { query, providers, flows, carts, messages } = deps;
  const results: CheckResult[] = [];
  for (const provider of providers) results.push(...(await checkProvider(query, provider, scope)));
  results.push(...(await checkFlows(query, flows, scope)));
  for (const log of messages) results.push(await checkMessages(query, log));
  results.push(await checkCarts(query, carts));
  for (const check of ROW_CHECKS) results.push(await query((em) => runRowCheck(em, check, scope)));
  return results.toSorted((a, b) => ORDER.indexOf(a.promise) - ORDER.indexOf(b.promise));
}
