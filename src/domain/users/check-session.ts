import type { Query } from '../kernel/transact.js';
import type { AccessClaims, SessionCache } from './ports.js';
import { readAuthority } from './store.js';
import type { SessionAuthority } from './types.js';

/**
 * What the session of an access token may do now; null when it ended or its user is disabled. One statement at most.
 * Who may do more than a customer is looked up every time: only what opens nothing but one's own things is remembered.
 */
export async function checkSession(
  { sessions, query }: { readonly sessions: SessionCache; readonly query: Query },
  { sessionId, userId }: AccessClaims,
): Promise<SessionAuthority | null> {
  const known = await sessions.read(sessionId);
  const authority = known ?? (await query((em) => readAuthority(em, sessionId)));
  if (authority === null || authority.userId !== userId) return null;
  if (known === null && authority.permissions.length === 0) await sessions.keep(sessionId, authority);
  return authority;
}
