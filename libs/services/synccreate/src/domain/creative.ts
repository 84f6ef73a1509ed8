import type { Box, CheckResult, CreativeTexts, FormatId, Strategy, TextBlock } from '@kiki/studio';

/**
 * How much of the eye's attention goes where, 0 to 1, by the saliency model; an estimate that decides
 * nothing.
 */
export interface Attention {
  readonly headline: number;
  readonly cta: number;
  /** The model that said so. */
  readonly model: string;
}

/** What a picture was made with. */
export interface Provenance {
  /** IPTC digital source type; also written into the file. */
  readonly digitalSource: 'algorithmicMedia' | 'compositeSynthetic';
  readonly seed: number;
  /** SHA-256 of the product photo, when one was used. */
  readonly photoSha256: string | null;
  /**
   * How the photo was cropped: by the model, or by sharp's own attention strategy when the model was not
   * available.
   */
  readonly cropBy: 'saliency' | 'fallback' | null;
}

/** One finished creative: the row beside the stored file. */
export interface Creative {
  readonly tenant: string;
  readonly id: string;
  readonly jobId: string;
  readonly strategy: Strategy;
  readonly platform: FormatId;
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  readonly contentType: string;
  /** Names the stored object. */
  readonly sha256: string;
  readonly perceptualHash: string;
  readonly isPassed: boolean;
  readonly checks: readonly CheckResult[];
  readonly texts: CreativeTexts;
  /** Text fields that were cut to the platform's limit. */
  readonly shortened: readonly string[];
  readonly brandColors: readonly string[];
  /** Where the texts and the photo stand: what later checks of the same file measure by. */
  readonly layout: { readonly blocks: readonly TextBlock[]; readonly photo?: Box };
  readonly provenance: Provenance;
  readonly attention: Attention | null;
  readonly createdAt: Date;
}

/** What a check of a picture found. */
export interface ValidationResult {
  readonly sha256: string;
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  readonly contentType: string;
  readonly platform: FormatId;
  /** The creative that the picture is, when SyncCreate made it. */
  readonly creativeId: string | null;
  readonly isPassed: boolean;
  readonly checks: readonly CheckResult[];
}
