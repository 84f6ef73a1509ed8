import { errors } from '../errors.js';

/** Advance widths of one font file, in units of the em square. */
export interface FontMetrics {
  readonly unitsPerEm: number;
  /** Advance of a code point, or undefined when the font has no glyph for it. */
  advance(codePoint: number): number | undefined;
}

/** Inflates a zlib stream; given in so that this package stays free of platform modules. */
export type Inflate = (bytes: Uint8Array) => Uint8Array;

const WOFF = 0x774f4646;

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Tables of a WOFF 1.0 file (W3C Recommendation, section 4 and 5). */
function woffTables(bytes: Uint8Array, inflate: Inflate): Map<string, DataView> {
  const file = view(bytes);
  if (file.getUint32(0) !== WOFF) throw errors.font_invalid('The font file is not WOFF 1.0.');
  const tables = new Map<string, DataView>();
  for (let i = 0; i < file.getUint16(12); i++) {
    const entry = 44 + 20 * i;
    const tag = String.fromCharCode(...bytes.subarray(entry, entry + 4));
    const offset = file.getUint32(entry + 4);
    const stored = bytes.subarray(offset, offset + file.getUint32(entry + 8));
    const isCompressed = stored.length < file.getUint32(entry + 12);
    tables.set(tag, view(isCompressed ? inflate(stored) : stored));
  }
  return tables;
}

function table(tables: ReadonlyMap<string, DataView>, tag: string): DataView {
  const found = tables.get(tag);
  if (!found) throw errors.font_invalid(`The font file has no ${tag} table.`);
  return found;
}

/** Character map, format 12 or 4 (OpenType 1.9, `cmap`). */
function readCmap(cmap: DataView): Map<number, number> {
  const glyphs = new Map<number, number>();
  for (let i = 0; i < cmap.getUint16(2); i++) {
    const offset = cmap.getUint32(4 + 8 * i + 4);
    const format = cmap.getUint16(offset);
    if (format === 4) readFormat4(cmap, offset, glyphs);
    if (format === 12) readFormat12(cmap, offset, glyphs);
  }
  return glyphs;
}

function readFormat12(cmap: DataView, offset: number, glyphs: Map<number, number>): void {
  for (let i = 0; i < cmap.getUint32(offset + 12); i++) {
    const group = offset + 16 + 12 * i;
    const start = cmap.getUint32(group);
    const first = cmap.getUint32(group + 8);
    for (let code = start; code <= cmap.getUint32(group + 4); code++) {
      glyphs.set(code, first + code - start);
    }
  }
}

function readFormat4(cmap: DataView, offset: number, glyphs: Map<number, number>): void {
  const doubled = cmap.getUint16(offset + 6);
  const ends = offset + 14;
  const starts = ends + doubled + 2;
  for (let i = 0; i < doubled; i += 2) {
    const delta = cmap.getUint16(starts + doubled + i);
    const rangeAt = starts + 2 * doubled + i;
    const range = cmap.getUint16(rangeAt);
    const start = cmap.getUint16(starts + i);
    for (let code = start; code <= cmap.getUint16(ends + i) && code < 0xffff; code++) {
      const raw = range === 0 ? code : cmap.getUint16(rangeAt + range + 2 * (code - start));
      const glyph = range !== 0 && raw === 0 ? 0 : (raw + delta) & 0xffff;
      if (glyph !== 0) glyphs.set(code, glyph);
    }
  }
}

/** Reads the advance widths of a WOFF 1.0 font. @throws font_invalid */
export function readFontMetrics(bytes: Uint8Array, inflate: Inflate): FontMetrics {
  const tables = woffTables(bytes, inflate);
  const unitsPerEm = table(tables, 'head').getUint16(18);
  const longMetrics = table(tables, 'hhea').getUint16(34);
  const hmtx = table(tables, 'hmtx');
  const glyphs = readCmap(table(tables, 'cmap'));
  const advances = new Map<number, number>();
  for (const [code, glyph] of glyphs) {
    advances.set(code, hmtx.getUint16(4 * Math.min(glyph, longMetrics - 1)) / unitsPerEm);
  }
  return { unitsPerEm, advance: (codePoint) => advances.get(codePoint) };
}
