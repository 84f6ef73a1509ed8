import { createServer, type AddressInfo, type Server } from 'node:net';
import type { PeerName } from '@kiki/auth';
import { errors } from './errors.js';
import type { ServiceSettings } from './settings.js';

/** A port that is kept until the service that it is meant for takes it over. */
export interface ReservedPort {
  readonly port: number;
  /** Gives it up; whoever listens next gets it. */
  release(): Promise<void>;
}

/** The ports of one service. */
export interface ServicePorts {
  readonly http: ReservedPort;
  readonly grpc?: ReservedPort;
}

/**
 * Places behind `--port-base`: the addresses of the API in the order of the default ports, then SyncValue's
 * health. They do not depend on which services a process starts, so that five processes with the same base find
 * each other.
 */
const PLACES: Readonly<Record<PeerName, { readonly http: number; readonly grpc?: number }>> = {
  syncvalue: { grpc: 0, http: 5 },
  syncshield: { http: 1 },
  syncflow: { http: 2 },
  syncengage: { http: 3 },
  synccreate: { http: 4 },
};

/** The port of a peer's API behind a base. */
export function portBehind(base: number, service: PeerName): number {
  const { http, grpc } = PLACES[service];
  return base + (grpc ?? http);
}

/**
 * Takes every port before anything is built: all services know each other's addresses, and one that is taken is found
 * before a store is opened.
 * @param portBase N: N, N+1, …; 0: free ones; undefined: as configured
 * @throws port_in_use, address_unusable
 */
export async function planPorts(
  { definition, endpoint }: ServiceSettings,
  portBase: number | undefined,
  host: string,
): Promise<ServicePorts> {
  const place = PLACES[definition.name];
  const wanted = (offset: number | undefined, configured: number): number => {
    if (portBase === undefined) return configured;
    return portBase === 0 || offset === undefined ? 0 : portBase + offset;
  };
  const prefix = definition.name.toUpperCase();
  const reserved = (port: number, variable: string): Promise<ReservedPort> =>
    reserve(port, host).catch((error: unknown) => {
      throw portFault(error, { port, host, variable });
    });
  const http = await reserved(wanted(place.http, endpoint.httpPort), `${prefix}_HTTP_PORT`);
  const { grpc } = definition.endpoints;
  if (grpc === undefined) return { http };
  const grpcPort = wanted(place.grpc, endpoint.grpcPort ?? grpc.port);
  try {
    return { http, grpc: await reserved(grpcPort, `${prefix}_GRPC_PORT`) };
  } catch (error) {
    await http.release();
    throw error;
  }
}

/** The address at which a process on this machine reaches a server that listens on `host`. */
export function reachable(host: string, port: number): string {
  if (host === '0.0.0.0') return `127.0.0.1:${port}`;
  if (host === '::') return `[::1]:${port}`;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** What was to be listened on, and which variable says so. */
export interface ListenPlace {
  readonly port: number;
  readonly host: string;
  readonly variable: string;
}

/** Says what is wrong with a place to listen on, and how to choose another. */
export function portFault(error: unknown, { port, host, variable }: ListenPlace): unknown {
  const { code, message = '' } = error as { code?: unknown; message?: string };
  // grpc-js wraps the system's error into a message.
  const cause = /EADDRINUSE|EADDRNOTAVAIL|EACCES|ENOTFOUND/.exec(`${String(code)} ${message}`)?.[0];
  if (cause === undefined) return error;
  if (cause !== 'EADDRINUSE') {
    const text = `${host}, port ${port}, cannot be listened on (${cause}).`;
    return errors.address_unusable(text, { port, variable }, { cause: error });
  }
  const text = `Port ${port} is taken by another program; ${variable} names another.`;
  return errors.port_in_use(text, { port, variable }, { cause: error });
}

/** Listens, so that nobody else gets the port; whoever knocks already is sent away. */
async function reserve(port: number, host: string): Promise<ReservedPort> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host }, resolve);
  });
  server.unref();
  return { port: (server.address() as AddressInfo).port, release: () => closed(server) };
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) return resolve();
    server.close(() => resolve());
  });
}
