import { createHash } from 'node:crypto';
import { DomainError } from '@kiki/kernel';
import type { ObjectStore } from '@kiki/objects';
import { Agent, request, type Dispatcher } from 'undici';
import { ImageSource, type FetchedImage } from '../../application/image-source.js';
import { errors } from '../../errors.js';
import { sniffImage } from './sniff-image.js';

/** How pictures are fetched. */
export interface FetchLimits {
  readonly maxBytes: number;
  /** From the first byte sent to the last received, all redirects included, milliseconds. */
  readonly timeoutMs: number;
  readonly maxRedirects: number;
  /** Origins (`http://cdn.internal:8080`) that may lie on a private network and speak plain http. */
  readonly trustedOrigins: readonly string[];
}

const OBJECT = /^kiki:\/\/objects\/([0-9a-f]{64})$/;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Loads pictures from the open internet, trusted origins and the tenant's own objects. */
export class GuardedImageSource extends ImageSource {
  private readonly trusted: Agent;

  constructor(
    private readonly objects: ObjectStore,
    private readonly guarded: Agent,
    private readonly limits: FetchLimits,
  ) {
    super();
    this.trusted = new Agent({ maxResponseSize: limits.maxBytes, connections: 4 });
  }

  override async load(tenant: string, url: string): Promise<FetchedImage> {
    const sha256 = OBJECT.exec(url)?.[1];
    return sha256 === undefined ? this.fetch(url) : this.stored(tenant, sha256);
  }

  /** Closes idle connections. */
  async close(): Promise<void> {
    await Promise.all([this.guarded.close(), this.trusted.close()]);
  }

  private async stored(tenant: string, sha256: string): Promise<FetchedImage> {
    try {
      const { bytes } = await this.objects.get(tenant, sha256);
      return imageOf(bytes);
    } catch (error) {
      if (DomainError.is(error) && error.code === 'object_not_found')
        throw errors.image_not_found();
      throw error;
    }
  }

  private async fetch(url: string): Promise<FetchedImage> {
    const signal = AbortSignal.timeout(this.limits.timeoutMs);
    try {
      let target = this.permitted(url);
      for (let hop = 0; hop <= this.limits.maxRedirects; hop++) {
        const answer = await this.get(target, signal);
        if (answer instanceof Uint8Array) return imageOf(answer);
        target = this.permitted(answer.location, target);
      }
    } catch (error) {
      throw asDomainError(error);
    }
    throw errors.image_fetch_failed(`More than ${this.limits.maxRedirects} redirects.`);
  }

  /** Every hop is judged alike: scheme, no credentials; its address is judged by the socket. */
  private permitted(url: string, base?: URL): URL {
    const target = URL.parse(url, base?.href);
    if (target === null) throw errors.image_fetch_failed('The address cannot be read.');
    const isTrusted = this.limits.trustedOrigins.includes(target.origin);
    if (target.protocol !== 'https:' && !isTrusted) {
      throw errors.image_url_forbidden(`${target.protocol}// is not fetched, only https.`);
    }
    if (target.username !== '' || target.password !== '') {
      throw errors.image_url_forbidden('An address with credentials is not fetched.');
    }
    return target;
  }

  private async get(
    target: URL,
    signal: AbortSignal,
  ): Promise<Uint8Array | { readonly location: string }> {
    const isTrusted = this.limits.trustedOrigins.includes(target.origin);
    const answer = await request(target.href, {
      dispatcher: isTrusted ? this.trusted : this.guarded,
      method: 'GET',
      headers: { accept: 'image/jpeg,image/png,image/webp', 'user-agent': 'KIKI-SyncCreate' },
      signal,
    });
    const location = answer.headers['location'];
    if (REDIRECTS.has(answer.statusCode) && typeof location === 'string') {
      await answer.body.dump();
      return { location };
    }
    if (answer.statusCode !== 200) {
      await answer.body.dump();
      throw errors.image_fetch_failed(`${target.host} answered ${answer.statusCode}.`);
    }
    return this.read(answer);
  }

  private async read({ headers, body }: Dispatcher.ResponseData): Promise<Uint8Array> {
    const { maxBytes } = this.limits;
    if (Number(headers['content-length'] ?? 0) > maxBytes) {
      body.destroy();
      throw errors.image_too_large(`The file has more than ${maxBytes} bytes.`);
    }
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > maxBytes) {
        body.destroy();
        throw errors.image_too_large(`The file has more than ${maxBytes} bytes.`);
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }
}

function imageOf(bytes: Uint8Array): FetchedImage {
  const contentType = sniffImage(bytes);
  if (contentType === undefined) throw errors.image_type_unsupported();
  return { bytes, contentType, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** Undici wraps what a connector or the resolver said; never more than a code goes to the caller. */
function asDomainError(error: unknown): DomainError {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (DomainError.is(cause)) return cause;
  }
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') return errors.image_too_large();
  const why =
    name === 'TimeoutError' ? 'it took too long' : typeof code === 'string' ? code : 'no answer';
  return errors.image_fetch_failed(
    `The picture could not be loaded: ${why}.`,
    {},
    { cause: error },
  );
}
