import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostErrors, VERSION, type Host, type RunningService } from '@kiki/host';

const TIMEOUT_MS = 5_000;

/** `/health`, `/ready` and `/metrics` of all services of a host, on one port. */
export class HostServer {
  private readonly server: Server;

  constructor(private readonly host: Host) {
    this.server = createServer((request, response) => {
      const path = (request.url ?? '').split('?')[0];
      const isRead = request.method === 'GET' || request.method === 'HEAD';
      void this.answer(response, isRead ? path : undefined);
    });
  }

  /** Listens; resolves with the URL. @throws port_in_use */
  async start(port: number, address: string): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', (error: NodeJS.ErrnoException) =>
        reject(error.code === 'EADDRINUSE' ? portInUse(port, error) : error),
      );
      this.server.listen(port, address, resolve);
    });
    const bound = (this.server.address() as AddressInfo).port;
    const name = address === '0.0.0.0' || address === '::' ? '127.0.0.1' : address;
    return `http://${name.includes(':') ? `[${name}]` : name}:${bound}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private async answer(response: ServerResponse, path: string | undefined): Promise<void> {
    switch (path ?? '') {
      case '/health':
        return json(response, 200, { status: 'ok', service: 'kiki', version: VERSION });
      case '/ready':
        return this.ready(response);
      case '/metrics':
        return this.metrics(response);
      default:
        return json(response, 404, {
          status: 404,
          title: 'Here are /health, /ready and /metrics.',
        });
    }
  }

  private async ready(response: ServerResponse): Promise<void> {
    const answers = await Promise.all(this.host.services.map(readyOf));
    const isReady = answers.every(({ isUp }) => isUp);
    json(response, isReady ? 200 : 503, {
      status: isReady ? 'ready' : 'unready',
      service: 'kiki',
      version: VERSION,
      profile: this.host.profile,
      services: Object.fromEntries(answers.map(({ name, body }) => [name, body])),
    });
  }

  /** The pages of all services: every name carries its service's prefix, so they can be joined. */
  private async metrics(response: ServerResponse): Promise<void> {
    const pages = await Promise.all(
      this.host.services.map(({ httpUrl }) =>
        ask(`${httpUrl}/metrics`).then((page) => (page.ok ? page.text : '')),
      ),
    );
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
    response.end(pages.join('\n'));
  }
}

interface Page {
  readonly ok: boolean;
  readonly text: string;
}

async function ask(url: string): Promise<Page> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return { ok: response.ok, text: await response.text() };
  } catch {
    return { ok: false, text: '' };
  }
}

async function readyOf({
  name,
  httpUrl,
}: RunningService): Promise<{ name: string; isUp: boolean; body: unknown }> {
  const { ok, text } = await ask(`${httpUrl}/ready`);
  return { name, isUp: ok, body: text === '' ? { status: 'unreachable' } : JSON.parse(text) };
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

function portInUse(port: number, cause: Error): Error {
  const text = `Port ${port} is taken by another program; --host-port names another.`;
  return hostErrors.port_in_use(text, { port }, { cause });
}
