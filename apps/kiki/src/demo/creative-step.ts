import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errors } from '../errors.js';
import type { DemoPlatform } from './demo-platform.js';
import { BUDGET } from './plan.js';
import { poll } from './poll.js';
import type { CreateJobAnswer, CreativeAnswer } from './wire.js';

/** Placements that the demo makes creatives for. */
export const PLATFORMS = [
  'tiktok_9_16',
  'meta_1_1',
  'meta_4_5',
  'linkedin_191_1',
  'google_rda_191_1',
] as const;

const VARIANTS = 5;

/** What is advertised: made up, and said so. */
const BRIEF = {
  product: {
    name: 'Trail Runner 2',
    features: ['Lasts 800 km', 'Grips on wet rock', 'Made of recycled mesh'],
    usp: 'Light on every trail',
    category: 'footwear',
  },
  brand: {
    name: 'Northlight Demo',
    primary_colors: ['#1d4ed8', '#f59e0b'],
    tone_of_voice: 'confident and warm',
  },
} as const;

/** A creative as it is stored, beside its file in the output folder. */
export interface DemoCreative {
  readonly id: string;
  readonly variant: string;
  readonly platform: string;
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly path: string;
  readonly passed: boolean;
  readonly image: Buffer;
}

/** What the creative step works with. */
export interface CreativeStepInput {
  readonly platform: DemoPlatform;
  readonly seed: number;
  readonly outDir: string;
  readonly signal: AbortSignal;
}

/** Makes 5 × 5 creatives on a budget, has each stored file checked again, and saves the files. */
export async function runCreativeStep(input: CreativeStepInput): Promise<DemoCreative[]> {
  const folder = join(input.outDir, 'creatives');
  await mkdir(folder, { recursive: true });
  const made: DemoCreative[] = [];
  for (const placement of PLATFORMS) {
    const creatives = await generate(input, placement);
    made.push(...(await Promise.all(creatives.map((one) => fetchAndCheck(input, folder, one)))));
  }
  return made;
}

async function generate(input: CreativeStepInput, placement: string): Promise<CreativeAnswer[]> {
  const body = { ...BRIEF, variants: VARIANTS, platform: placement, seed: input.seed };
  const headers = { prefer: 'wait=25', 'kiki-budget': BUDGET.creative };
  const { creatives } = await ended(input, '/api/v1/generate', body, headers);
  return creatives;
}

async function fetchAndCheck(
  input: CreativeStepInput,
  folder: string,
  {
    id,
    variant,
    platform,
    width,
    height,
    bytes,
    sha256,
    passed,
    imageUrl,
    contentType,
  }: CreativeAnswer,
): Promise<DemoCreative> {
  const image = await input.platform.api('synccreate').bytes(imageUrl);
  const suffix = contentType.split('/').at(-1)?.replace('jpeg', 'jpg') ?? 'bin';
  const path = join(folder, `${platform}-${variant}.${suffix}`);
  await writeFile(path, image);
  const check = {
    image_url: `kiki://objects/${sha256}`,
    brand: { name: BRIEF.brand.name, primary_colors: BRIEF.brand.primary_colors },
    platform,
  };
  const { validation } = await ended(input, '/api/v1/validate', check, { prefer: 'wait=25' });
  const isPassed = passed && validation?.passed === true;
  return { id, variant, platform, width, height, bytes, sha256, path, passed: isPassed, image };
}

/** Sends a job and waits for its end, also where it takes longer than one answer may. @throws demo_stalled */
async function ended(
  { platform, signal }: CreativeStepInput,
  path: string,
  body: object,
  headers: Readonly<Record<string, string>>,
): Promise<CreateJobAnswer> {
  const create = platform.api('synccreate');
  const asked = await create.post<CreateJobAnswer>(path, body, { headers, signal });
  const job = await poll(
    'SyncCreate to end a job',
    async () => {
      const now = isEnded(asked)
        ? asked
        : await create.get<CreateJobAnswer>(asked.statusUrl, { signal });
      return isEnded(now) && now;
    },
    { timeoutMs: 90_000, everyMs: 250, signal },
  );
  if (job.status === 'done') return job;
  const reason = job.error?.detail ?? job.budget?.reason ?? 'no reason given';
  throw errors.demo_stalled(`A job of SyncCreate is ${job.status}: ${reason}.`);
}

function isEnded({ status }: CreateJobAnswer): boolean {
  return status === 'done' || status === 'failed' || status === 'denied';
}
