import type { Box, Measurer, Pixels, Scene } from '@kiki/studio';
import type { Provenance } from '../domain/creative.js';

/** A picture after decoding. */
export interface DecodedPicture {
  readonly width: number;
  readonly height: number;
  /** By its content. */
  readonly contentType: string;
  /** Of a picture beyond four million pixels a smaller copy. */
  readonly pixels: Pixels;
  readonly perceptualHash: string;
}

/** A small copy of a picture, planar RGB 0..1, squeezed to a square. */
export interface SquareSample {
  readonly side: number;
  readonly planes: Float32Array;
}

/** A photo cut to its place in a scene. */
export interface CutPhoto {
  readonly png: Uint8Array;
}

/** Everything that is done with pixels. */
export abstract class PictureMaker {
  /** Widths of the fonts that scenes are drawn with. */
  abstract readonly measurer: Measurer;
  /**
   * Draws a scene and encodes it, at most `maxBytes`; the same scene gives the same bytes on the same machine.
   * @throws image_too_heavy
   */
  abstract draw(
    scene: Scene,
    options: {
      readonly maxBytes: number;
      readonly digitalSource: Provenance['digitalSource'];
      readonly photo?: CutPhoto;
    },
  ): Promise<{ readonly bytes: Uint8Array; readonly contentType: string }>;
  /** @throws image_unreadable, image_type_unsupported, image_too_large */
  abstract decode(bytes: Uint8Array): Promise<DecodedPicture>;
  /** Pixels of a picture and whether it is a cut-out (mostly transparent border). @throws as decode */
  abstract measure(bytes: Uint8Array): Promise<{
    readonly width: number;
    readonly height: number;
    readonly isCutOut: boolean;
  }>;
  /** @throws as decode */
  abstract sample(bytes: Uint8Array, side: number): Promise<SquareSample>;
  /** Cuts a photo to `width` × `height`: the given crop, else where sharp sees most; a cut-out is shown whole. */
  abstract cut(
    bytes: Uint8Array,
    to: { readonly width: number; readonly height: number },
    how: { readonly crop?: Box; readonly isCutOut: boolean },
  ): Promise<CutPhoto>;
}
