import { SystemClock } from '@kiki/kernel';
import { ExchangeServer } from './exchange-server.js';
import type { ExchangeSettings } from './exchange-wire.js';

/** The process of the simulated exchange: is told its market over IPC, ends when whoever started it is gone. */
const server = new ExchangeServer(new SystemClock());
const end = (): void => void server.stop().finally(() => process.exit(0));
process.once('disconnect', end);
process.once('SIGTERM', end);
// A Ctrl-C reaches the whole group; the demo decides when the exchange ends.
process.on('SIGINT', () => undefined);
process.on('message', (message: { readonly market?: ExchangeSettings }) => {
  try {
    if (message.market !== undefined) server.open(message.market);
    process.send?.({ isOpen: message.market !== undefined, url });
  } catch (error) {
    process.send?.({ error: String(error) });
  }
});
let url = '';
server.start(Number(process.argv[2] ?? 0)).then(
  (listening) => process.send?.({ url: (url = listening) }),
  (error: unknown) => {
    process.send?.({ error: error instanceof Error ? error.message : String(error) });
    process.exit(1);
  },
);
