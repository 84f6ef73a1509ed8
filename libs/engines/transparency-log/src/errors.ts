import { defineErrors } from '@kiki/kernel';

/** Codes of the transparency log. */
export const errors = defineErrors({
  tree_range_invalid: {
    kind: 'invalid',
    title: 'There is no proof for these numbers.',
    fix: 'Ask within the size of the tree; `fields` says what was expected.',
  },
  tile_missing: {
    kind: 'unprocessable',
    title: 'A tile of the Merkle tree is missing or too short.',
    fix: 'Restore the tiles from a backup and compare with an anchored checkpoint.',
  },
  note_invalid: {
    kind: 'invalid',
    title: 'The text is not a signed note or not a checkpoint.',
    fix: 'Pass it on byte for byte; the message says which rule of c2sp.org/signed-note is broken.',
  },
  note_unverified: {
    kind: 'unprocessable',
    title: 'No trusted key has signed the note, or a signature is wrong.',
    fix: 'Compare the key with one that you got on another way; if it is right, the note was forged.',
  },
  note_key_invalid: {
    kind: 'invalid',
    title: 'The key is not an Ed25519 key for signed notes.',
    fix: 'Use PKCS#8 PEM for the private one, `<name>+<id>+<base64>` for the public one.',
  },
});
