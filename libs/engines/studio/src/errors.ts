import { defineErrors } from '@kiki/kernel';

/** Codes of the studio. */
export const errors = defineErrors({
  color_invalid: {
    kind: 'invalid',
    title: 'The colour cannot be read.',
    fix: 'Send a colour as `#rrggbb`, e.g. `#3b82f6`.',
  },
  font_invalid: {
    kind: 'internal',
    title: 'A font file cannot be read.',
    fix: 'Reinstall KIKI; the font files are part of the installation.',
  },
  text_not_renderable: {
    kind: 'unprocessable',
    title: 'A text has characters that no installed font can draw.',
    fix: 'Remove the characters named in `fields`; Latin, Greek, Cyrillic and Vietnamese can be drawn.',
  },
  claim_number_unsupported: {
    kind: 'unprocessable',
    title: 'A claim names a number that the request does not contain.',
    fix: 'Put the number into the product name, `usp` or `features`, or leave it out of the claim.',
  },
  text_does_not_fit: {
    kind: 'unprocessable',
    title: 'A text cannot be set in this format even at the smallest legible size.',
    fix: 'Shorten the text named in `fields`.',
  },
});
