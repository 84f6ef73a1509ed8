/** The callers, in a process of their own: takes orders from its parent one after the other. */
import { callHolds, type HoldsOrder } from './holds-load.js';

process.on('message', (order: HoldsOrder) => {
  void callHolds(order).then(
    (report) => process.send?.(report),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.send?.({ url: 'ready' });
