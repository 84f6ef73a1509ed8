import type { Box, Scene } from '@kiki/studio';
import type { Attention } from '../domain/creative.js';
import { bestCrop, shareInside } from '../domain/saliency-map.js';
import type { CutPhoto, PictureMaker } from './picture-maker.js';
import type { Saliency } from './saliency.js';

/**
 * Uses the saliency model: to crop photos around what matters, and to estimate where a finished creative
 * is looked at.
 */
export class LookAtPicture {
  constructor(
    private readonly pictures: PictureMaker,
    private readonly saliency: Saliency,
  ) {}

  /** Cuts a photo to a slot around its subject. */
  async cutPhoto(
    bytes: Uint8Array,
    slot: NonNullable<Scene['photo']>,
  ): Promise<{ photo: CutPhoto; cropBy: 'saliency' | 'fallback' }> {
    const to = { width: Math.round(slot.box.width), height: Math.round(slot.box.height) };
    if (slot.fit === 'contain') {
      return { photo: await this.pictures.cut(bytes, to, { isCutOut: true }), cropBy: 'fallback' };
    }
    const crop = await this.cropOf(bytes, to.width / to.height);
    const how = crop === undefined ? { isCutOut: false } : { isCutOut: false, crop };
    const photo = await this.pictures.cut(bytes, to, how);
    return { photo, cropBy: crop === undefined ? 'fallback' : 'saliency' };
  }

  /** Where a finished creative is looked at; null without a model. */
  async attention(bytes: Uint8Array, scene: Scene): Promise<Attention | null> {
    const map = await this.saliency.look(await this.pictures.sample(bytes, this.saliency.side));
    if (map === undefined) return null;
    const boxes = (roles: readonly string[]): Box[] =>
      scene.blocks.filter(({ role }) => roles.includes(role)).map(({ box }) => box);
    return {
      headline: round(shareInside(map, boxes(['headline', 'figure']), scene)),
      cta: round(shareInside(map, boxes(['cta']), scene)),
      model: this.saliency.model,
    };
  }

  private async cropOf(bytes: Uint8Array, ratio: number): Promise<Box | undefined> {
    const size = await this.pictures.measure(bytes);
    const map = await this.saliency.look(await this.pictures.sample(bytes, this.saliency.side));
    return map === undefined ? undefined : bestCrop(map, size, ratio);
  }
}

/** Three decimals: more would promise what an estimate cannot keep. */
const round = (share: number): number => Math.round(share * 1000) / 1000;
