import type { NoteVerifier } from '@kiki/transparency-log';

/** Signs tree heads; the private key never leaves the process. */
export abstract class CheckpointSigner {
  /** Why this process does not sign; undefined when it does. */
  abstract whyNot(): string | undefined;
  /** Told whether another process has brought a newer key. */
  abstract setReplaced(isReplaced: boolean): void;
  /** Names the log of a tenant; the first line of its checkpoints. */
  abstract origin(tenant: string): string;
  /** A signed note, one signature per key; undefined when this process has no key. */
  abstract sign(tenant: string, size: number, root: Uint8Array): string | undefined;
  /** Raw public keys that sign, the current one first, base64. */
  abstract publicKeys(): readonly string[];
  /** A public key under the tenant's name. */
  abstract verifier(tenant: string, publicKey: Uint8Array): NoteVerifier;
}
