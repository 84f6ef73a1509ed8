/**
 * Goal: a job that is interrupted makes each creative once, and what is checked is the stored file. Method: the use case over a workshop of
 * stand-ins that count, fail on demand and hand out other bytes than they were given.
 */
import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { SeededRandom } from '@kiki/kernel';
import { ObjectStore, type StoredObject } from '@kiki/objects';
import { FORMATS, STRATEGIES, type Measurer, type Scene } from '@kiki/studio';
import { FakeClock } from '@kiki/testing';
import type { Creative } from '../domain/creative.js';
import type { GenerateRequest } from '../domain/requests.js';
import { Creatives } from './creatives.js';
import { ImageSource, type FetchedImage } from './image-source.js';
import { NoObserver } from './jobs.fixture.js';
import { LookAtPicture } from './look-at-picture.js';
import { MakeCreatives } from './make-creatives.js';
import { PictureMaker, type DecodedPicture } from './picture-maker.js';
import { Saliency } from './saliency.js';

const measurer: Measurer = {
  width: (text, { sizePx }) => [...text].length * 0.56 * sizePx,
  missing: () => [],
};

class FakePictures extends PictureMaker {
  override readonly measurer = measurer;
  readonly drawn: Scene[] = [];
  readonly decoded: string[] = [];
  override async draw(scene: Scene) {
    this.drawn.push(scene);
    return { bytes: Buffer.from(`${scene.strategy} picture`), contentType: 'image/jpeg' };
  }
  override async decode(bytes: Uint8Array): Promise<DecodedPicture> {
    this.decoded.push(Buffer.from(bytes).toString());
    const { width, height } = FORMATS.meta_1_1;
    const pixels = { width, height, data: new Uint8Array(3 * width * height) };
    return { width, height, contentType: 'image/jpeg', pixels, perceptualHash: '0'.repeat(16) };
  }
  override measure = () => Promise.resolve({ width: 400, height: 300, isCutOut: false });
  override sample = (_bytes: Uint8Array, side: number) =>
    Promise.resolve({ side, planes: new Float32Array(3 * side * side) });
  override cut = () => Promise.resolve({ png: new Uint8Array() });
}

class MemoryObjects extends ObjectStore {
  readonly all = new Map<string, Uint8Array>();
  override async put(
    _tenant: string,
    bytes: Uint8Array,
    contentType: string,
  ): Promise<StoredObject> {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    this.all.set(sha256, Buffer.concat([bytes, Buffer.from(', as stored')]));
    return { sha256, bytes: bytes.length, contentType };
  }
  override async get(_tenant: string, sha256: string) {
    const bytes = this.all.get(sha256) ?? new Uint8Array();
    return { bytes, object: { sha256, bytes: bytes.length, contentType: 'image/jpeg' } };
  }
  override head = () => Promise.resolve(undefined);
  override ping = () => Promise.resolve();
}

class MemoryCreatives extends Creatives {
  readonly all: Creative[] = [];
  failAt = Infinity;
  override async add(creative: Creative): Promise<void> {
    if (this.all.length === this.failAt) throw new Error('the database went away');
    this.all.push(creative);
  }
  override find = () => Promise.resolve(undefined);
  override findByHash = () => Promise.resolve(undefined);
  override ofJob = () => Promise.resolve([...this.all]);
  override list = () => Promise.resolve([]);
}

class OnePhoto extends ImageSource {
  override load = (): Promise<FetchedImage> =>
    Promise.resolve({
      bytes: Buffer.from('photo'),
      contentType: 'image/png',
      sha256: 'f'.repeat(64),
    });
}

class BlindSaliency extends Saliency {
  override readonly side = 8;
  override readonly model = 'none';
  override look = () => Promise.resolve(undefined);
}

function setUp() {
  const pictures = new FakePictures();
  const creatives = new MemoryCreatives();
  const look = new LookAtPicture(pictures, new BlindSaliency());
  const parts = {
    images: new OnePhoto(),
    objects: new MemoryObjects(),
    observer: new NoObserver(),
  };
  const workshop = { pictures, look, creatives, ...parts };
  const make = new MakeCreatives(workshop, new FakeClock(), new SeededRandom(1));
  return { make, pictures, creatives };
}

const request: GenerateRequest = {
  brief: {
    product: { name: 'Mug', features: ['Leak-proof lid'] },
    brand: { name: 'Nord', colors: ['#3b82f6'] },
    seed: 1,
  },
  variants: 5,
  platform: 'meta_1_1',
};
const job = { tenant: 't', jobId: 'j' };

describe('MakeCreatives', () => {
  it('goes on where it stopped', async () => {
    const { make, pictures, creatives } = setUp();
    creatives.failAt = 2;
    await expect(make.execute(job, request)).rejects.toThrow('the database went away');
    creatives.failAt = Infinity;
    const made = await make.execute(job, request);
    expect(made.map(({ strategy }) => strategy)).toEqual([...STRATEGIES]);
    expect(pictures.drawn.map(({ strategy }) => strategy)).toEqual([
      ...STRATEGIES.slice(0, 3),
      ...STRATEGIES.slice(2),
    ]);
  });

  it('makes as many as are asked for and tells how far it is', async () => {
    const { make } = setUp();
    const fractions: number[] = [];
    const onEach = async (fraction: number): Promise<void> => void fractions.push(fraction);
    expect(await make.execute(job, { ...request, variants: 2 }, onEach)).toHaveLength(2);
    expect(fractions).toEqual([0.5, 1]);
  });

  it('checks the file as it is stored, and says that nothing can be read in it', async () => {
    const { make, pictures } = setUp();
    const [creative] = await make.execute(job, { ...request, variants: 1 });
    expect(pictures.decoded).toEqual(['control picture, as stored']);
    expect(creative?.isPassed).toBe(false);
    const failed = creative?.checks.filter(({ status }) => status === 'failed');
    expect(failed?.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['contrast', 'brand_color']),
    );
  });

  it('goes on without the model, and says so', async () => {
    const { make } = setUp();
    const [creative] = await make.execute(job, {
      ...request,
      variants: 1,
      photoUrl: 'https://x.test/',
    });
    expect(creative).toMatchObject({
      attention: null,
      provenance: {
        digitalSource: 'compositeSynthetic',
        cropBy: 'fallback',
        photoSha256: 'f'.repeat(64),
      },
    });
  });
});
