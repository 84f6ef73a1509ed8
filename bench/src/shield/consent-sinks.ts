import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

/** Something outside that sees what the services do. */
export interface Sink {
  readonly url: string;
  /** Told the customer of each act. */
  onAct: (customerId: string) => void;
  close(): Promise<void>;
}

/** A mail server that delivers to nobody; the customer is the name before the `@`. */
export async function mailSink(): Promise<Sink> {
  const server = new SMTPServer({
    ...{ authOptional: true, disabledCommands: ['AUTH', 'STARTTLS'], disableReverseLookup: true },
    onData: (stream, session, done) => {
      const [name = ''] = (session.envelope.rcptTo[0]?.address ?? '').split('@');
      stream.once('end', () => {
        sink.onAct(name);
        done();
      });
      stream.resume();
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sink: Sink = {
    url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    onAct: () => undefined,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return sink;
}

interface BidsBody {
  readonly bids: readonly { readonly opportunityId: string }[];
}

/** An exchange that takes every bid and sells nothing; opportunities are named after their customer. */
export async function exchangeSink(): Promise<Sink> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { bids } = JSON.parse(body) as BidsBody;
      for (const { opportunityId } of bids) sink.onAct(opportunityId);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sink: Sink = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    onAct: () => undefined,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return sink;
}
