import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Vonage } from '@vonage/server-sdk';
import { createVonageSimulator, type VonageSimulator } from '../../../dev/vonage/simulator.js';
import type { TextMessenger } from '../../../src/domain/notifications/ports.js';
import { partsOf } from '../../../src/infra/vonage/gsm.js';
import { createVonageMessenger } from '../../../src/infra/vonage/messenger.js';
import { post } from './stripe-bench.js';

const KEYS = { apiKey: 'key', apiSecret: 'secret' };
const NUMBER = '+4915112345678';
let simulator: VonageSimulator;
let url: string;
let messenger: TextMessenger;

beforeAll(async () => {
  simulator = createVonageSimulator(KEYS);
  url = await simulator.listen();
  messenger = createVonageMessenger({ ...KEYS, apiUrl: url, from: 'Perdure', timeoutMs: 400 });
});
afterEach(() => post(url, '/test/reset', { state: true }));
afterAll(() => simulator.close());

const send = (text = 'Your order is on its way', reference = 'order-1-sms', to = NUMBER) =>
  messenger.send({ to, text, reference });

test('the messenger, given a message, sends it once with its reference', async () => {
  const { providerId } = await send();
  expect(simulator.log()).toMatchObject([
    {
      to: '4915112345678',
      from: 'Perdure',
      text: 'Your order is on its way',
      client_ref: 'order-1-sms',
      message_id: providerId,
      parts: 1,
    },
  ]);
});

test('the messenger, given letters beyond the GSM alphabet, loses none of them', async () => {
  await send('Привет 🎉');
  expect(simulator.log()).toMatchObject([{ text: 'Привет 🎉', type: 'unicode' }]);
});

test('a long text is counted in parts, by the alphabet it needs', async () => {
  expect(['a'.repeat(160), 'a'.repeat(161), '€'.repeat(81), 'я'.repeat(70), 'я'.repeat(71)].map(partsOf)).toEqual([
    1, 2, 2, 1, 2,
  ]);
  await send('a'.repeat(400));
  expect(simulator.log()).toMatchObject([{ parts: 3 }]);
});

test.each([
  [{ throttle: 1 }, 'throttled', false, false],
  [{ reject: 1, reject_status: '33' }, 'number_deactivated', true, false],
  [{ reject: 1, reject_status: '9' }, 'quota_exceeded', false, false],
  [{ fail_500_before: 1 }, 'http_500', false, true],
  [{ rate_limit: 1 }, 'http_429', false, false],
  [{ timeout_before: 1 }, 'timeout', false, true],
])('the messenger, under %j, throws %s and can try again', async (faults, code, permanent, uncertain) => {
  await post(url, '/test/switches', faults);
  await expect(send()).rejects.toMatchObject({ name: 'DeliveryError', code, permanent, uncertain });
  expect(simulator.log()).toEqual([]);
  await send();
  expect(simulator.log()).toHaveLength(1);
});

test('the messenger, whose answer was lost, repeats under the same reference', async () => {
  await post(url, '/test/switches', { drop_after_commit: 1 });
  await expect(send()).rejects.toMatchObject({ name: 'DeliveryError', uncertain: true });
  await send();
  expect(simulator.log().map(({ client_ref: ref }) => ref)).toEqual(['order-1-sms', 'order-1-sms']);
  expect(await (await fetch(`${url}/log`)).text()).toContain('repeat');
});

test('the messenger, while nothing listens, was surely not heard', async () => {
  const gone = createVonageSimulator(KEYS);
  const apiUrl = await gone.listen();
  await gone.close();
  const nobody = createVonageMessenger({ ...KEYS, apiUrl, from: 'Perdure' });
  await expect(nobody.send({ to: NUMBER, text: 'hello', reference: 'r' })).rejects.toMatchObject({
    permanent: false,
    uncertain: false,
  });
});

test('the messenger, whose long text was refused in part, does not say that nothing was accepted', async () => {
  const torn = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({
        'message-count': '2',
        messages: [
          { status: '0', 'message-id': 'part-1' },
          { status: '1', 'error-text': 'throttled' },
        ],
      }),
    );
  });
  await new Promise<void>((resolve) => torn.listen(0, '127.0.0.1', resolve));
  const apiUrl = `http://127.0.0.1:${(torn.address() as AddressInfo).port}`;
  const messengerOfTorn = createVonageMessenger({ ...KEYS, apiUrl, from: 'Perdure' });
  await expect(messengerOfTorn.send({ to: NUMBER, text: 'a'.repeat(200), reference: 'r' })).rejects.toMatchObject({
    code: 'throttled',
    permanent: false,
    uncertain: true,
  });
  torn.closeAllConnections();
  await new Promise((resolve) => torn.close(resolve));
});

test('the errors of the messenger hold neither number nor text nor credentials', async () => {
  const wrong = createVonageMessenger({ ...KEYS, apiSecret: 'hunter2', apiUrl: url, from: 'Perdure' });
  const errors: unknown[] = [];
  const note = (error: unknown) => void errors.push(error);
  await wrong.send({ to: NUMBER, text: 'the text', reference: 'r' }).catch(note);
  await send('the text', 'r', '+not-a-number').catch(note);
  await post(url, '/test/switches', { unavailable: 1 });
  await send('the text').catch(note);
  expect(errors).toMatchObject([
    { code: 'bad_credentials' },
    { code: 'invalid_parameter', permanent: true },
    { code: 'http_503' },
  ]);
  for (const error of errors) {
    const { stack, ...rest } = error as Error;
    expect(JSON.stringify([String(error), stack, rest, (error as Error).cause])).not.toMatch(
      /15112345678|the text|hunter2|c2VjcmV0|not-a-number/,
    );
  }
});

test('the simulator, called by the SDK as it is, answers in its shape', async () => {
  const { sms } = new Vonage(KEYS, { restHost: url });
  const answer = await sms.send({ to: '4915112345678', from: 'Perdure', text: 'hello', clientRef: 'r' });
  expect(answer.messages).toMatchObject([
    { status: '0', to: '4915112345678', clientRef: 'r', messageId: expect.any(String) as string },
  ]);
});

test('the simulator, given a form with the older credentials, accepts it', async () => {
  const body = new URLSearchParams({
    api_key: 'key',
    api_secret: 'secret',
    to: '4915112345678',
    from: 'Perdure',
    text: 'hello',
  });
  const answer = await fetch(`${url}/sms/json`, { method: 'POST', body });
  expect(await answer.json()).toMatchObject({ 'message-count': '1', messages: [{ status: '0' }] });
});

test('the log, after a restart, is still there', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'vonage-'));
  const first = createVonageSimulator({ ...KEYS, dataDir: folder });
  const from = createVonageMessenger({ ...KEYS, apiUrl: await first.listen(), from: 'Perdure' });
  await from.send({ to: NUMBER, text: 'kept', reference: 'r' });
  await first.close();
  const second = createVonageSimulator({ ...KEYS, dataDir: folder });
  const again = (await (await fetch(`${await second.listen()}/log.json`)).json()) as unknown[];
  expect(again).toMatchObject([{ text: 'kept', client_ref: 'r' }]);
  await second.close();
  await rm(folder, { recursive: true });
});
