import { createHash } from 'node:crypto';
import { uuidv7, type Clock, type Random } from '@kiki/kernel';
import type { ObjectStore } from '@kiki/objects';
import {
  checkCreative,
  compose,
  FORMATS,
  isPassed,
  PROHIBITED_TERMS,
  STRATEGIES,
  type Composition,
  type CreativeTexts,
  type ProhibitedTerm,
  type Strategy,
} from '@kiki/studio';
import type { Creative, Provenance } from '../domain/creative.js';
import type { GenerateRequest } from '../domain/requests.js';
import type { Creatives } from './creatives.js';
import type { ImageSource } from './image-source.js';
import type { Observer } from './observer.js';
import type { LookAtPicture } from './look-at-picture.js';
import type { CutPhoto, PictureMaker } from './picture-maker.js';

/** Everything that makes one creative. */
export interface Workshop {
  readonly pictures: PictureMaker;
  readonly look: LookAtPicture;
  readonly images: ImageSource;
  readonly objects: ObjectStore;
  readonly creatives: Creatives;
  readonly observer: Observer;
}

/** A job's identity. */
export interface JobRef {
  readonly tenant: string;
  readonly jobId: string;
}

interface Photo {
  readonly bytes: Uint8Array;
  readonly sha256: string;
  readonly isCutOut: boolean;
}

/** Makes the creatives of one request: composed, drawn, stored, and checked on the stored file's decoded bytes. */
export class MakeCreatives {
  constructor(
    private readonly shop: Workshop,
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly terms: readonly ProhibitedTerm[] = PROHIBITED_TERMS,
  ) {}

  /**
   * @param onEach told after every creative, with the part that is done
   * @throws text_not_renderable, text_does_not_fit, claim_number_unsupported, image_too_heavy, image_*
   */
  async execute(
    job: JobRef,
    request: GenerateRequest,
    onEach: (fraction: number) => Promise<void> = () => Promise.resolve(),
  ): Promise<Creative[]> {
    const made = await this.shop.creatives.ofJob(job.tenant, job.jobId);
    const photo = await this.photoOf(job.tenant, request);
    const wanted = STRATEGIES.slice(0, request.variants);
    for (const [i, strategy] of wanted.entries()) {
      // A job that was interrupted goes on where it stopped.
      if (made.some((creative) => creative.strategy === strategy)) continue;
      const startMs = this.clock.monotonicMs();
      const creative = await this.make(job, request, strategy, photo);
      await this.shop.creatives.add(creative);
      const seconds = (this.clock.monotonicMs() - startMs) / 1000;
      this.shop.observer.creativeMade({ ...creative, seconds });
      await onEach((i + 1) / wanted.length);
    }
    return this.shop.creatives.ofJob(job.tenant, job.jobId);
  }

  private async photoOf(tenant: string, { photoUrl }: GenerateRequest): Promise<Photo | undefined> {
    if (photoUrl === undefined) return undefined;
    const { bytes, sha256 } = await this.shop.images.load(tenant, photoUrl);
    const { isCutOut } = await this.shop.pictures.measure(bytes);
    return { bytes, sha256, isCutOut };
  }

  private async make(
    job: JobRef,
    request: GenerateRequest,
    strategy: Strategy,
    photo: Photo | undefined,
  ): Promise<Creative> {
    const { brief, platform } = request;
    const { measurer } = this.shop.pictures;
    const composition = compose({
      brief,
      strategy,
      format: platform,
      measurer,
      ...(photo ? { photo: { isCutOut: photo.isCutOut } } : {}),
    });
    const drawn = await this.draw(composition, photo);
    const { sha256 } = await this.shop.objects.put(job.tenant, drawn.bytes, drawn.contentType);
    return {
      tenant: job.tenant,
      id: uuidv7(this.clock, this.random),
      jobId: job.jobId,
      strategy,
      platform,
      shortened: composition.copy.shortened,
      brandColors: brief.brand.colors,
      provenance: {
        digitalSource: sourceOf(drawn.cropBy),
        seed: brief.seed,
        photoSha256: photo?.sha256 ?? null,
        cropBy: drawn.cropBy,
      },
      createdAt: this.clock.now(),
      ...(await this.inspect(job.tenant, sha256, composition, brief.brand.colors)),
    };
  }

  private async draw(
    { scene }: Composition,
    photo: Photo | undefined,
  ): Promise<{ bytes: Uint8Array; contentType: string; cropBy: Provenance['cropBy'] }> {
    const { maxBytes } = FORMATS[scene.format];
    let cut: { photo: CutPhoto; cropBy: Provenance['cropBy'] } | undefined;
    if (photo && scene.photo) cut = await this.shop.look.cutPhoto(photo.bytes, scene.photo);
    const cropBy = cut?.cropBy ?? null;
    const drawn = await this.shop.pictures.draw(scene, {
      maxBytes,
      digitalSource: sourceOf(cropBy),
      ...(cut ? { photo: cut.photo } : {}),
    });
    return { ...drawn, cropBy };
  }

  /** Reads the stored file back and checks what it really is. */
  private async inspect(
    tenant: string,
    sha256: string,
    { scene, copy }: Composition,
    brandColors: readonly string[],
  ) {
    const { bytes, object } = await this.shop.objects.get(tenant, sha256);
    const picture = await this.shop.pictures.decode(bytes);
    const texts: CreativeTexts = {
      headline: copy.headline,
      body: copy.body,
      cta: copy.cta,
      brandName: copy.brandName,
    };
    const photo = scene.photo === undefined ? {} : { photo: scene.photo.box };
    const { pixels, contentType, width, height, perceptualHash } = picture;
    const checks = checkCreative({
      format: scene.format,
      file: { bytes: bytes.length, contentType, width, height },
      pixels,
      texts,
      brandColors,
      blocks: scene.blocks,
      terms: this.terms,
      ...photo,
    });
    return {
      width,
      height,
      bytes: object.bytes,
      contentType,
      sha256,
      perceptualHash,
      isPassed: isPassed(checks),
      checks,
      texts,
      layout: { blocks: scene.blocks, ...photo },
      attention: await this.shop.look.attention(bytes, scene),
    };
  }
}

/** Drawn by rules alone, or put together with a photo. */
function sourceOf(cropBy: Provenance['cropBy']): Provenance['digitalSource'] {
  return cropBy === null ? 'algorithmicMedia' : 'compositeSynthetic';
}

/** A seed for a request that names none: the same request gives the same pictures. */
export function seedOf(request: string): number {
  return createHash('sha256').update(request).digest().readUInt32BE(0);
}
