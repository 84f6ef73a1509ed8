import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A TCP forwarder on loopback that can be cut and mended: how the demo takes SyncValue away for a moment. */
export class SeverableLink {
  private readonly sockets = new Set<Socket>();
  private target: { readonly host: string; readonly port: number } | undefined;
  private isCut = false;

  private constructor(private readonly server: Server) {}

  /** Listens, on a free port when none is named; nothing gets through until it is aimed. */
  static async open(port = 0): Promise<SeverableLink> {
    const server = createServer();
    const link = new SeverableLink(server);
    server.on('connection', (socket) => link.forward(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    return link;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Forwards to `host:port` from now on. */
  aim(target: string): void {
    const at = target.lastIndexOf(':');
    const host = target.slice(0, at).replace(/^\[(.*)\]$/, '$1');
    this.target = { host, port: Number(target.slice(at + 1)) };
  }

  /** Connections that are forwarded now. */
  get connections(): number {
    return this.sockets.size / 2;
  }

  /** Drops every connection and each new one, until mended. */
  cut(): void {
    this.isCut = true;
    for (const socket of this.sockets) socket.destroy();
  }

  mend(): void {
    this.isCut = false;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private forward(incoming: Socket): void {
    if (this.isCut || this.target === undefined) return void incoming.destroy();
    const outgoing = connect(this.target);
    for (const [from, to] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      this.sockets.add(from);
      from.setNoDelay(true);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
    }
  }
}
