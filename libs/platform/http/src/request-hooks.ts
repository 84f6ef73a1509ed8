import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { withRequestContext, type PinoLogger } from '@kiki/logging';
import type { HttpRed } from '@kiki/metrics';
import type { InFlight } from './in-flight.js';

/**
 * Sent with every answer; a page of ours overrides the policy, and adds what only documents need
 * (`Referrer-Policy`). Constants: a library would compute them per request; each costs about 1 µs of it.
 */
const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** RFC 6797 §7.2: not over plain HTTP, where browsers ignore it. */
const STRICT_TRANSPORT_SECURITY = 'max-age=31536000; includeSubDomains';

/** What the hooks write to. */
export interface RequestHooksOptions {
  readonly red: HttpRed;
  /** Set: one line per request. */
  readonly accessLog?: PinoLogger;
}

/** Request id out, security headers, log context, metrics, access log, and `connection: close` while draining. */
export function installRequestHooks(
  fastify: FastifyInstance,
  inFlight: InFlight,
  options: RequestHooksOptions,
): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    const { raw } = reply;
    inFlight.enter(reply);
    // Also when the caller went away before the answer, which `onResponse` would not see.
    raw.on('close', () => {
      inFlight.leave(reply);
      observe(request, reply, options);
    });
    if (inFlight.isDraining) raw.shouldKeepAlive = false;
    // Not on the raw answer, whose slower path they would force.
    reply.headers(SECURITY_HEADERS);
    reply.header('x-request-id', request.id);
    if (request.protocol === 'https') {
      reply.header('strict-transport-security', STRICT_TRANSPORT_SECURITY);
    }
    done();
  });
  // Not earlier: the context does not survive the events of the body's stream.
  fastify.addHook('preValidation', (request, _reply, done) => {
    withRequestContext({ requestId: request.id }, done);
  });
}

/** What proxies write when the caller went away without waiting for the answer. */
const CLIENT_CLOSED_REQUEST = 499;

function observe(request: FastifyRequest, reply: FastifyReply, options: RequestHooksOptions): void {
  const milliseconds = reply.elapsedTime;
  const route = request.is404 ? 'none' : (request.routeOptions.url ?? 'none');
  const status = reply.raw.headersSent ? reply.statusCode : CLIENT_CLOSED_REQUEST;
  options.red.observe(request.method, route, status, milliseconds / 1000);
  options.accessLog?.access('request', {
    requestId: request.id,
    method: request.method,
    route,
    status,
    durationMs: Math.round(milliseconds * 1000) / 1000,
  });
}
