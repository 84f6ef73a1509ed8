export {
  derivedServiceKey,
  digestOf,
  newApiKey,
  parseApiKey,
  signingKeyOf,
  type ApiKeyParts,
} from './api-key.js';
export type {
  CreateKeyInput,
  KeyInfo,
  LiveChannelInfo,
  NewKey,
  TenantInfo,
} from './admin-records.js';
export * from './auth.js';
export * from './auth-admin.js';
export * from './decorators.js';
export { errors as authErrors } from './errors.js';
export { accessOf, KikiGuard, type GuardOptions, type RouteAccess } from './kiki-guard.js';
export { signPayload } from './payload-signer.js';
export * from './ports.js';
export * from './principal.js';
export { DEFAULT_LIMITS, RateLimits, type DefaultLimits, type LimitState } from './rate-limits.js';
export { hasScope, isGrantableScope, scopesOfService, SCOPE_AREAS } from './scopes.js';
