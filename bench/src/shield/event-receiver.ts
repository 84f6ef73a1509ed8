import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An event as it came. */
export interface ReceivedEvent {
  readonly type: string;
  readonly budgetId: string;
  /** The hold whose capture caused it; empty where none did. */
  readonly holdId: string;
  /** When it was here, `performance.now()`. */
  readonly atMs: number;
}

/** A webhook's receiver on loopback that takes everything and notes when. */
export class EventReceiver {
  private readonly events = new Map<string, ReceivedEvent>();

  private constructor(private readonly server: Server) {}

  static async open(): Promise<EventReceiver> {
    const server = createServer();
    const receiver = new EventReceiver(server);
    server.on('request', (request, reply) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        receiver.take(Buffer.concat(chunks).toString());
        reply.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Events of that type about budgets whose ids begin so. */
  of(prefix: string, type: string): ReceivedEvent[] {
    return [...this.events.values()].filter(
      (event) => event.type === type && event.budgetId.startsWith(`${prefix}-`),
    );
  }

  count(prefix: string, type: string): number {
    return this.of(prefix, type).length;
  }

  /** The first delivery of an event counts. */
  private take(body: string): void {
    const event = JSON.parse(body) as {
      readonly id: string;
      readonly type: string;
      readonly budgetId: string | null;
      readonly data: { readonly cause?: { readonly holdId?: string } };
    };
    const { id, type, budgetId, data } = event;
    if (this.events.has(id)) return;
    const holdId = data.cause?.holdId ?? '';
    this.events.set(id, { type, budgetId: budgetId ?? '', holdId, atMs: performance.now() });
  }
}
