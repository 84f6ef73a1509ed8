/**
 * Loaded by `node --import` before the host: takes the wait for COMMIT out of the built database module,
 * so that an answer may leave before the store has it. A torture run has to notice.
 */
import { registerHooks } from 'node:module';

const AWAITED = 'await commit(client);';

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!url.endsWith('/platform/postgres/dist/postgres-database.js')) return loaded;
    const source = Buffer.from(loaded.source as Uint8Array).toString('utf8');
    if (!source.includes(AWAITED)) throw new Error(`"${AWAITED}" is not in ${url}`);
    return { ...loaded, source: source.replace(AWAITED, 'commit(client).catch(() => undefined);') };
  },
});
