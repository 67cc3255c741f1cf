import { Migration } from '@mikro-orm/migrations';

/** Finds what was booked of a payment without reading the whole ledger. */
export class LedgerIntent extends Migration {
  override up(): void {
    this.addSql('create index payment_ledger_intent on payment_ledger (intent_id)');
  }
}
