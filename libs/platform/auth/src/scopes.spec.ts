// Goal: a scope lets in exactly what it says. Method: the whole table of levels and areas against a plain model.
import { describe, expect, it } from '@jest/globals';
import { hasScope, isGrantableScope, SCOPE_AREAS, scopesOfService, serviceOf } from './scopes.js';

const LEVELS = ['read', 'write', 'admin'];

describe('scopes', () => {
  it('write includes read, admin includes both, and areas are apart', () => {
    for (const area of SCOPE_AREAS) {
      for (const other of SCOPE_AREAS) {
        LEVELS.forEach((granted, grantedRank) =>
          LEVELS.forEach((required, requiredRank) => {
            const expected = area === other && grantedRank >= requiredRank;
            expect(hasScope([`${area}:${granted}`], `${other}:${required}`)).toBe(expected);
          }),
        );
      }
    }
  });

  it('* is everything of the tenant but what is granted by name only', () => {
    for (const area of SCOPE_AREAS) {
      expect(hasScope(['*'], `${area}:admin`)).toBe(area !== 'platform' && area !== 'privacy');
    }
    expect(hasScope(['*', 'platform:admin'], 'platform:write')).toBe(true);
  });

  it('an unknown required scope lets nobody in', () => {
    for (const required of ['', '*', 'shield', 'shield:own', 'service:syncflow']) {
      expect(hasScope(['*', 'shield:admin', 'service:syncflow', required], required)).toBe(false);
    }
  });

  it('only known scopes may be granted', () => {
    for (const scope of ['*', 'shield:write', 'platform:admin', 'service:syncflow']) {
      expect(isGrantableScope(scope)).toBe(true);
    }
    for (const scope of ['', 'shield:*', 'shield', 'Shield:read', 'service:other', 'service:']) {
      expect(isGrantableScope(scope)).toBe(false);
    }
  });

  it('a service gets what its job needs and no more', () => {
    expect(serviceOf(scopesOfService('syncflow'))).toBe('syncflow');
    expect(hasScope(scopesOfService('syncflow'), 'shield:write')).toBe(true);
    expect(hasScope(scopesOfService('syncflow'), 'engage:read')).toBe(false);
    expect(hasScope(scopesOfService('syncvalue'), 'shield:read')).toBe(false);
    expect(scopesOfService('nobody')).toEqual([]);
  });
});
