import type { CreativeBrief } from './brief.js';
import type { Measurer } from './text/measure.js';

/** Every character of the Basic Multilingual Plane's first part is 0.56 em wide; others are missing. */
export const evenMeasurer: Measurer = {
  width: (text, { sizePx, tracking = 0 }) => [...text].length * (0.56 + tracking) * sizePx,
  missing: (text) => [...new Set([...text].filter((c) => (c.codePointAt(0) ?? 0) > 0x2fff))],
};

/** A complete brief. */
export const mug: CreativeBrief = {
  product: {
    name: 'Travel Mug',
    features: ['Leak-proof lid', 'Fits every cup holder', 'Keeps coffee hot for 12 hours'],
    usp: 'Hot coffee for 12 hours',
    category: 'kitchen',
  },
  brand: { name: 'Nordkaffe', colors: ['#3b82f6'], tone: 'warm' },
  seed: 7,
};
