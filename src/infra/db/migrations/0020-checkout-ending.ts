import { Migration } from '@mikro-orm/migrations';

/** How a checkout that is being closed is to end. */
export class CheckoutEnding extends Migration {
  override up(): void {
    this.addSql('alter table checkouts add column ending jsonb');
  }
}
