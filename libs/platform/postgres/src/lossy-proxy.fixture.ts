/** A door in front of a PostgreSQL socket that loses the answer to one COMMIT, or the COMMIT itself. */
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { ConnectionOptions } from './pool.js';

/** Makes a statement that commits by itself one that the proxy looks for. */
export const SAYS_COMMIT = '-- COMMIT';
/** The simple query `COMMIT` on the wire: 'Q', its length, the text and a zero; or a statement that says so. */
const COMMITS = [Buffer.from('Q\0\0\0\x0bCOMMIT\0', 'latin1'), Buffer.from(SAYS_COMMIT)];

export class LossyProxy {
  /** What happens to the next COMMIT. */
  next: 'pass' | 'lose the answer' | 'lose the commit' = 'pass';
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  constructor(private readonly target: ConnectionOptions) {
    this.server = createServer((client) => this.serve(client));
  }

  async open(): Promise<ConnectionOptions> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    const { port } = this.server.address() as AddressInfo;
    return { ...this.target, host: '127.0.0.1', port };
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private serve(client: Socket): void {
    const upstream = connect(join(this.target.host, `.s.PGSQL.${this.target.port}`));
    let isLosing = false;
    const end = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      this.sockets.add(socket);
      socket.on('error', end);
      socket.on('close', end);
    }
    client.on('data', (chunk: Buffer) => {
      if (this.next !== 'pass' && COMMITS.some((of) => chunk.includes(of))) {
        if (this.next === 'lose the commit') end();
        isLosing = true;
        this.next = 'pass';
      }
      upstream.write(chunk);
    });
    upstream.on('data', (chunk: Buffer) => {
      if (isLosing) end();
      else client.write(chunk);
    });
  }
}
