/** Goal: the sink counts each mail and keeps what a mailbox provider looks at. Method: a real client sends to it. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTransport } from 'nodemailer';
import { SmtpSink } from './smtp-sink.js';

let sink: SmtpSink;
beforeAll(async () => {
  sink = await SmtpSink.start();
});
afterAll(() => sink.close());

describe('SmtpSink', () => {
  it('parses what it is sent', async () => {
    const transport = createTransport({ host: '127.0.0.1', port: sink.port, secure: false });
    for (const name of ['anna', 'bert']) {
      await transport.sendMail({
        from: 'KIKI <kiki@example.test>',
        to: `${name}@example.test`,
        subject: 'Wir vermissen dich: 10 % für dich',
        text: `Hello ${name}`,
        headers: {
          'List-Unsubscribe': `<https://example.test/u/${'t'.repeat(120)}>`,
          'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
        },
      });
    }
    transport.close();
    expect(sink.mails).toMatchObject([
      {
        to: 'anna@example.test',
        subject: 'Wir vermissen dich: 10 % für dich',
        listUnsubscribe: `<https://example.test/u/${'t'.repeat(120)}>`,
        listUnsubscribePost: 'List-Unsubscribe=One-Click',
        text: 'Hello anna\n',
      },
      { to: 'bert@example.test' },
    ]);
  });
});
