import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createSmtpMailer } from '../../../src/infra/smtp/mailer.js';

interface Inbox {
  readonly url: string;
  /** What was sent as DATA. */
  readonly mails: string[];
  readonly recipients: string[];
  /** Answers to commands that begin so; 250 otherwise. */
  readonly answers: Map<string, string>;
  connections: number;
}

const servers: { server: Server; sockets: Set<Socket> }[] = [];
afterAll(async () => {
  for (const { server, sockets } of servers) {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** As much of SMTP as a mailer needs, with answers to order. */
async function startInbox(): Promise<Inbox> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    inbox.connections += 1;
    let mail: string[] | null = null;
    let rest = '';
    socket.write('220 inbox\r\n');
    socket.on('data', (chunk) => {
      const lines = (rest + chunk.toString('utf8')).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (mail !== null && line !== '.') mail.push(line);
        else if (mail !== null) {
          inbox.mails.push(mail.join('\n'));
          mail = null;
          const answer = inbox.answers.get('.') ?? '250 accepted';
          if (answer === 'hang up') socket.destroy();
          else if (answer !== '') socket.write(`${answer}\r\n`);
        } else socket.write(`${reply(line)}\r\n`);
        if (line === 'DATA' && !inbox.answers.has('DATA')) mail = [];
      }
    });
    socket.on('error', () => undefined);
  });
  const reply = (line: string): string => {
    const verb = [...inbox.answers.keys()].find((each) => line.startsWith(each));
    if (line.startsWith('RCPT TO')) inbox.recipients.push(line.slice(8));
    return verb !== undefined ? (inbox.answers.get(verb) ?? '') : line === 'DATA' ? '354 go on' : '250 fine';
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push({ server, sockets });
  const inbox: Inbox = {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mails: [],
    recipients: [],
    answers: new Map(),
    connections: 0,
  };
  return inbox;
}

const mail = {
  messageId: 'order-1-confirmed',
  to: 'ada@example.com',
  subject: 'Your order',
  text: 'Thank you',
  html: '<p>Thank you</p>',
};

test('the mailer, given a message, sends text and HTML under the same Message-ID each time', async () => {
  const inbox = await startInbox();
  const mailer = createSmtpMailer({ url: inbox.url, from: 'Perdure <shop@perdure.example>' });
  await mailer.send(mail);
  await mailer.send(mail);
  mailer.close();
  expect(inbox.mails).toHaveLength(2);
  for (const sent of inbox.mails) {
    expect(sent).toMatch(/^Message-ID: <order-1-confirmed@perdure\.example>$/m);
    expect(sent).toMatch(/^From: Perdure <shop@perdure\.example>$/m);
    expect(sent).toMatch(/text\/plain[^]*Thank you[^]*text\/html[^]*<p>Thank you<\/p>/);
  }
  expect(inbox.connections).toBe(1);
});

test('the mailer, given an address that looks like several, writes to none of them', async () => {
  const inbox = await startInbox();
  const mailer = createSmtpMailer({ url: inbox.url, from: 'shop@perdure.example' });
  await mailer.send({ ...mail, to: 'ada@example.com, eve@example.com' }).catch(() => undefined);
  mailer.close();
  expect(inbox.recipients.filter((each) => each === '<eve@example.com>' || each === '<ada@example.com>')).toEqual([]);
});

test.each([
  ['RCPT TO', '550 5.1.1 <ada@example.com>: no such user', 'smtp_550', true],
  ['RCPT TO', '451 4.7.1 <ada@example.com>: greylisted', 'smtp_451', false],
  ['MAIL FROM', '530 authentication required', 'smtp_530', false],
  ['.', '554 5.6.0 refused for ada@example.com', 'smtp_554', true],
  ['EHLO', '421 too busy for ada@example.com', 'smtp_421', false],
])('the mailer, answered at %s with "%s", throws %s without the address', async (command, answer, code, permanent) => {
  const inbox = await startInbox();
  inbox.answers.set(command, answer);
  if (command === 'EHLO') inbox.answers.set('HELO', answer);
  const mailer = createSmtpMailer({ url: inbox.url, from: 'shop@perdure.example' });
  const error: unknown = await mailer.send(mail).catch((reason: unknown) => reason);
  mailer.close();
  expect(error).toMatchObject({ name: 'DeliveryError', code, permanent, uncertain: false });
  const { stack, message, ...rest } = error as Error;
  expect(JSON.stringify([stack, message, rest, (error as Error).cause])).not.toContain('ada@example.com');
});

test('the mailer, while nothing listens, throws and can try again', async () => {
  const mailer = createSmtpMailer({ url: 'smtp://127.0.0.1:1', from: 'shop@perdure.example' });
  await expect(mailer.send(mail)).rejects.toMatchObject({
    name: 'DeliveryError',
    permanent: false,
    uncertain: false,
  });
  mailer.close();
});

test.each([
  ['says nothing more', ''],
  ['hangs up', 'hang up'],
])('the mailer, whose server takes the mail and then %s, does not say that it was not accepted', async (_, answer) => {
  const inbox = await startInbox();
  inbox.answers.set('.', answer);
  const mailer = createSmtpMailer({ url: inbox.url, from: 'shop@perdure.example', timeoutMs: 300 });
  await expect(mailer.send(mail)).rejects.toMatchObject({ name: 'DeliveryError', permanent: false, uncertain: true });
  mailer.close();
  expect(inbox.mails).toHaveLength(1);
});
