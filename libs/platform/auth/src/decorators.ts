import {
  applyDecorators,
  createParamDecorator,
  SetMetadata,
  type ExecutionContext,
} from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import { errors } from './errors.js';
import type { SignedClaim } from './ports.js';
import type { Principal, Scope } from './principal.js';

/** Metadata keys that the guard reads. */
export const REQUIRED_SCOPE = 'kiki:required-scope';
export const PUBLIC_ROUTE = 'kiki:public-route';
export const SIGNED_ROUTE = 'kiki:signed-route';

/** Extensions of an OpenAPI operation that say who may call it; the route matrix reads them. */
export const SCOPE_EXTENSION = 'x-kiki-scope';
export const ACCESS_EXTENSION = 'x-kiki-access';

/** The scope a route (HTTP or gRPC) asks for. A route with none of the three decorators is refused to everyone. */
export const RequireScope = (scope: Scope): MethodDecorator & ClassDecorator =>
  applyDecorators(SetMetadata(REQUIRED_SCOPE, scope), ApiExtension(SCOPE_EXTENSION, scope));

/** Open to everyone: only health, readiness and metrics. */
export const PublicRoute = (): MethodDecorator & ClassDecorator =>
  applyDecorators(SetMetadata(PUBLIC_ROUTE, true), ApiExtension(ACCESS_EXTENSION, 'public'));

/**
 * Reached by a URL that carries an HMAC token with tenant, purpose and expiry (unsubscribe, notices, assets): the
 * path or query parameter `token`. The handler's caller has the token's tenant and no scopes.
 */
export const SignedRoute = (purpose: string): MethodDecorator & ClassDecorator =>
  applyDecorators(SetMetadata(SIGNED_ROUTE, purpose), ApiExtension(ACCESS_EXTENSION, 'signed'));

/** What the guard writes on the HTTP request or the gRPC metadata. */
export interface PrincipalCarrier {
  kikiPrincipal?: Principal;
  kikiClaim?: SignedClaim;
}

/**
 * The object that carries the caller: the HTTP request, or the gRPC call's metadata. Nest hands a unary or Rx-stream
 * handler (data, metadata, call) and a call-stream handler (call, callback).
 */
export function carrierOf(context: ExecutionContext): PrincipalCarrier {
  if (context.getType() !== 'rpc') return context.getArgByIndex<PrincipalCarrier>(0);
  const [data, second] = context.getArgs<unknown[]>();
  if (typeof second === 'object' && second !== null) return second;
  return (data as { metadata: PrincipalCarrier }).metadata;
}

/** Finds the principal that the guard attached to the HTTP request or the gRPC metadata. */
export function principalOf(context: ExecutionContext): Principal | undefined {
  return carrierOf(context).kikiPrincipal;
}

function requiredPrincipal(context: ExecutionContext): Principal {
  const principal = principalOf(context);
  if (principal === undefined) throw errors.route_undeclared('The route has no caller.');
  return principal;
}

/** Parameter decorator: the caller. */
export const CurrentPrincipal = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  requiredPrincipal(context),
);

/** Parameter decorator: the caller's tenant, the only place a handler may take it from. */
export const Tenant = createParamDecorator(
  (_data: unknown, context: ExecutionContext) => requiredPrincipal(context).tenant,
);

/** Parameter decorator: the verified claim of a signed route. */
export const CurrentClaim = createParamDecorator((_data: unknown, context: ExecutionContext) => {
  const claim = carrierOf(context).kikiClaim;
  if (claim === undefined) throw errors.token_invalid('The route has no signed claim.');
  return claim;
});
