import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DemoPlatform } from './demo-platform.js';
import { BUDGET } from './plan.js';
import { poll } from './poll.js';

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
    name: 'Northlight Headphones',
    features: ['40 hours of battery', 'Adaptive noise cancelling', 'Folds flat'],
    usp: 'Hear the music, not the room',
    category: 'audio',
  },
  brand: {
    name: 'Northlight (demo brand)',
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
  readonly outDir: string;
  readonly signal: AbortSignal;
}

interface JobAnswer {
  readonly status: 'queued' | 'running' | 'done' | 'failed';
  readonly creatives?: readonly CreativeAnswer[];
}

interface CreativeAnswer {
  readonly id: string;
  readonly variant: string;
  readonly platform: string;
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly passed: boolean;
}
