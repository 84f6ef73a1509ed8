import sharp from 'sharp';
import { errors } from '../../errors.js';
import type { Raster } from './rasterise.js';

/** JPEG qualities that are tried in order until the file is small enough. */
const QUALITIES = [92, 86, 80, 72, 64, 55, 45] as const;

/** What made the picture, in the words of IPTC's digital source types. */
export type DigitalSource = 'algorithmicMedia' | 'compositeSynthetic';

/** An encoded picture. */
export interface Encoded {
  readonly bytes: Buffer;
  readonly contentType: 'image/jpeg';
  readonly quality: number;
}

/** Encodes as JPEG with full colour resolution (text stays sharp), at most `maxBytes`. @throws image_too_heavy */
export async function encodeJpeg(
  raster: Raster,
  maxBytes: number,
  source: DigitalSource,
): Promise<Encoded> {
  const { width, height, pixels } = raster;
  for (const quality of QUALITIES) {
    const bytes = await sharp(pixels, { raw: { width, height, channels: 4 } })
      .flatten({ background: '#ffffff' })
      .withXmp(xmpOf(source))
      .jpeg({ quality, chromaSubsampling: '4:4:4', optimiseCoding: true })
      .toBuffer();
    if (bytes.length <= maxBytes) return { bytes, contentType: 'image/jpeg', quality };
  }
  throw errors.image_too_heavy(`Not even quality ${QUALITIES.at(-1)} is below ${maxBytes} bytes.`);
}

/** Says inside the file how it came to be; the words are IPTC's. */
function xmpOf(source: DigitalSource): string {
  return (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>' +
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' +
    '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"' +
    ` Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/${source}"/>` +
    '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
  );
}
