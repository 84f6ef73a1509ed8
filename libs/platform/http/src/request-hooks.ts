import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { withRequestContext, type PinoLogger } from '@kiki/logging';
import type { HttpRed } from '@kiki/metrics';
import type { InFlight } from './in-flight.js';

/** Sent with every answer; a page of ours overrides the policy. Constants: a library would compute them per request. */
const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

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
    raw.on('close', () => inFlight.leave(reply));
    if (inFlight.isDraining) raw.shouldKeepAlive = false;
    // Not on the raw answer, whose slower path they would force.
    reply.headers(SECURITY_HEADERS);
    reply.header('x-request-id', request.id);
    done();
  });
  // Not earlier: the context does not survive the events of the body's stream.
  fastify.addHook('preValidation', (request, _reply, done) => {
    withRequestContext({ requestId: request.id }, done);
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    observe(request, reply, options);
    done();
  });
}

function observe(request: FastifyRequest, reply: FastifyReply, options: RequestHooksOptions): void {
  const seconds = reply.elapsedTime / 1000;
  const route = request.is404 ? 'none' : (request.routeOptions.url ?? 'none');
  options.red.observe(request.method, route, reply.statusCode, seconds);
  options.accessLog?.access('request', {
    requestId: request.id,
    method: request.method,
    route,
    status: reply.statusCode,
    durationMs: Math.round(reply.elapsedTime * 1000) / 1000,
  });
}
