import type { Clock, Random } from '@kiki/kernel';
import type { Journey, JourneyDraft } from '../domain/journey.js';
import { unknownPlaceholders } from '../domain/template.js';
import { errors } from '../errors.js';
import type { Journeys } from './journeys.js';

const SALT_BYTES = 16;

/** Creates or changes a journey; its arms never change. */
export class SaveJourney {
  constructor(
    private readonly journeys: Journeys,
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  /** @throws template_invalid, journey_immutable_field */
  async execute(tenant: string, draft: JourneyDraft): Promise<Journey> {
    for (const field of ['subject', 'body'] as const) {
      const unknown = unknownPlaceholders(draft[field]);
      if (unknown.length > 0) {
        const expected = `no placeholder such as ${unknown.join(', ')}`;
        throw errors.template_invalid(undefined, { fields: [{ field, expected }] });
      }
    }
    const known = draft.salt === undefined ? await this.journeys.find(tenant, draft.id) : undefined;
    const salt = draft.salt ?? known?.salt ?? this.newSalt();
    return this.journeys.save(tenant, { ...draft, salt }, this.clock.now());
  }

  private newSalt(): string {
    return Buffer.from(this.random.bytes(SALT_BYTES)).toString('hex');
  }
}
