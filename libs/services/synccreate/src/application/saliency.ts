import type { SaliencyMap } from '../domain/saliency-map.js';
import type { SquareSample } from './picture-maker.js';

/** Says where the eye goes. */
export abstract class Saliency {
  /** Side of the sample it takes. */
  abstract readonly side: number;
  /** Name and version of the model. */
  abstract readonly model: string;
  /** Undefined when no model can be run at the moment: callers go on without. */
  abstract look(sample: SquareSample): Promise<SaliencyMap | undefined>;
}
