/** Goal: what was opened is closed, whatever happens. Method: steps that work and one that does not. */
import { expect, it } from '@jest/globals';
import { Teardown } from './teardown.js';

it('closes in reverse, once, and goes on after a fault', async () => {
  const seen: unknown[] = [];
  const teardown = new Teardown((error) => seen.push(error));
  const fault = new Error('stuck');
  teardown.add(async () => seen.push('first'));
  teardown.add(() => Promise.reject(fault));
  teardown.add(async () => seen.push('last'));
  await teardown.run();
  await teardown.run();
  expect(seen).toEqual(['last', fault, 'first']);
});
