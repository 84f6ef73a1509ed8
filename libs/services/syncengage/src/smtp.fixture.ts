/** A real mail server on loopback that reads what it gets and misbehaves on request. */
import type { AddressInfo } from 'node:net';
import { simpleParser, type ParsedMail } from 'mailparser';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

/** What the server does with a mail to an address. */
export type Behaviour =
  | 'accept'
  | 'refuse_recipient'
  | 'refuse_data'
  | 'put_off'
  /** Takes the whole mail, keeps it, and hangs up instead of answering. */
  | 'drop_after_data'
  /** Hangs up when the recipient is named. */
  | 'drop_before_data';

/** A mail that the server has. */
export interface ReceivedMail {
  readonly to: string;
  readonly mail: ParsedMail;
}

export class TestMailServer {
  readonly received: ReceivedMail[] = [];
  /** By recipient; `accept` for all others. */
  readonly behaviours = new Map<string, Behaviour>();
  /** Told about each mail before it is answered. */
  onReceived: () => void = () => undefined;
  /** Time before each answer to a mail, milliseconds. */
  delayMs = 0;
  private server: SMTPServer | undefined;
  private port = 0;

  get url(): string {
    return `smtp://127.0.0.1:${this.port}`;
  }

  async start(options: SMTPServerOptions = {}): Promise<this> {
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      onRcptTo: ({ address }, session, done) => {
        const behaviour = this.behaviours.get(address) ?? 'accept';
        if (behaviour === 'drop_before_data') return this.hangUp(session.id);
        if (behaviour !== 'refuse_recipient') return done();
        done(Object.assign(new Error('no such mailbox'), { responseCode: 550 }));
      },
      onData: (stream, session, done) => {
        const to = session.envelope.rcptTo[0]?.address ?? '';
        const behaviour = this.behaviours.get(to) ?? 'accept';
        // A client that dies in the middle has not sent a mail.
        stream.on('error', () => undefined);
        const parsed = simpleParser(stream).then(async (mail) => {
          if (behaviour === 'refuse_data') {
            return done(Object.assign(new Error('spam'), { responseCode: 554 }));
          }
          if (behaviour === 'put_off') {
            return done(Object.assign(new Error('later'), { responseCode: 451 }));
          }
          this.received.push({ to, mail });
          this.onReceived();
          if (this.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs));
          if (behaviour === 'drop_after_data') return this.hangUp(session.id);
          done();
        });
        parsed.catch(() => undefined);
      },
      ...options,
    });
    server.on('error', () => undefined);
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.server.address() as AddressInfo).port;
    this.server = server;
    return this;
  }

  /** Mails per recipient. */
  counts(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { to } of this.received) counts.set(to, (counts.get(to) ?? 0) + 1);
    return counts;
  }

  async stop(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const connection of connectionsOf(server)) connection._socket.destroy();
    await closed;
  }

  private hangUp(session: string): void {
    for (const connection of this.server ? connectionsOf(this.server) : []) {
      if (connection.session.id === session) connection._socket.destroy();
    }
  }
}

interface Connection {
  readonly session: { readonly id: string };
  readonly _socket: { destroy(): void };
}

function connectionsOf(server: SMTPServer): Connection[] {
  return [...(server as unknown as { connections: Set<Connection> }).connections];
}
