import { HASH_SIDE, perceptualHash, type Box, type Measurer, type Scene } from '@kiki/studio';
import sharp, { type Metadata, type Sharp } from 'sharp';
import {
  PictureMaker,
  type CutPhoto,
  type DecodedPicture,
  type SquareSample,
} from '../../application/picture-maker.js';
import type { Provenance } from '../../domain/creative.js';
import { errors } from '../../errors.js';
import { encodeJpeg } from './encode.js';
import type { Fonts } from './fonts.js';
import { rasterise } from './rasterise.js';

/** Most pixels of a picture that is decoded: a small file may unpack to gigabytes. */
const MAX_PIXELS = 40_000_000;

/** A larger picture is measured on a smaller copy, so that no request holds the event loop for long. */
const MEASURED_PIXELS = 4_000_000;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
};

/** Text by satori, shapes by resvg, everything else by sharp. */
export class SharpPictureMaker extends PictureMaker {
  readonly measurer: Measurer;

  constructor(private readonly fonts: Fonts) {
    super();
    this.measurer = fonts.measurer;
  }

  override async draw(
    scene: Scene,
    options: {
      readonly maxBytes: number;
      readonly digitalSource: Provenance['digitalSource'];
      readonly photo?: CutPhoto;
    },
  ): Promise<{ readonly bytes: Uint8Array; readonly contentType: string }> {
    const raster = await rasterise(scene, this.fonts.files, options.photo);
    return encodeJpeg(raster, options.maxBytes, options.digitalSource);
  }

  override async decode(bytes: Uint8Array): Promise<DecodedPicture> {
    const { width, height, contentType } = await inspect(bytes);
    const flat = (): Sharp => open(bytes).flatten({ background: '#ffffff' }).toColourspace('srgb');
    const scale = Math.min(1, Math.sqrt(MEASURED_PIXELS / (width * height)));
    const [{ data, info }, grey] = await Promise.all([
      readable(
        (scale === 1 ? flat() : flat().resize({ width: Math.round(width * scale) }))
          .removeAlpha()
          .raw()
          .toBuffer({ resolveWithObject: true }),
      ),
      readable(flat().greyscale().resize(HASH_SIDE, HASH_SIDE, { fit: 'fill' }).raw().toBuffer()),
    ]);
    return {
      width,
      height,
      contentType,
      pixels: { width: info.width, height: info.height, data },
      perceptualHash: perceptualHash(grey),
    };
  }

  override async measure(bytes: Uint8Array) {
    const { width, height, hasAlpha } = await inspect(bytes);
    return { width, height, isCutOut: hasAlpha && (await hasClearBorder(bytes)) };
  }

  override async sample(bytes: Uint8Array, side: number): Promise<SquareSample> {
    await inspect(bytes);
    const small = open(bytes)
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .resize(side, side, { fit: 'fill' })
      .removeAlpha()
      .raw();
    const data = await readable(small.toBuffer());
    const count = side * side;
    const planes = new Float32Array(3 * count);
    for (let i = 0; i < count; i++) {
      for (let c = 0; c < 3; c++) planes[c * count + i] = (data[3 * i + c] ?? 0) / 255;
    }
    return { side, planes };
  }

  override async cut(
    bytes: Uint8Array,
    to: { readonly width: number; readonly height: number },
    how: { readonly crop?: Box; readonly isCutOut: boolean },
  ): Promise<CutPhoto> {
    const { width, height } = to;
    const image = open(bytes).toColourspace('srgb');
    if (how.isCutOut) image.resize(width, height, { fit: 'contain', background: '#0000' });
    else if (how.crop) {
      const { x: left, y: top, width: w, height: h } = how.crop;
      image.extract({ left, top, width: w, height: h }).resize(width, height, { fit: 'fill' });
    } else image.resize(width, height, { fit: 'cover', position: 'attention' });
    return { png: await readable(image.png({ compressionLevel: 1 }).toBuffer()) };
  }
}

/** Upright, whatever the camera said; never more pixels than allowed; only the first frame. */
function open(bytes: Uint8Array): Sharp {
  return sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: 'error', pages: 1 }).autoOrient();
}

async function inspect(bytes: Uint8Array): Promise<{
  width: number;
  height: number;
  contentType: string;
  hasAlpha: boolean;
}> {
  // The limit is checked here, before anything is unpacked; metadata alone may be read of any size.
  const metadata: Metadata = await readable(sharp(bytes, { limitInputPixels: false }).metadata());
  const contentType = CONTENT_TYPES[metadata.format];
  if (contentType === undefined) throw errors.image_type_unsupported();
  const { width, height } = metadata.autoOrient;
  if (width * height > MAX_PIXELS) {
    throw errors.image_too_large(`The picture has ${width} × ${height} pixels.`);
  }
  return { width, height, contentType, hasAlpha: metadata.hasAlpha };
}

/** Whether most of the picture's edge can be seen through: a product that was cut out. */
async function hasClearBorder(bytes: Uint8Array): Promise<boolean> {
  const side = 64;
  const alpha = open(bytes).resize(side, side, { fit: 'fill' }).ensureAlpha().extractChannel(3);
  const data = await readable(alpha.raw().toBuffer());
  let clear = 0;
  for (let i = 0; i < side; i++) {
    for (const at of [i, (side - 1) * side + i, i * side, i * side + side - 1]) {
      if ((data[at] ?? 255) < 32) clear++;
    }
  }
  return clear > 0.6 * 4 * side;
}

async function readable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : '';
    if (/unsupported image format/i.test(text)) throw errors.image_type_unsupported();
    if (/pixel limit/i.test(text)) throw errors.image_too_large();
    throw errors.image_unreadable(undefined, {}, { cause });
  }
}
