/** The five variant strategies, in the order in which `variants: n` takes them. */
export const STRATEGIES = [
  'control',
  'lifestyle',
  'abstract',
  'high_contrast',
  'data_led',
] as const;

/** Name of a variant strategy. */
export type Strategy = (typeof STRATEGIES)[number];
