import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { ConnectionOptions } from '@kiki/postgres';

/** What happens to the next COMMIT that comes by. */
export type CommitFault = 'lose the commit' | 'lose the answer' | 'hold the answer back';

/** What commits: the statement, or the name of the one that is a transaction by itself. */
const COMMITS = ['COMMIT', 'shield-write-assumed'];
/** How long an answer that is held back stays away before the connection breaks, milliseconds. */
const HELD_BACK_MS = 700;

interface Link {
  readonly client: Socket;
  readonly upstream: Socket;
}

/**
 * A door between one replica and PostgreSQL's socket that breaks the connection before or after a COMMIT, or all
 * connections at once.
 */
export class CommitProxy {
  /** COMMITs that were cut. */
  cuts = 0;
  private fault: CommitFault | undefined;
  private readonly server: Server;
  private readonly links = new Set<Link>();

  constructor(private readonly target: ConnectionOptions) {
    this.server = createServer((client) => this.serve(client));
  }

  /** Listens on a free port of the loopback; returns how to connect through it. */
  async open(): Promise<ConnectionOptions> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    const { port } = this.server.address() as AddressInfo;
    return { ...this.target, host: '127.0.0.1', port };
  }

  /** The next COMMIT meets this fault; resolves at once. */
  arm(fault: CommitFault): void {
    this.fault = fault;
  }

  /** Whether an armed fault has not met its COMMIT yet. */
  get isArmed(): boolean {
    return this.fault !== undefined;
  }

  /** Breaks every connection. */
  reset(): void {
    for (const link of this.links) end(link);
  }

  async close(): Promise<void> {
    this.reset();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private serve(client: Socket): void {
    const upstream = connect(join(this.target.host, `.s.PGSQL.${this.target.port}`));
    const link = { client, upstream };
    this.links.add(link);
    let losing: CommitFault | undefined;
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.on('error', () => this.drop(link));
      socket.on('close', () => this.drop(link));
    }
    client.on('data', (chunk: Buffer) => {
      if (this.fault !== undefined && COMMITS.some((name) => chunk.includes(name))) {
        losing = this.fault;
        this.fault = undefined;
        this.cuts++;
        if (losing === 'lose the commit') return this.drop(link);
      }
      upstream.write(chunk);
    });
    upstream.on('data', (chunk: Buffer) => {
      if (losing === undefined) client.write(chunk);
      else if (losing === 'lose the answer') this.drop(link);
      else setTimeout(() => this.drop(link), HELD_BACK_MS).unref();
    });
  }

  private drop(link: Link): void {
    this.links.delete(link);
    end(link);
  }
}

function end({ client, upstream }: Link): void {
  client.destroy();
  upstream.destroy();
}
