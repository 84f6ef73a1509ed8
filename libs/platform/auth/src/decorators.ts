import { createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';
import type { Principal, Scope } from './principal.js';

/** Metadata keys that the guard reads. */
export const REQUIRED_SCOPE = 'kiki:required-scope';
export const PUBLIC_ROUTE = 'kiki:public-route';
export const SIGNED_ROUTE = 'kiki:signed-route';

/** The scope a route (HTTP or gRPC) asks for. A route with none of the three decorators is refused to everyone. */
export const RequireScope = (scope: Scope): MethodDecorator & ClassDecorator =>
  SetMetadata(REQUIRED_SCOPE, scope);

/** Open to everyone: only health, readiness and metrics. */
export const PublicRoute = (): MethodDecorator & ClassDecorator => SetMetadata(PUBLIC_ROUTE, true);

/** Reached by a URL that carries an HMAC token with tenant, purpose and expiry (unsubscribe, notices, assets). */
export const SignedRoute = (purpose: string): MethodDecorator & ClassDecorator =>
  SetMetadata(SIGNED_ROUTE, purpose);

/** Finds the principal that the guard attached to the HTTP request or the gRPC metadata. */
export function principalOf(context: ExecutionContext): Principal | undefined {
  const carrier: unknown =
    context.getType() === 'rpc'
      ? context.switchToRpc().getContext()
      : context.switchToHttp().getRequest();
  return (carrier as { kikiPrincipal?: Principal } | undefined)?.kikiPrincipal;
}

/** Parameter decorator: the caller. */
export const CurrentPrincipal = createParamDecorator(
  (_data: unknown, context: ExecutionContext) => principalOf(context),
);

/** Parameter decorator: the caller's tenant, the only place a handler may take it from. */
export const Tenant = createParamDecorator(
  (_data: unknown, context: ExecutionContext) => principalOf(context)?.tenant,
);
