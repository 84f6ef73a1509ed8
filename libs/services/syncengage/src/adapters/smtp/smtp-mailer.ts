import { Readable } from 'node:stream';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { Mailer, type Delivery, type Mail } from '../../application/mailer.js';
import { deliveryOutcome, type SmtpFailure } from './delivery-outcome.js';
import { mimeOf } from './mime.js';
import type { SmtpServer } from './smtp-server-url.js';

/** How mails are handed over. */
export interface SmtpOptions {
  readonly server: SmtpServer;
  /** e.g. `KIKI <kiki@example.test>`. */
  readonly from: string;
  /** Address of {@link from}, the envelope's sender. */
  readonly fromAddress: string;
  /** Said in EHLO. */
  readonly domain: string;
  /** Connections at a time. */
  readonly connections: number;
  /** Longest time for opening a connection, and again for handing one mail over, milliseconds. */
  readonly timeoutMs: number;
}

/**
 * Mails over SMTP, on connections that are kept while there is work. Works on nodemailer's
 * connection and not on its transport, because only here it is known whether the server has seen a
 * byte of the mail: the body is a stream that the client starts to read after the server's 354.
 */
export class SmtpMailer extends Mailer {
  override readonly lanes: number;
  private readonly idle: SMTPConnection[] = [];
  private isClosed = false;

  constructor(private readonly options: SmtpOptions) {
    super();
    this.lanes = options.connections;
  }

  override async send(mail: Mail): Promise<Delivery> {
    let mime: Buffer;
    try {
      mime = await mimeOf(mail, this.options.from);
    } catch (error) {
      return { kind: 'refused', isPermanent: true, response: `not written: ${String(error)}` };
    }
    const kept = this.idle.pop();
    if (kept !== undefined) {
      const delivery = await this.handOver(kept, mail, mime);
      // The server may have hung up while nothing was going on; the mail has not left, so a fresh
      // connection may try.
      if (delivery.kind !== 'unreachable') return delivery;
    }
    try {
      return await this.handOver(await this.open(), mail, mime);
    } catch (error) {
      return deliveryOutcome(error as SmtpFailure, false);
    }
  }

  /** Ends the kept connections. */
  close(): void {
    this.isClosed = true;
    for (const connection of this.idle.splice(0)) connection.quit();
  }

  private open(): Promise<SMTPConnection> {
    const { server, domain, timeoutMs } = this.options;
    const connection = new SMTPConnection({
      host: server.host,
      port: server.port,
      secure: server.isSecure,
      // A password never crosses a network in the clear.
      requireTLS: server.auth !== undefined && !server.isSecure && !server.isLoopback,
      tls: { rejectUnauthorized: !server.isLoopback },
      name: domain,
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      dnsTimeout: timeoutMs,
    });
    const opened = new Promise<SMTPConnection>((resolve, reject) => {
      connection.on('error', (error: Error) => {
        this.forget(connection);
        reject(error);
      });
      connection.on('end', () => {
        this.forget(connection);
        reject(new Error('the server closed the connection'));
      });
      connection.connect((error?: Error | null) => {
        if (error != null) return reject(error);
        if (server.auth === undefined) return resolve(connection);
        connection.login(server.auth, (refusal?: Error | null) => {
          if (refusal == null) return resolve(connection);
          connection.close();
          reject(refusal);
        });
      });
    });
    return withDeadline(opened, timeoutMs, () => {
      connection.close();
      throw new Error('the server did not let us in in time');
    });
  }

  private handOver(connection: SMTPConnection, mail: Mail, mime: Buffer): Promise<Delivery> {
    let hasBegun = false;
    const body = new Readable({
      read() {
        hasBegun = true;
        this.push(mime);
        this.push(null);
      },
    });
    const envelope = { from: this.options.fromAddress, to: [mail.to], size: mime.length };
    const handed = new Promise<Delivery>((resolve) => {
      connection.send(envelope, body, (error, info) => {
        if (error != null) {
          connection.close();
          return resolve(deliveryOutcome(error, hasBegun));
        }
        this.keep(connection);
        resolve({ kind: 'accepted', response: info.response ?? '' });
      });
    });
    // A server that drips its answers keeps no lane for ever.
    return withDeadline(handed, this.options.timeoutMs, () => {
      connection.close();
      return deliveryOutcome({ code: 'ETIMEDOUT', message: 'no answer in time' }, hasBegun);
    });
  }

  private keep(connection: SMTPConnection): void {
    if (this.isClosed || this.idle.length >= this.lanes) connection.quit();
    else this.idle.push(connection);
  }

  private forget(connection: SMTPConnection): void {
    const place = this.idle.indexOf(connection);
    if (place >= 0) this.idle.splice(place, 1);
  }
}

async function withDeadline<T>(work: Promise<T>, ms: number, onLate: () => T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), ms);
  });
  try {
    const first = await Promise.race([work, late]);
    return first === 'late' ? onLate() : first;
  } finally {
    clearTimeout(timer);
  }
}
