import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { Jobs } from '../../src/platform/jobs/jobs.js';
import { Signals } from '../../src/platform/events/signals.js';
import {
  aPerson,
  aSignedInAdmin,
  GOOD_PASSWORD,
  issueTemporaryPassword,
  OTHER_PASSWORD,
  signIn,
  type SignedIn,
} from '../factories/people.js';
import { anEnrolledPerson } from '../factories/second-factors.js';
import { NO_LIMITS } from '../support/no-limits.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

interface Received {
  readonly to: string[];
  readonly raw: string;
}

let smtp: SMTPServer;
let received: Received[] = [];
let refuse: string | null = null;
let test: TestApp;
let admin: SignedIn;

function startSmtp(port: number): Promise<number> {
  smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onRcptTo: (_address, _session, done) => done(refuse === null ? null : new Error(refuse)),
    onData: (stream, session, done) => {
      let raw = '';
      stream.on('data', (chunk: Buffer) => (raw += chunk.toString('utf8')));
      stream.on('end', () => {
        received.push({ to: session.envelope.rcptTo.map(({ address }) => address), raw });
        done();
      });
    },
  });
  smtp.on('error', () => undefined);
  return new Promise((resolve) => {
    const server = smtp.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
const stopSmtp = () => new Promise<void>((resolve) => smtp.close(resolve));

let port: number;
beforeAll(async () => {
  port = await startSmtp(0);
  test = await startTestApp({
    environment: {
      ...NO_LIMITS,
      SMTP_URL: `smtp://127.0.0.1:${port}`,
      MAIL_FROM: 'Benteng <security@example.com>',
    },
  });
});
beforeEach(async () => {
  admin = await aSignedInAdmin(test);
  await send();
  received = [];
  refuse = null;
});
afterAll(async () => {
  await test.close();
  await stopSmtp();
});

const send = () => test.app.get(Jobs).runNow('notices');

/** What was sent to an address: subjects and whole texts, decoded. */
function mailsTo(email: string): { subject: string; text: string }[] {
  return received
    .filter(({ to }) => to.includes(email))
    .map(({ raw }) => {
      const [head, ...body] = raw.split('\r\n\r\n') as [string, ...string[]];
      const subject = /^Subject: (.*(?:\r\n[ \t].*)*)/m.exec(head)![1]!.replaceAll(/\r\n\s+/g, ' ');
      const encoding = /^Content-Transfer-Encoding: (.*)$/m.exec(head)?.[1];
      const text = body.join('\r\n\r\n');
      const plain =
        encoding === 'quoted-printable'
          ? text
              .replaceAll('=\r\n', '')
              .replaceAll(/(?:=[0-9A-F]{2})+/g, (bytes) =>
                Buffer.from(bytes.replaceAll('=', ''), 'hex').toString('utf8'),
              )
          : text;
      return { subject, text: plain };
    });
}

describe('notices', () => {
  it('tell of everything that happened to an account, without any secret', async () => {
    const person = await anEnrolledPerson(test);
    const { organizationId } = await test.database.client.user.findUniqueOrThrow({
      where: { id: person.id },
    });
    const helper = await aSignedInAdmin(test, { organizationId });
    await send();
    received = [];
    const temporaryPassword = await issueTemporaryPassword(helper, person.id);
    await helper.client.delete(`/users/${person.id}/two-factor`);
    await helper.client.patch(`/users/${person.id}`, { password: OTHER_PASSWORD });
    await send();
    const subjects = mailsTo(person.email).map(({ subject }) => subject);
    expect(subjects).toEqual([
      'Benteng: An administrator reset your password',
      'Benteng: An administrator removed your second factor',
      'Benteng: An administrator reset your password',
    ]);
    const all = received.map(({ raw }) => raw).join('\n') + test.logLines.join('\n');
    for (const secret of [temporaryPassword, OTHER_PASSWORD, person.secret, ...person.backupCodes])
      expect(all).not.toContain(secret);
    expect(received.map(({ raw }) => raw).join()).not.toMatch(/https?:/);
    expect(test.logLines.join('')).not.toContain(person.email);
  });

  it('tell of a new device, not of the first sign-in nor of a known browser', async () => {
    const person = await aPerson(test, { organizationId: admin.organizationId });
    const { client } = await signIn(test, person);
    await client.login(person);
    await send();
    expect(mailsTo(person.email)).toEqual([]);
    const other = await signIn(test, person);
    await send();
    const [mail] = mailsTo(person.email);
    expect(mail!.subject).toBe('Benteng: New sign-in to your account');
    expect(mail!.text).toContain('Device: Chrome on Windows');
    expect(mail!.text).toContain(`Address: ${other.client.address}`);
    expect(mail!.text).toMatch(/Time: \d{4}-\d{2}-\d{2} \d{2}:\d{2} UTC/);
  });

  it('speak the language of the account', async () => {
    const person = await aPerson(test, {
      organizationId: admin.organizationId,
      locale: 'id',
      name: 'Siti Nurhaliza',
    });
    const { client } = await signIn(test, person);
    await client.post('/auth/change-password', {
      currentPassword: GOOD_PASSWORD,
      newPassword: OTHER_PASSWORD,
    });
    for (let index = 0; index < 10; index += 1)
      await test.client().login({ email: person.email, password: 'x' });
    await send();
    const mails = mailsTo(person.email);
    expect(mails.map(({ subject }) => subject)).toEqual([
      'Benteng: Kata sandi Anda telah diubah',
      'Benteng: Akun Anda dikunci sementara',
    ]);
    expect(mails[0]!.text).toMatch(/^Halo,/);
  });

  it('are not lost while the mail server is away, and are recognised when they come twice', async () => {
    const person = await aPerson(test, { organizationId: admin.organizationId });
    const failures: unknown[] = [];
    test.app
      .get(Signals)
      .listen((signal) => signal.kind === 'delivery_failed' && failures.push(signal.service));
    await signIn(test, person);
    await stopSmtp();
    await signIn(test, person);
    await send();
    expect(await test.database.client.notice.findMany({ where: { userId: person.id } })).toMatchObject([
      { attempts: 1, sentAt: null },
    ]);
    await startSmtp(port);
    refuse = 'try later';
    test.clock.advanceSeconds(6);
    await send();
    expect(received).toEqual([]);
    refuse = null;
    test.clock.advanceSeconds(11);
    await send();
    expect(mailsTo(person.email)).toHaveLength(1);
    const [notice] = await test.database.client.notice.findMany({ where: { userId: person.id } });
    expect(received[0]!.raw).toContain(`Message-ID: <${notice!.id}@localhost>`);
    expect(notice).toMatchObject({ attempts: 2, nextAttemptAt: null, sentAt: test.clock.now() });
    await send();
    expect(received).toHaveLength(1);
    expect(failures).toEqual(['mail', 'mail']);
  });

  it('are given up after a day', async () => {
    const person = await aPerson(test, { organizationId: admin.organizationId });
    await signIn(test, person);
    await signIn(test, person);
    test.clock.advanceSeconds(86_401);
    refuse = 'never';
    await send();
    expect(await test.database.client.notice.findMany({ where: { userId: person.id } })).toMatchObject([
      { attempts: 1, sentAt: null, nextAttemptAt: null },
    ]);
  });

  it('cannot be turned into other mail by a name', async () => {
    const name = 'Eve, victim@example.com <victim@example.com>; Bcc: victim@example.com';
    const person = await aPerson(test, { organizationId: admin.organizationId, name });
    await signIn(test, person);
    await signIn(test, person);
    await send();
    expect(received.map(({ to }) => to)).toEqual([[person.email]]);
    expect(received[0]!.raw).not.toContain('victim');
  });
});

describe('notices without a mail server', () => {
  it('are logged, without the address, and not kept waiting', async () => {
    await test.close();
    test = await startTestApp({ environment: NO_LIMITS });
    const person = await aPerson(test);
    await signIn(test, person);
    await signIn(test, person);
    await send();
    const line = test.logLines.find((entry) => entry.includes('new_device'));
    expect(line).toContain(person.id);
    expect(test.logLines.join('')).not.toContain(person.email);
    expect(await test.database.client.notice.count({ where: { nextAttemptAt: { not: null } } })).toBe(0);
  });
});
