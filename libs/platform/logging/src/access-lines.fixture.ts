/** A process that logs so many requests, with a line of the ordinary log between them, and ends as it is told. */
import { setImmediate as turn } from 'node:timers/promises';
import { PinoLogger } from './pino-logger.js';

const [count, ending] = process.argv.slice(2);
const logger = PinoLogger.create({ fields: { service: 'spec' } });
for (let request = 1; request <= Number(count); request++) {
  logger.access('request', { request, path: '/v1/probe', status: 200 });
  if (request % 100 !== 0) continue;
  logger.info('a hundred more', { upTo: request });
  await turn();
}
if (ending === 'exit') process.exit(0);
if (ending === 'crash') throw new Error('on purpose');
