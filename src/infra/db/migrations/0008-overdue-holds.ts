import { Migration } from '@mikro-orm/migrations';

/** Lets the sweep find what is overdue without reading every hold. */
export class OverdueHolds extends Migration {
  override up(): void {
    this.addSql(`create index cart_holds_expiry on cart_holds (expires_at, id) where state = 'live'`);
  }
}
