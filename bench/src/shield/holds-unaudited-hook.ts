/**
 * Loaded by `node --import` before the service: takes the audit records out of the built module that
 * writes them, so that what they cost can be measured. No setting of the product does this.
 */
import { registerHooks } from 'node:module';

const APPENDING = 'export async function appendAudit(tx, records) {';

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!url.endsWith('/syncshield/dist/adapters/postgres/audit-rows.js')) return loaded;
    const source = Buffer.from(loaded.source as Uint8Array).toString('utf8');
    if (!source.includes(APPENDING)) throw new Error(`"${APPENDING}" is not in ${url}`);
    return { ...loaded, source: source.replace(APPENDING, `${APPENDING} return;`) };
  },
});
