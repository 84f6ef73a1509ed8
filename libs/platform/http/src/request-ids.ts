import type { IncomingMessage } from 'node:http';
import { SystemRandom } from '@kiki/kernel';

const ACCEPTED = /^[A-Za-z0-9._~:+/=-]{1,128}$/;

/** Takes `x-request-id` when it is a plain token, else counts on from a random prefix: unique and cheap. */
export function requestIds(): (request: IncomingMessage) => string {
  const prefix = Buffer.from(new SystemRandom().bytes(6)).toString('base64url');
  let counter = 0;
  return (request) => {
    const given = request.headers['x-request-id'];
    if (typeof given === 'string' && ACCEPTED.test(given)) return given;
    counter += 1;
    return `${prefix}-${counter.toString(36)}`;
  };
}
