import { uuidv7, type Clock, type Random } from '@kiki/kernel';
import type { JourneyRun } from '../domain/journey.js';
import { errors } from '../errors.js';
import type { Journeys } from './journeys.js';
import type { EngageJobs } from './segments.js';

/** Starts a run of a journey; while one waits or runs, that one is the answer. */
export class StartRun {
  constructor(
    private readonly journeys: Journeys,
    private readonly jobs: EngageJobs,
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  /** @throws journey_not_found, journey_paused */
  async execute(tenant: string, journeyId: string): Promise<JourneyRun> {
    const journey = await this.journeys.find(tenant, journeyId);
    if (journey === undefined) throw errors.journey_not_found();
    if (!journey.isActive) throw errors.journey_paused();
    const id = uuidv7(this.clock, this.random);
    const run = await this.journeys.requestRun(tenant, journeyId, id, this.clock.now());
    // Also for a run that waits already: its job may have been lost between the two stores; a
    // second one does no harm.
    if (run.state === 'queued') await this.jobs.runJourney(tenant, run.id);
    return run;
  }
}
