import type { EntityManager } from '@mikro-orm/postgresql';
import { DomainError } from '../kernel/errors.js';

export interface Names {
  /** Normalised. */
  readonly email?: string | undefined;
  /** Normalised. */
  readonly username?: string | undefined;
}

/**
 * Makes sure that nobody but this user has these names until the transaction ends: of two at once the second waits, then is
 * refused. Looked up before the write, as a write that fails may leave its values in the database's log.
 * @throws DomainError `email_taken`, `username_taken`
 */
export async function claimNames(em: EntityManager, userId: string, { email, username }: Names): Promise<void> {
  if (email === undefined && username === undefined) return;
  const names = [email ?? null, username ?? null];
  // In order of the keys, so that two claims never wait for each other.
  await em.execute(
    `select pg_advisory_xact_lock(key) from (
       select hashtextextended(name, 0) as key
       from (values ('users.email:' || ?::text), ('users.username:' || lower(?::text))) as named (name)
       where name is not null order by key
     ) as keys`,
    names,
  );
  // A statement of its own: it has to see what was committed while the locks were waited for.
  const [taken] = await em.execute<{ email: boolean; username: boolean }[]>(
    `select exists (select 1 from users where email = ? and id <> ?) as email,
       exists (select 1 from users where lower(username) = lower(?::text) and id <> ?) as username`,
    [names[0], userId, names[1], userId],
  );
  if (taken?.email === true) throw new DomainError('email_taken', 'an account with this e-mail address exists');
  if (taken?.username === true) throw new DomainError('username_taken', 'this username is taken');
}
