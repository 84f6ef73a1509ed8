// Goal: a template says what its owner wrote with values filled in, and values are never more than
// text.
// Method: table; injection by property.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { renderLine, renderTemplate, unknownPlaceholders } from './template.js';

const values = {
  customerId: 'c1',
  offer: '10 % off',
  unsubscribeUrl: 'https://x.test/u/t',
  traits: { firstName: 'Ann', age: 7, nested: { a: 1 } },
};

describe('templates', () => {
  it.each([
    ['Hello {{traits.firstName|friend}}', 'Hello Ann'],
    ['Hello {{ traits.lastName | friend }}', 'Hello friend'],
    ['{{traits.nested|}}{{traits.age}}', '7'],
    ['{{offer}} for {{customerId}}', '10 % off for c1'],
    ['{{traits.toString|none}} {{traits.constructor|none}}', 'none none'],
    ['no { placeholder }', 'no { placeholder }'],
  ])('%j', (template, expected) => {
    expect(renderTemplate(template, values)).toBe(expected);
    expect(unknownPlaceholders(template)).toEqual([]);
  });

  it('names placeholders that nothing fills', () => {
    expect(unknownPlaceholders('{{offer}} {{ofer}} {{traits.}} {{email}}')).toEqual([
      '{{ofer}}',
      '{{traits.}}',
      '{{email}}',
    ]);
  });

  it('reads no template out of a value, and keeps header lines in one line', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const traits = { firstName: `${text}{{customerId}}\r\nBcc: all@x.test` };
        const rendered = renderTemplate('{{traits.firstName}}', { ...values, traits });
        expect(rendered).toContain('{{customerId}}');
        expect(renderLine('{{traits.firstName}}', { ...values, traits })).not.toMatch(/[\r\n\0]/);
      }),
    );
  });
});
