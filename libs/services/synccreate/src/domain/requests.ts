import type { CreativeBrief, FormatId } from '@kiki/studio';

/** A request to make creatives: one per strategy, all for one platform. */
export interface GenerateRequest {
  readonly brief: CreativeBrief;
  /** 1 to 5; the strategies are taken in their order. */
  readonly variants: number;
  readonly platform: FormatId;
  /** A product photo: `https://…` or `kiki://objects/<sha256>`. */
  readonly photoUrl?: string;
}

/** A request to check a picture. */
export interface ValidateRequest {
  readonly imageUrl: string;
  readonly headline?: string;
  readonly brandName: string;
  /** `#rrggbb` */
  readonly brandColors: readonly string[];
  /** Left out: the platform of our own creative, else the one whose shape is nearest. */
  readonly platform?: FormatId;
}
