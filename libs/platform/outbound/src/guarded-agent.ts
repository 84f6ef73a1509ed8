import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { isPublicAddress } from './address-policy.js';

/** Resolves a name to all of its addresses. */
export type ResolveAll = (
  hostname: string,
  answer: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

const resolveBySystem: ResolveAll = (hostname, answer) =>
  systemLookup(hostname, { all: true, verbatim: true }, answer);

/** Makes the error with which a name or an address that is not of the open internet is refused. */
export type Refusal = (hostname: string) => Error;

/**
 * The lookup of a guarded socket: the addresses that are checked here are the very ones that the socket
 * connects to, so that a name cannot point elsewhere between the check and the connection (DNS rebinding).
 * One bad address refuses the name.
 */
export function guardedLookup(
  refusal: Refusal,
  resolve: ResolveAll = resolveBySystem,
): LookupFunction {
  return (hostname, options, answer) => {
    resolve(hostname, (error, addresses) => {
      if (error) return answer(error, '', 0);
      const [first] = addresses;
      if (first === undefined || !addresses.every(({ address }) => isPublicAddress(address))) {
        return answer(refusal(hostname), '', 0);
      }
      if (options.all) answer(null, addresses);
      else answer(null, first.address, first.family);
    });
  };
}

/** How a guarded agent is made. */
export interface GuardedAgentOptions {
  /** The error of a refused address; it is a cause of what the request throws. */
  readonly refusal: Refusal;
  /** Time to connect, milliseconds. */
  readonly connectTimeoutMs: number;
  /** Largest answer, bytes. */
  readonly maxBytes: number;
  /** Most connections to one origin. @default 4 */
  readonly connections?: number;
  /** @default the system's resolver */
  readonly resolve?: ResolveAll;
  /** For tests of the guard itself with a certificate of their own. */
  readonly ca?: string;
}

/** An agent whose sockets reach the open internet only, also by a literal address. */
export function guardedAgent(options: GuardedAgentOptions): Agent {
  const { refusal } = options;
  const connect = buildConnector({
    lookup: guardedLookup(refusal, options.resolve),
    timeout: options.connectTimeoutMs,
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  });
  return new Agent({
    maxResponseSize: options.maxBytes,
    connections: options.connections ?? 4,
    connect: (target, done) => {
      // A socket asks no lookup for a literal address.
      const host = target.hostname.replace(/^\[|\]$/g, '');
      if (isIP(host) !== 0 && !isPublicAddress(host)) return done(refusal(host), null);
      connect(target, done);
    },
  });
}
