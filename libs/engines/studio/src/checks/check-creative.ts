import { FORMATS, type FormatId } from '../format.js';
import type { Box } from '../geometry.js';
import type { TextBlock } from '../scene.js';
import type { CheckResult } from './check.js';
import { checkBlank, checkFile, type FileFacts } from './file-checks.js';
import { checkBrandColor, checkContrast, checkOverflow, checkSafeZone } from './picture-checks.js';
import type { Pixels } from './pixels.js';
import { PROHIBITED_TERMS, type ProhibitedTerm } from './prohibited-terms.js';
import { checkProhibited, checkTextLength, type CreativeTexts } from './text-checks.js';

/** Everything that the checks look at. */
export interface CheckSubject {
  readonly format: FormatId;
  readonly file: FileFacts;
  /** Decoded from the stored file. */
  readonly pixels: Pixels;
  readonly texts: CreativeTexts;
  /** `#rrggbb`; the first must be visible. */
  readonly brandColors: readonly string[];
  /** Where the texts stand; unknown for a foreign picture. */
  readonly blocks?: readonly TextBlock[];
  /** Where a photo stands. */
  readonly photo?: Box;
  /** @default the built-in rules */
  readonly terms?: readonly ProhibitedTerm[];
}

/** Runs every check; pure, a few tens of milliseconds for a full-size picture. */
export function checkCreative(subject: CheckSubject): CheckResult[] {
  const { pixels, blocks, texts } = subject;
  const format = FORMATS[subject.format];
  const drawn = (blocks ?? []).map((block) => block.text);
  const words = [...new Set([...Object.values(texts), ...drawn])];
  return [
    ...checkFile(subject.file, format),
    checkTextLength(texts, format),
    checkProhibited(words, subject.terms ?? PROHIBITED_TERMS),
    checkContrast(pixels, blocks),
    checkBrandColor(pixels, subject.brandColors),
    checkOverflow(pixels, blocks, subject.photo),
    checkSafeZone(format, blocks),
    // A picture whose texts can be read is not blank; the check is for pictures of unknown layout.
    ...(blocks === undefined ? [checkBlank(pixels)] : []),
  ];
}

/** Whether nothing failed. */
export function isPassed(results: readonly CheckResult[]): boolean {
  return results.every(({ status }) => status !== 'failed');
}
