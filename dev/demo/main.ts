import { auditInstance, auditLines } from '../../src/bin/audit-instance.js';
import { loadConfig } from '../../src/config.js';
import type { Console } from '../launcher/console.js';
import type { Services } from '../launcher/session.js';
import { createChecks } from './checks.js';
import { connectOutside } from './outside.js';
import { SHOPPERS } from './shoppers/index.js';
import { createShelf, createVisit } from './visit.js';

interface Link {
  readonly open: string;
  readonly at: string;
  /** Where to look whether it leads somewhere, if not there. */
  readonly proof?: string;
}

/** Once all is at rest everything is looked at. */
const AUDIT = { settledForMs: 0, waitMs: 60_000 };

/** Sends the shoppers in, side by side, and tells how it goes; true when all they claim was checked and holds. */
export async function runDemo({ env }: Services, console: Console): Promise<boolean> {
  const started = performance.now();
  const colours = process.stdout.isTTY && !process.env['NO_COLOR'];
  const paint = (code: number, text: string): string => (colours ? `\u001B[${code}m${text}\u001B[0m` : text);
  const check = createChecks();
  const outside = await connectOutside(env);
  const flows: Link[] = [];
  const shelf = createShelf();
  const origin = env['PUBLIC_URL'] ?? '';

  console.line('');
  const visits = SHOPPERS.map(async ({ name, visit }) => {
    const say = (what: string): void => console.step(name, what);
    const show = (what: string, workflowId: string): number => flows.push(flowLink(env, what, workflowId));
    try {
      await visit(createVisit(name, { origin, shelf, outside, check, say, show }));
      return true;
    } catch (error) {
      console.step(name, paint(31, `FAILED: ${describe(error)}`));
      return false;
    }
  });
  const went = await Promise.all(visits);
  await outside.close();

  const links = [...linksOf(env), ...flows.sort((a, b) => (a.open < b.open ? -1 : 1))];
  console.line('');
  console.table(links.map(({ open, at }) => ({ open, at })));
  console.line('');
  const dead = (await Promise.all(links.map(isDead))).filter((link) => link !== null);
  for (const { open, at } of dead) console.line(paint(31, `FAILED: ${open} does not open at ${at}`));
  const audit = await auditInstance(loadConfig({ ...process.env, ...env }), AUDIT);
  for (const line of auditLines(audit)) console.line(line);
  console.line('');
  const broken = audit.filter(({ breached }) => breached > 0).length;
  const failed = went.filter((well) => !well).length;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const done = failed === 0 && dead.length === 0 && broken === 0;
  console.line(
    done
      ? paint(
          32,
          `All ${SHOPPERS.length} shoppers went as told: ${check.made} checks, ${links.length} links and the audit's ${audit.length} hold, in ${seconds} s.`,
        )
      : paint(
          31,
          `${failed} of ${SHOPPERS.length} shoppers, ${dead.length} of ${links.length} links and ${broken} of the audit's ${audit.length} failed, in ${seconds} s.`,
        ),
  );
  return done;
}

type Environment = Services['env'];

function linksOf(env: Environment): Link[] {
  const {
    PUBLIC_URL: api = '',
    TEMPORAL_UI_URL: temporal,
    INBOX_URL: inbox,
    SMS_LOG_URL: texts,
    STRIPE_LEDGER_URL: ledger,
  } = env;
  return [
    { open: 'API documentation', at: `${api}/docs` },
    ...(temporal ? [{ open: 'Temporal UI', at: temporal }] : []),
    ...(inbox ? [{ open: 'inbox', at: inbox }] : []),
    ...(texts ? [{ open: 'SMS log', at: `${texts}/log` }] : []),
    ...(ledger ? [{ open: "payment provider's ledger", at: `${ledger}/ledger` }] : []),
  ];
}

function flowLink(env: Environment, open: string, workflowId: string): Link {
  const path = `namespaces/${env['TEMPORAL_NAMESPACE'] ?? 'default'}/workflows/${workflowId}`;
  const ui = env['TEMPORAL_UI_URL'];
  // The page itself opens for any id.
  return ui ? { open, at: `${ui}/${path}`, proof: `${ui}/api/v1/${path}` } : { open, at: workflowId };
}

async function isDead(link: Link): Promise<Link | null> {
  const url = link.proof ?? link.at;
  if (!url.startsWith('http')) return null;
  const answer = await fetch(url, {
    headers: { Accept: 'text/html, application/json' },
    signal: AbortSignal.timeout(10_000),
  }).catch(() => null);
  return answer?.ok === true ? null : link;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
  return `${error.message}${cause}`;
}
