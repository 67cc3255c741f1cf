import { newId } from '../../src/domain/kernel/ids.js';
import type { Flows } from '../../src/workflows/contracts.js';
import { openApp, type Answer, type TestApp } from './app.js';

export const PASSWORD = 'correct horse battery';

export interface UserBody {
  readonly id: string;
  readonly email: string;
  readonly roles: readonly string[];
}
export interface LoginBody {
  readonly access_token: string;
  readonly token_type: string;
  readonly expires_in: number;
  readonly refresh_token?: string;
  readonly user: UserBody;
}

export interface AccountApp extends TestApp {
  /** The flows that requests started. */
  readonly started: { readonly flow: string; readonly workflowId: string; readonly input: unknown }[];
  register(overrides?: object): Promise<Answer<UserBody> & { readonly email: string }>;
  logIn(email: string, extra?: object): Promise<Answer<LoginBody>>;
  /** Registers and logs in; the header of the session. */
  customer(): Promise<{ email: string; userId: string; headers: { Authorization: string }; refreshToken: string }>;
}

/** The API with people who register and log in by calling it. */
export async function openAccountApp(
  flows: Partial<Flows> = {},
  { rateLimits = false }: { readonly rateLimits?: boolean } = {},
): Promise<AccountApp> {
  const started: AccountApp['started'] = [];
  const refuse = (): never => {
    throw new Error('this test expects no such call');
  };
  const http = { host: '', port: 0, publicUrl: 'http://x', trustedProxies: 0, corsOrigins: [], rateLimits };
  const app = await openApp({
    ...(rateLimits ? { config: { http } } : {}),
    flows: {
      checkoutOutcome: refuse,
      signal: refuse,
      update: refuse,
      state: refuse,
      start: async (flow, workflowId, input) => void started.push({ flow, workflowId, input }),
      ...flows,
    },
  });
  const register: AccountApp['register'] = async (overrides = {}) => {
    const name = newId().slice(-20);
    const body = { email: `${name}@example.com`, username: name, password: PASSWORD, ...overrides };
    return { ...(await app.call<UserBody>('POST', '/auth/register', { body })), email: body.email };
  };
  const logIn: AccountApp['logIn'] = (email, extra = {}) =>
    app.call<LoginBody>('POST', '/auth/login', { body: { email, password: PASSWORD, ...extra } });
  return {
    ...app,
    started,
    register,
    logIn,
    async customer() {
      const { email, body: user } = await register();
      const { body } = await logIn(email, { token_delivery: 'body' });
      return {
        email,
        userId: user.id,
        headers: { Authorization: `Bearer ${body.access_token}` },
        refreshToken: body.refresh_token ?? '',
      };
    },
  };
}
