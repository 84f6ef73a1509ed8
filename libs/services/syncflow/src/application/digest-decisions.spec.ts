/** Goal: a digest is current, and free while nothing was decided. Method: a list in memory that counts its reads. */
import { describe, expect, it } from '@jest/globals';
import { decisionsDigest, type DigestLine } from '../domain/decision.js';
import type { Decisions } from './decisions.js';
import { DigestDecisions } from './digest-decisions.js';

describe('DigestDecisions', () => {
  it('reads the decisions again only when there are more, and keeps tenants and campaigns apart', async () => {
    const lines = new Map<string, DigestLine[]>();
    const reads: string[] = [];
    const of = (tenant: string, campaignId: string) => lines.get(`${tenant}/${campaignId}`) ?? [];
    const decisions = {
      count: (tenant: string, campaignId: string) => Promise.resolve(of(tenant, campaignId).length),
      digestLines: (tenant: string, campaignId: string) => {
        reads.push(`${tenant}/${campaignId}`);
        return Promise.resolve([...of(tenant, campaignId)]);
      },
    };
    const digests = new DigestDecisions(decisions as unknown as Decisions);
    const line = { opportunityId: 'o1', valueMicros: 1n, priceMicros: 2n, reason: 'bid' };
    lines.set('a/x', [line]);
    const first = await digests.execute('a', 'x');
    expect(first).toEqual({ decisions: 1, decisionsDigest: decisionsDigest([line]) });
    expect(await digests.execute('a', 'x')).toEqual(first);
    lines.set('a/x', [line, { ...line, opportunityId: 'o2' }]);
    expect((await digests.execute('a', 'x')).decisions).toBe(2);
    expect((await digests.execute('b', 'x')).decisions).toBe(0);
    expect((await digests.execute('a', 'y')).decisions).toBe(0);
    expect(reads).toEqual(['a/x', 'a/x', 'b/x', 'a/y']);
  });
});
