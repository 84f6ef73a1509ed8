/**
 * Goal: the page is complete in itself and nothing that was stored can become markup.
 * Method: a report whose every text is an attack, parsed by what a browser would look for.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ReportBody } from './compliance-answers.js';
import { compliancePage, escaped } from './compliance.page.js';

const reportOf = (text: string): ReportBody => ({
  ...{ tenant: text, from: text, to: text, generatedAt: text, checkpoint: text },
  requests: [
    {
      ...{ kind: text, regime: text, received: 2, completed: 1, rejected: 0, cancelled: 0 },
      ...{ open: 1, late: 1, medianSeconds: 1.5, longestSeconds: null },
    },
  ],
  consents: [{ name: text, count: 1 }],
  denials: [{ name: text, count: 1 }],
  retention: [{ category: text, runs: 1, rows: 1 }],
  breaches: { opened: 1, closed: 0, open: 1 },
  killSwitches: { set: 0, lifted: 0, active: 0 },
  legalHolds: { placed: 0, released: 0, active: 0 },
  retentionRules: [{ category: text, keepDays: 1, what: text }],
  processing: [
    {
      ...{ service: text, isReachable: true },
      stores: [
        {
          ...{ store: text, subjects: text, categories: [text, text], purpose: text },
          ...{ basis: text, retention: text, onErase: text },
        },
      ],
    },
    { service: 'synccreate', isReachable: false, stores: [] },
  ],
});

describe('the compliance page', () => {
  it('lets no stored text become markup', () => {
    const plain = compliancePage(reportOf('x'));
    const tagsOf = (page: string): string[] => page.match(/<[^>]*>/g) ?? [];
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'<>"\'&/ascript=x\u2028') }), (text) => {
        expect(tagsOf(compliancePage(reportOf(text)))).toEqual(tagsOf(plain));
      }),
    );
    expect(escaped(`<img src="x" onerror='y'>&`)).toBe(
      '&lt;img src=&quot;x&quot; onerror=&#39;y&#39;&gt;&amp;',
    );
  });

  it('needs nothing from elsewhere and says what is late and who did not answer', () => {
    const page = compliancePage(reportOf('x'));
    expect(page).not.toMatch(/<script|<link|<img|https?:|url\(|@import/);
    expect(page).toContain('1 requests beyond their deadline');
    expect(page).toContain('The service did not answer.');
    expect(page).toContain('Art. 30');
  });
});
