/**
 * Loaded by `node --import` before SyncValue: takes the transaction away from around a chunk, so that each of its
 * statements commits by itself. A torture run has to notice.
 */
import { registerHooks } from 'node:module';

const WHOLE = 'return this.database.transaction(async (tx) => {';
const PIECEMEAL = 'return ((work) => work(this.database))(async (tx) => {';

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!url.endsWith('/syncvalue/dist/adapters/postgres/postgres-ledger.js')) return loaded;
    const source = Buffer.from(loaded.source as Uint8Array).toString('utf8');
    if (!source.includes(WHOLE)) throw new Error(`"${WHOLE}" is not in ${url}`);
    return { ...loaded, source: source.replace(WHOLE, PIECEMEAL) };
  },
});
