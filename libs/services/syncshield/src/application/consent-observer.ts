import type { ConsentAnswer } from '../domain/consent/judge-consent.js';

/** Is told what the consent registry answers. */
export abstract class ConsentObserver {
  /** @param seconds how long all answers of a call took */
  abstract checked(answers: readonly ConsentAnswer[], seconds: number): void;
  /** Words that were taken down, replays not counted. */
  abstract recorded(action: 'granted' | 'withdrawn' | 'objected', count: number): void;
}
