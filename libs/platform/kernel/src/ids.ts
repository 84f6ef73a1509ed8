import type { Clock } from './clock.js';
import type { Random } from './random.js';

/** A UUID of version 7 (RFC 9562 §5.7): sorts by creation time, 74 random bits. */
export function uuidv7(clock: Clock, random: Random): string {
  const bytes = random.bytes(16);
  const nowMs = clock.nowMs();
  for (let i = 0; i < 6; i++) bytes[i] = Math.floor(nowMs / 2 ** (8 * (5 - i))) % 256;
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Longest customer, campaign, budget or opportunity id, in characters. */
export const MAX_ID_LENGTH = 128;

/** The tenant of an installation that has only one. */
export const DEFAULT_TENANT = 'default';
