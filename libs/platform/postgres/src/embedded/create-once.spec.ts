/** Goal: of all who race for a file one complete text wins. Method: lose the race on purpose, inside `make`. */
import { afterAll, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOnce } from './create-once.js';

const folder = mkdtempSync(join(tmpdir(), 'kiki-once-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('writes once, for the current user only, and reads ever after', () => {
  const path = join(folder, 'first');
  expect(createOnce(path, () => 'one')).toBe('one');
  expect(createOnce(path, () => 'two')).toBe('one');
  if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
});

it('takes the text of whoever was faster, and leaves no draft', () => {
  const path = join(folder, 'raced');
  const slow = createOnce(path, () => {
    createOnce(path, () => 'fast');
    return 'slow';
  });
  expect(slow).toBe('fast');
  expect(readdirSync(folder).sort()).toEqual(['first', 'raced']);
});

it('fails when the folder cannot be written', () => {
  expect(() => createOnce(join(folder, 'nowhere', 'file'), () => 'x')).toThrow('ENOENT');
});
