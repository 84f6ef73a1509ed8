/** Goal: depth and age of the oldest job are on the metrics page. Method: queues in the spec's hand, the registry's own text. */
import { describe, expect, it } from '@jest/globals';
import { ServiceMetrics } from '@kiki/metrics';
import type { JobQueue } from './ports.js';
import { QueueGauges } from './queue-gauges.js';

describe('queue gauges', () => {
  it('show each state of each queue and the age in seconds', async () => {
    const metrics = new ServiceMetrics('syncflow', '1');
    const depth = { waiting: 3, active: 2, delayed: 1, dead: 4, oldestMs: 1500 };
    const bids = { depth: () => Promise.resolve(depth) } as JobQueue<unknown>;
    const gauges = new QueueGauges(metrics, new Map([['bids', bids]]));
    await gauges.refresh();
    gauges.stop();
    const page = await metrics.registry.metrics();
    for (const [state, count] of Object.entries({ waiting: 3, active: 2, delayed: 1, dead: 4 })) {
      expect(page).toContain(
        `kiki_syncflow_queue_depth_jobs{queue="bids",state="${state}"} ${count}`,
      );
    }
    expect(page).toContain('kiki_syncflow_queue_oldest_job_age_seconds{queue="bids"} 1.5');
  });
});
