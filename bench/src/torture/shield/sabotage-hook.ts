/**
 * Loaded by `node --import` before a replica: takes one safeguard out of the built code, named by `?what=` of this
 * module's own URL. A torture run has to notice.
 */
import { registerHooks } from 'node:module';
import { SABOTAGES } from './sabotages.js';

const what = new URL(import.meta.url).searchParams.get('what') ?? '';
const sabotage = SABOTAGES[what];
if (sabotage === undefined)
  throw new Error(`"${what}" is not one of ${Object.keys(SABOTAGES).join(', ')}`);

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!url.endsWith(sabotage.file)) return loaded;
    let source = Buffer.from(loaded.source as Uint8Array).toString('utf8');
    for (const [code, instead] of sabotage.instead) {
      if (!source.includes(code)) throw new Error(`"${code}" is not in ${url}`);
      source = source.replace(code, instead);
    }
    return { ...loaded, source };
  },
});
