import type { Format } from '../format.js';
import { lumaOf, pixelAt, type Pixels } from './pixels.js';
import { verdict, type CheckResult } from './check.js';

/** What is known of a file after decoding it. */
export interface FileFacts {
  readonly bytes: number;
  /** By the file's own content, not by what somebody said. */
  readonly contentType: string;
  readonly width: number;
  readonly height: number;
}

/** Type, pixels and bytes against what the platform takes. */
export function checkFile(file: FileFacts, format: Format): CheckResult[] {
  return [
    verdict('file_type', format.contentTypes.includes(file.contentType), {
      measured: file.contentType,
      expected: format.contentTypes.join(' or '),
      advice: 'Save the picture as JPEG or PNG.',
    }),
    verdict('size', file.width === format.width && file.height === format.height, {
      measured: `${file.width} × ${file.height} px`,
      expected: `${format.width} × ${format.height} px`,
      advice: 'Make the picture in the size of the platform; scaling would blur its text.',
    }),
    verdict('weight', file.bytes <= format.maxBytes, {
      measured: `${file.bytes} bytes`,
      expected: `at most ${format.maxBytes} bytes`,
      advice: 'Save the picture with stronger compression.',
    }),
  ];
}

/** Smallest standard deviation of luma, levels, of a picture that shows something. */
const LEAST_VARIATION = 2;

/** Refuses a picture that is all of one colour, such as a failed generation. */
export function checkBlank(pixels: Pixels): CheckResult {
  let [sum, squares, count] = [0, 0, 0];
  for (let y = 0; y < pixels.height; y += 4) {
    for (let x = 0; x < pixels.width; x += 4) {
      const luma = lumaOf(pixelAt(pixels, x, y));
      sum += luma;
      squares += luma * luma;
      count++;
    }
  }
  const mean = sum / Math.max(1, count);
  const deviation = Math.sqrt(Math.max(0, squares / Math.max(1, count) - mean * mean));
  return verdict('blank', deviation >= LEAST_VARIATION, {
    measured: `luma varies by ${deviation.toFixed(1)}`,
    expected: `at least ${LEAST_VARIATION}`,
    advice: 'The picture shows nothing; make it again.',
  });
}
