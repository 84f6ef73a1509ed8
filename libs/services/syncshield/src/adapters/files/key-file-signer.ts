import type { KeyObject } from 'node:crypto';
import {
  checkpointText,
  NoteSigner,
  NoteVerifier,
  publicKeyOf,
  signNote,
} from '@kiki/transparency-log';
import type { AuditKeys } from '../../application/audit-keys.js';
import { CheckpointSigner } from '../../application/checkpoint-signer.js';
import { errors } from '../../errors.js';
import { createSigningKey, readSigningKeys } from './signing-key-file.js';

/** Where the key is and what it signs for. */
export interface KeyFileOptions {
  readonly path: string;
  /** The log of a tenant is `<origin>/<tenant>`. */
  readonly origin: string;
  /** Processes of this service: with more than one, no key is made. */
  readonly replicas: number;
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** Signs with the keys of a file, which is made once where nothing was ever signed. */
export class KeyFileSigner extends CheckpointSigner {
  private keys: readonly KeyObject[] = [];
  private names: readonly string[] = [];
  private reason: string | undefined = 'The signing key was not opened yet.';
  private isReplaced = false;
  private readonly signers = new Map<string, NoteSigner[]>();

  constructor(private readonly options: KeyFileOptions) {
    super();
  }

  /** Reads, or makes, the key. @throws audit_key_missing, audit_key_unreadable */
  async open(registry: AuditKeys): Promise<void> {
    await registry.register(async (known) => {
      const keys = await this.load(known.length > 0);
      const [first] = keys;
      if (first === undefined) return undefined;
      this.keys = keys;
      this.names = keys.map((key) => base64(publicKeyOf(key)));
      const [own = ''] = this.names;
      const [newest, ...older] = known.map(base64);
      const isReplaced = own !== newest && older.includes(own);
      this.isReplaced = isReplaced;
      this.reason = undefined;
      return isReplaced ? undefined : publicKeyOf(first);
    });
  }

  override whyNot(): string | undefined {
    return this.isReplaced ? 'A newer key signs now; give it to this process.' : this.reason;
  }

  override setReplaced(isReplaced: boolean): void {
    this.isReplaced = isReplaced;
  }

  override origin(tenant: string): string {
    return `${this.options.origin}/${tenant}`;
  }

  override sign(tenant: string, size: number, root: Uint8Array): string | undefined {
    if (this.keys.length === 0) return undefined;
    const origin = this.origin(tenant);
    return signNote(checkpointText({ origin, size, root }), this.signersOf(tenant));
  }

  override publicKeys(): readonly string[] {
    return this.names;
  }

  override verifier(tenant: string, publicKey: Uint8Array): NoteVerifier {
    return new NoteVerifier(this.origin(tenant), publicKey);
  }

  private async load(wasSigned: boolean): Promise<readonly KeyObject[]> {
    const { path, replicas } = this.options;
    const keys = await readSigningKeys(path);
    if (keys !== undefined) return keys;
    if (replicas > 1) {
      throw errors.audit_key_missing(
        `${path} does not exist, and none is made where KIKI_REPLICAS is ${replicas}.`,
      );
    }
    if (wasSigned) {
      this.reason = `audit_key_missing: the key that signed before is not at the path of SYNCSHIELD_AUDIT_KEY_FILE.`;
      return [];
    }
    await createSigningKey(path);
    return (await readSigningKeys(path)) ?? [];
  }

  private signersOf(tenant: string): NoteSigner[] {
    let signers = this.signers.get(tenant);
    if (signers === undefined) {
      signers = this.keys.map((key) => new NoteSigner(this.origin(tenant), key));
      this.signers.set(tenant, signers);
    }
    return signers;
  }
}
