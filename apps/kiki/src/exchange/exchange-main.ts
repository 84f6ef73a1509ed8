import { SystemClock } from '@kiki/kernel';
import { ExchangeServer } from './exchange-server.js';
import type { ExchangeSettings } from './exchange-wire.js';

/** The process of the simulated exchange: told its settings over IPC, ends when whoever started it is gone. */
process.once('message', (settings: ExchangeSettings) => {
  const server = new ExchangeServer(settings, new SystemClock());
  const end = (): void => void server.stop().finally(() => process.exit(0));
  process.once('disconnect', end);
  process.once('SIGTERM', end);
  server.start().then(
    (url) => process.send?.({ url }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
// A Ctrl-C reaches the whole group; the demo decides when the exchange ends.
process.on('SIGINT', () => undefined);
