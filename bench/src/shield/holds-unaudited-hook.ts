/**
 * Loaded by `node --import` before the service: takes the audit records out of the built module that
 * packs them, so that what they cost can be measured. No setting of the product does this.
 */
import { registerHooks } from 'node:module';

const PACKING = 'export function packedRecords(records) {';

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!url.endsWith('/syncshield/dist/adapters/postgres/audit-rows.js')) return loaded;
    const source = Buffer.from(loaded.source as Uint8Array).toString('utf8');
    if (!source.includes(PACKING)) throw new Error(`"${PACKING}" is not in ${url}`);
    return { ...loaded, source: source.replace(PACKING, `${PACKING} records = [];`) };
  },
});
