import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { DomainError } from '@kiki/kernel';
import {
  carrierOf,
  PUBLIC_ROUTE,
  REQUIRED_SCOPE,
  SIGNED_ROUTE,
  type PrincipalCarrier,
} from './decorators.js';
import { errors } from './errors.js';
import type { Authenticator, UrlSigner } from './ports.js';
import { TENANT_HEADER, type Principal } from './principal.js';
import type { LimitState, RateLimits } from './rate-limits.js';
import { hasScope } from './scopes.js';

/** Who may call a route, as its decorators say. */
export type RouteAccess =
  | { readonly kind: 'public' }
  | { readonly kind: 'signed'; readonly purpose: string }
  | { readonly kind: 'scope'; readonly scope: string }
  | { readonly kind: 'undeclared' };

// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- handlers and classes, as Nest hands them out
type Decorated = Function;

function declaredOn(target: Decorated): RouteAccess | undefined {
  const scope: unknown = Reflect.getMetadata(REQUIRED_SCOPE, target);
  const purpose: unknown = Reflect.getMetadata(SIGNED_ROUTE, target);
  // The stricter wins, should somebody write two.
  if (typeof scope === 'string') return { kind: 'scope', scope };
  if (typeof purpose === 'string') return { kind: 'signed', purpose };
  return Reflect.getMetadata(PUBLIC_ROUTE, target) === true ? { kind: 'public' } : undefined;
}

/** Who may call a handler: its own decorator, else its class's, else nobody. */
export function accessOf(handler: Decorated, controller: Decorated): RouteAccess {
  return declaredOn(handler) ?? declaredOn(controller) ?? { kind: 'undeclared' };
}

interface HttpRequest extends PrincipalCarrier {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly params?: unknown;
  readonly query?: unknown;
}

interface HttpReply {
  header(name: string, value: string | number): unknown;
}

/** The part of gRPC metadata that is read here. */
interface CallMetadata extends PrincipalCarrier {
  get(key: string): readonly (string | Uint8Array)[];
}

/** What the guard works with; without `limits` nothing is limited. */
export interface GuardOptions {
  readonly authenticator: Authenticator;
  readonly urlSigner: UrlSigner;
  readonly limits?: RateLimits;
}

/**
 * Lets a call through when its route is declared and the caller may: for HTTP (Fastify) and gRPC handlers alike. One
 * instance is installed per application by the host (`useGlobalGuards`, also for the connected gRPC server).
 */
export class KikiGuard implements CanActivate {
  private readonly access = new WeakMap<Decorated, WeakMap<Decorated, RouteAccess>>();

  constructor(private readonly options: GuardOptions) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const access = this.accessFor(context);
    switch (access.kind) {
      case 'public':
        return true;
      case 'signed':
        return this.checkToken(context, access.purpose);
      case 'scope':
        return this.checkKey(context, access.scope);
      case 'undeclared':
        throw errors.route_undeclared();
    }
  }

  private accessFor(context: ExecutionContext): RouteAccess {
    const [handler, controller] = [context.getHandler(), context.getClass()];
    let byController = this.access.get(handler);
    if (byController === undefined) this.access.set(handler, (byController = new WeakMap()));
    let access = byController.get(controller);
    if (access === undefined)
      byController.set(controller, (access = accessOf(handler, controller)));
    return access;
  }

  private checkToken(context: ExecutionContext, purpose: string): boolean {
    if (context.getType() === 'rpc') throw errors.token_invalid('gRPC has no signed routes.');
    const request = context.switchToHttp().getRequest<HttpRequest>();
    const token = tokenIn(request.params) ?? tokenIn(request.query);
    if (token === undefined) throw errors.token_invalid('The link carries no token.');
    const claim = this.options.urlSigner.verify(token, purpose);
    request.kikiClaim = claim;
    request.kikiPrincipal = { keyId: 'signed-url', tenant: claim.tenant, scopes: [] };
    return true;
  }

  private checkKey(context: ExecutionContext, scope: string): boolean | Promise<boolean> {
    const carrier = carrierOf(context);
    const isRpc = context.getType() === 'rpc';
    const header = isRpc ? metadataReader(carrier) : headerReader(carrier);
    const reply = isRpc ? undefined : context.getArgByIndex<HttpReply>(1);
    try {
      const credentials = credentialsOf(header('authorization'));
      const tenant = header(TENANT_HEADER);
      const known =
        credentials === undefined
          ? undefined
          : this.options.authenticator.peek(credentials, tenant);
      if (known !== undefined) return this.letIn(carrier, known, scope, reply);
      return this.options.authenticator.authenticate(credentials, tenant).then(
        (principal) => this.letIn(carrier, principal, scope, reply),
        (error: unknown) => refuse(error, reply),
      );
    } catch (error) {
      return refuse(error, reply);
    }
  }

  private letIn(
    carrier: PrincipalCarrier,
    principal: Principal,
    scope: string,
    reply: HttpReply | undefined,
  ): boolean | Promise<boolean> {
    if (!hasScope(principal.scopes, scope)) {
      throw errors.scope_missing(`This route asks for the scope ${scope}.`, {
        requiredScope: scope,
      });
    }
    carrier.kikiPrincipal = principal;
    if (this.options.limits === undefined || principal.service !== undefined) return true;
    return this.options.limits.take(principal).then(
      (state) => showLimits(state, reply),
      (error: unknown) => refuse(error, reply),
    );
  }
}

function showLimits(state: LimitState | undefined, reply: HttpReply | undefined): true {
  if (state === undefined || reply === undefined) return true;
  reply.header('ratelimit-limit', state.limit.burst);
  reply.header('ratelimit-remaining', state.remaining);
  reply.header('ratelimit-reset', state.resetSeconds);
  return true;
}

/** Adds the headers that belong to a refusal; the problem document itself is the filter's. */
function refuse(error: unknown, reply: HttpReply | undefined): never {
  if (DomainError.is(error) && reply !== undefined) {
    if (error.kind === 'unauthenticated') reply.header('www-authenticate', 'Bearer realm="kiki"');
    const { retryAfterMs } = error.details;
    if (retryAfterMs !== undefined) reply.header('retry-after', Math.ceil(retryAfterMs / 1_000));
  }
  throw error;
}

function headerReader(carrier: PrincipalCarrier): (name: string) => string | undefined {
  const { headers } = carrier as HttpRequest;
  return (name) => {
    const value = headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
}

function metadataReader(carrier: PrincipalCarrier): (name: string) => string | undefined {
  const metadata = carrier as CallMetadata;
  return (name) => metadata.get(name)[0]?.toString();
}

function tokenIn(parameters: unknown): string | undefined {
  const token = (parameters as { token?: unknown } | null | undefined)?.token;
  return typeof token === 'string' ? token : undefined;
}

/** `Bearer <key>`, or `Basic` with the key as user name, as Segment's clients send their write key. */
function credentialsOf(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (header.startsWith('Bearer ')) return header.slice(7).trim();
  // What is left of `Authorization: Bearer $KEY` when the variable is not set.
  if (/^(bearer)?\s*$/i.test(header)) return undefined;
  const space = header.indexOf(' ');
  const scheme = header.slice(0, space).toLowerCase();
  const value = header.slice(space + 1).trim();
  if (scheme === 'bearer') return value;
  if (scheme !== 'basic') {
    throw errors.key_malformed('Send the key as `Authorization: Bearer kiki_…`.');
  }
  const [user = ''] = Buffer.from(value, 'base64').toString('utf8').split(':', 1);
  return user;
}
