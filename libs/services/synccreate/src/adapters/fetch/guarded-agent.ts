import { guardedAgent, guardedLookup, type ResolveAll } from '@kiki/outbound';
import type { LookupFunction } from 'node:net';
import type { Agent } from 'undici';
import { errors } from '../../errors.js';

/** The lookup of the sockets that pictures come through. */
export function imageLookup(resolve?: ResolveAll): LookupFunction {
  return guardedLookup(refusal, resolve);
}

/** The agent that pictures of the open internet are loaded with. */
export function imageAgent(options: Omit<Parameters<typeof guardedAgent>[0], 'refusal'>): Agent {
  return guardedAgent({ ...options, refusal });
}

function refusal(hostname: string): Error {
  return errors.image_url_forbidden(`${hostname} is not an address of the open internet.`);
}
