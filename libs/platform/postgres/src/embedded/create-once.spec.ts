/** Goal: of all who race for a file one complete text wins. Method: lose the race on purpose, inside `make`. */
import { afterAll, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
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

it('removes the drafts of processes that were killed, and no other file', () => {
  const path = join(folder, 'left');
  const draft = `${path}.${randomUUID()}`;
  const others = [`${path}.bak`, `${path}2.${randomUUID()}`];
  for (const file of [draft, ...others]) writeFileSync(file, 'a draft');
  expect(createOnce(path, () => 'one')).toBe('one');
  expect(existsSync(draft)).toBe(false);
  writeFileSync(draft, 'one');
  expect(createOnce(path, () => 'two')).toBe('one');
  expect(existsSync(draft)).toBe(false);
  for (const other of others) expect(existsSync(other)).toBe(true);
});

it('fails when the folder cannot be written', () => {
  expect(() => createOnce(join(folder, 'nowhere', 'file'), () => 'x')).toThrow('ENOENT');
});
