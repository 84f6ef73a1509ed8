/** The public keys that sign, or have signed, checkpoints. */
export abstract class AuditKeys {
  /**
   * Lets one process at a time decide which key it signs with.
   * @param decide gets the known keys (raw, the newest first); returns a key to be added, if any
   */
  abstract register(
    decide: (known: readonly Uint8Array[]) => Promise<Uint8Array | undefined>,
  ): Promise<void>;
}
