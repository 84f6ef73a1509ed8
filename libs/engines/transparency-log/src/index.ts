export { checkpointText, parseCheckpoint, type Checkpoint } from './checkpoint.js';
export { errors as transparencyErrors } from './errors.js';
export { Frontier } from './frontier.js';
export { emptyRoot, HASH_BYTES, isSameHash, leafHash, nodeHash } from './hashes.js';
export { hexId, NoteSigner, NoteVerifier, publicKeyOf, readSigningKey } from './note-keys.js';
export * from './proofs.js';
export type { LeafRange } from './ranges.js';
export {
  openNote,
  parseNote,
  signNote,
  type NoteSignature,
  type SignedNote,
} from './signed-note.js';
export { TileWriter } from './tile-writer.js';
export {
  edgeOf,
  fullTileHash,
  TILE_WIDTH,
  widthOf,
  type Tile,
  type TileRef,
  type TileSource,
} from './tiles.js';
