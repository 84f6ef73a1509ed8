import {
  checkCreative,
  FORMAT_IDS,
  FORMATS,
  isPassed,
  PROHIBITED_TERMS,
  type CreativeTexts,
  type FormatId,
  type ProhibitedTerm,
} from '@kiki/studio';
import type { Creative, ValidationResult } from '../domain/creative.js';
import type { ValidateRequest } from '../domain/requests.js';
import type { Creatives } from './creatives.js';
import type { ImageSource } from './image-source.js';
import type { PictureMaker } from './picture-maker.js';

/** Checks a picture from anywhere; one that SyncCreate made is also measured where its texts stand. */
export class ValidateImage {
  constructor(
    private readonly images: ImageSource,
    private readonly pictures: PictureMaker,
    private readonly creatives: Creatives,
    private readonly terms: readonly ProhibitedTerm[] = PROHIBITED_TERMS,
  ) {}

  /** @throws image_url_forbidden, image_fetch_failed, image_too_large, image_type_unsupported, image_unreadable */
  async execute(tenant: string, request: ValidateRequest): Promise<ValidationResult> {
    const image = await this.images.load(tenant, request.imageUrl);
    const picture = await this.pictures.decode(image.bytes);
    const creative = await this.creatives.findByHash(tenant, image.sha256);
    const { width, height, contentType } = picture;
    const platform = request.platform ?? creative?.platform ?? nearestFormat(width, height);
    const file = { bytes: image.bytes.length, contentType, width, height };
    const checks = checkCreative({
      format: platform,
      file,
      pixels: picture.pixels,
      texts: textsOf(request, creative),
      brandColors:
        request.brandColors.length > 0 ? request.brandColors : (creative?.brandColors ?? []),
      terms: this.terms,
      ...creative?.layout,
    });
    const { sha256 } = image;
    const creativeId = creative?.id ?? null;
    return { ...file, sha256, platform, creativeId, isPassed: isPassed(checks), checks };
  }
}

function textsOf(request: ValidateRequest, creative: Creative | undefined): CreativeTexts {
  return {
    // Of our own creatives what they really say, which may be shorter than the brand's full name.
    ...(creative?.texts ?? { brandName: request.brandName }),
    ...(request.headline === undefined ? {} : { headline: request.headline }),
  };
}

/** The platform of exactly this size, else of the nearest proportions. */
export function nearestFormat(width: number, height: number): FormatId {
  const distance = (id: FormatId): number => {
    const format = FORMATS[id];
    const isSame = format.width === width && format.height === height;
    return isSame ? -1 : Math.abs(Math.log((format.width / format.height) * (height / width)));
  };
  return [...FORMAT_IDS].sort((a, b) => distance(a) - distance(b))[0] ?? 'meta_1_1';
}
