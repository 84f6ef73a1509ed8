import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { inflateSync } from 'node:zlib';
import {
  FONT_FAMILIES,
  measurerOf,
  readFontMetrics,
  WEIGHTS,
  type FontMetrics,
  type Measurer,
  type Weight,
} from '@kiki/studio';

/** A font file as satori takes it. */
export interface FontFile {
  readonly name: string;
  readonly data: Buffer;
  readonly weight: Weight;
  readonly style: 'normal';
}

/** Inter in the weights of the studio, every subset, and the widths of its characters. */
export interface Fonts {
  readonly files: readonly FontFile[];
  readonly measurer: Measurer;
}

/** Reads the font files of `@fontsource/inter` (SIL Open Font License); about 1 MB, once per process. */
export function loadFonts(): Fonts {
  const resolve = createRequire(import.meta.url).resolve;
  const files = WEIGHTS.flatMap((weight) =>
    FONT_FAMILIES.map((name): FontFile => {
      const subset = name.replace('Inter ', '');
      const path = `@fontsource/inter/files/inter-${subset}-${weight}-normal.woff`;
      return { name, data: readFileSync(resolve(path)), weight, style: 'normal' };
    }),
  );
  const metrics = Object.fromEntries(
    WEIGHTS.map((weight) => [weight, metricsOf(files.filter((file) => file.weight === weight))]),
  ) as Record<Weight, FontMetrics[]>;
  return { files, measurer: measurerOf(metrics) };
}

function metricsOf(files: readonly FontFile[]): FontMetrics[] {
  return files.map(({ data }) => readFontMetrics(data, (bytes) => inflateSync(bytes)));
}
