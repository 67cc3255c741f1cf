import { randomInt } from 'node:crypto';
import type { Checks } from './checks.js';
import { openBrowser, type Browser, type Person } from './client.js';
import type { Outside } from './outside.js';
import type { Card, Product, Variant } from './shapes.js';

/** One shopper's visit: a script of readable steps, each checked before it is told. */
export interface Shopper {
  readonly name: string;
  visit(visit: Visit): Promise<void>;
}

export interface Visit {
  readonly me: Person;
  readonly browser: Browser;
  readonly shelf: Shelf;
  readonly outside: Outside;
  readonly check: Checks;
  /** A line of the timeline. */
  say(what: string): void;
  /** A flow that people should look at. */
  show(what: string, workflowId: string): void;
}

export interface VisitDeps {
  readonly origin: string;
  readonly shelf: Shelf;
  readonly outside: Outside;
  readonly check: Checks;
  readonly say: Visit['say'];
  readonly show: Visit['show'];
}

export const createVisit = (name: string, { origin, ...deps }: VisitDeps): Visit => ({
  ...deps,
  me: newPerson(name),
  browser: openBrowser(origin),
});

/** Another address and telephone each time: the data of earlier runs stays. */
export function newPerson(name: string): Person {
  const mark = `${Date.now().toString(36)}${randomInt(36 ** 3).toString(36)}`;
  return {
    name,
    email: `${name.toLowerCase()}.${mark}@example.com`,
    phone: `+1555${String(randomInt(10 ** 7)).padStart(7, '0')}`,
    password: `${mark} opens the shop`,
  };
}

export interface Found {
  readonly product: Product;
  readonly variant: Variant;
}

/** Gives each shopper another product, so that each can tell what became of its stock. */
export interface Shelf {
  /** The first of these products with so many in stock. */
  take(browser: Browser, cards: readonly Card[], quantity: number): Promise<Found>;
}

export function createShelf(): Shelf {
  const taken = new Set<string>();
  return {
    async take(browser, cards, quantity) {
      for (const card of cards) {
        if (taken.has(card.id)) continue;
        taken.add(card.id);
        const product = await browser.ask(200, 'GET', '/products/{idOrSlug}', {
          params: { path: { idOrSlug: card.slug } },
        });
        const variant = product.variants.find(({ available }) => available >= quantity);
        if (variant !== undefined) return { product, variant };
      }
      throw new Error(`none of ${cards.length} products has ${quantity} in stock`);
    },
  };
}
