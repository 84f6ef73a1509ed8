import type { Scope, ScopeArea } from './principal.js';

/** The areas of the platform, as scopes name them. */
export const SCOPE_AREAS: readonly ScopeArea[] = [
  'value',
  'shield',
  'flow',
  'create',
  'engage',
  'privacy',
  'platform',
];

const LEVELS = ['read', 'write', 'admin'] as const;
const SERVICE_SCOPE = /^service:(syncvalue|syncshield|syncflow|synccreate|syncengage|kiki)$/;

/** Granted by name only: the operator's, and what SyncShield asks of the others for a data subject. */
const BY_NAME_ONLY: ReadonlySet<ScopeArea> = new Set(['platform', 'privacy']);

/** What satisfies each scope: `write` includes `read`, `admin` both, `*` everything but those by name. */
const satisfiedBy = new Map<string, ReadonlySet<string>>(
  SCOPE_AREAS.flatMap((area) =>
    LEVELS.map((level, rank): [string, ReadonlySet<string>] => [
      `${area}:${level}`,
      new Set([
        ...LEVELS.slice(rank).map((higher) => `${area}:${higher}`),
        ...(BY_NAME_ONLY.has(area) ? [] : ['*']),
      ]),
    ]),
  ),
);

/** Whether granted scopes satisfy a required one; an unknown required scope satisfies nobody. */
export function hasScope(granted: readonly string[], required: string): boolean {
  const accepted = satisfiedBy.get(required);
  if (accepted === undefined) return false;
  // Runs for each request: no closure.
  for (const scope of granted) if (accepted.has(scope)) return true;
  return false;
}

/** Whether a text may be granted to a key: `*`, `<area>:<level>` or `service:<name>`. */
export function isGrantableScope(text: string): text is Scope | '*' | `service:${string}` {
  return text === '*' || satisfiedBy.has(text) || SERVICE_SCOPE.test(text);
}

/** The service that a scope list speaks for, if any. */
export function serviceOf(scopes: readonly string[]): string | undefined {
  return scopes.map((scope) => SERVICE_SCOPE.exec(scope)?.[1]).find((name) => name !== undefined);
}

/**
 * What each service may do at the others, by its own key: no more than its job needs.
 * `kiki` is the operator on the machine itself (command line), who can read the root secret anyway.
 */
const serviceGrants: Readonly<Record<string, readonly string[]>> = {
  syncvalue: ['value:write'],
  syncshield: [
    'shield:write',
    'value:read',
    'flow:read',
    'create:read',
    'engage:read',
    'privacy:write',
  ],
  syncflow: ['flow:write', 'value:read', 'shield:write'],
  synccreate: ['create:write', 'shield:write'],
  syncengage: ['engage:write', 'value:write', 'shield:write'],
  kiki: ['*', 'platform:admin'],
};

/** The scopes of a service's key, its `service:<name>` first; empty for an unknown service. */
export function scopesOfService(service: string): readonly string[] {
  const grants = serviceGrants[service];
  return grants === undefined ? [] : [`service:${service}`, ...grants];
}
