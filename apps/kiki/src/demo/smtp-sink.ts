import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import type { AddressInfo } from 'node:net';

/** What is remembered of a received mail. */
export interface ReceivedMail {
  readonly to: string;
  readonly subject: string;
  /** Header `List-Unsubscribe`, as sent. */
  readonly listUnsubscribe: string;
  /** Header `List-Unsubscribe-Post`, as sent. */
  readonly listUnsubscribePost: string;
  readonly text: string;
}

/** An SMTP server on loopback that delivers to nobody: it parses and counts what the win-back journey sends. */
export class SmtpSink {
  readonly mails: ReceivedMail[] = [];

  private constructor(private readonly server: SMTPServer) {}

  /** Listens, on a free port when none is named. */
  static async start(port = 0): Promise<SmtpSink> {
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['AUTH', 'STARTTLS'],
      disableReverseLookup: true,
      logger: false,
      onData: (stream, _session, done) => {
        simpleParser(stream).then(
          (mail) => {
            sink.mails.push(received(mail));
            done();
          },
          (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
        );
      },
    });
    const sink = new SmtpSink(server);
    server.on('error', () => undefined);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    return sink;
  }

  get port(): number {
    return (this.server.server.address() as AddressInfo).port;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}

type ParsedMail = Awaited<ReturnType<typeof simpleParser>>;

function received(mail: ParsedMail): ReceivedMail {
  const to = Array.isArray(mail.to) ? mail.to[0] : mail.to;
  const raw = (name: string): string => {
    const line = mail.headerLines.find(({ key }) => key === name)?.line ?? '';
    return line
      .slice(line.indexOf(':') + 1)
      .replace(/\r?\n[ \t]/g, ' ')
      .trim();
  };
  return {
    to: to?.value[0]?.address ?? '',
    subject: mail.subject ?? '',
    listUnsubscribe: raw('list-unsubscribe'),
    listUnsubscribePost: raw('list-unsubscribe-post'),
    text: mail.text ?? '',
  };
}
