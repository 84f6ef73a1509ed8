/** A signer over keys that a spec makes up: real signatures, no store. */
import { authErrors, PayloadSigner, type Principal } from '@kiki/auth';
import { canonicalJson } from '@kiki/kernel';
import { createHmac } from 'node:crypto';

interface FixedKey {
  readonly secret: string;
  readonly scopes: readonly string[];
}

/** `producer` may write, `reader` may only read; both speak for any tenant. */
const KEYS: Readonly<Record<string, FixedKey>> = {
  producer: { secret: 'a', scopes: ['flow:write'] },
  reader: { secret: 'b', scopes: ['flow:read'] },
};

export class FixedKeysSigner extends PayloadSigner {
  constructor(private readonly keyId = 'producer') {
    super();
  }

  override async sign(
    tenant: string,
    payload: Readonly<Record<string, unknown>>,
  ): Promise<{ keyId: string; sig: string }> {
    const { keyId } = this;
    return { keyId, sig: signatureOf(keyId, { ...payload, tenant, keyId }) };
  }

  override async verify(
    payload: Readonly<Record<string, unknown>>,
    scope: string,
  ): Promise<Principal> {
    const { keyId, tenant, sig, ...rest } = payload;
    if (typeof sig !== 'string' || typeof keyId !== 'string') throw authErrors.signature_missing();
    if (sig !== signatureOf(keyId, { ...rest, tenant, keyId }))
      throw authErrors.signature_invalid();
    const scopes = KEYS[keyId]?.scopes ?? [];
    if (!scopes.includes(scope)) throw authErrors.scope_missing();
    return { keyId, tenant: String(tenant), scopes };
  }
}

function signatureOf(keyId: string, payload: Readonly<Record<string, unknown>>): string {
  const secret = KEYS[keyId]?.secret ?? 'nobody knows';
  return createHmac('sha256', secret).update(canonicalJson(payload)).digest('base64url');
}
