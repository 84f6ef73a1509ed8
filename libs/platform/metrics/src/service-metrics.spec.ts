/**
 * Goal: a service's metrics are named by the rules and nobody else's. Method: two registries in one process, read
 * as text.
 */
import { describe, expect, it } from '@jest/globals';
import type { Gauge } from 'prom-client';
import { HttpRed, JobRed } from './red.js';
import { ServiceMetrics } from './service-metrics.js';

const flow = new ServiceMetrics('syncflow', '1.2.3');
const shield = new ServiceMetrics('syncshield', '1.2.3');

/** The names of the series on a page. */
async function seriesOf(metrics: ServiceMetrics): Promise<string[]> {
  const page = await metrics.registry.metrics();
  return page.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

describe('ServiceMetrics', () => {
  it('has the default metrics and build info of its own, and nothing of another', async () => {
    for (const [metrics, prefix] of [
      [flow, 'kiki_syncflow_'],
      [shield, 'kiki_syncshield_'],
    ] as const) {
      const series = await seriesOf(metrics);
      expect(series.length).toBeGreaterThan(20);
      expect(series.filter((line) => !line.startsWith(prefix))).toEqual([]);
      const node = process.versions.node;
      expect(series).toContain(`${prefix}build_info{version="1.2.3",node="${node}"} 1`);
      expect(series.some((line) => line.startsWith(`${prefix}nodejs_eventloop_lag_`))).toBe(true);
    }
  });

  it('gives the same metric for the same name, and separate ones to separate services', async () => {
    const options = { name: 'bids_total', help: 'Bids.' };
    flow.counter(options).inc(2);
    flow.counter(options).inc(3);
    shield.counter(options).inc(7);
    expect(await seriesOf(flow)).toContain('kiki_syncflow_bids_total 5');
    expect(await seriesOf(shield)).toContain('kiki_syncshield_bids_total 7');
  });

  it('asks for the values of a gauge that collects them with each page, not before', async () => {
    const metrics = new ServiceMetrics('syncvalue', '1');
    let calls = 0;
    const collect = (gauge: Gauge<'method'>): void => gauge.set({ method: 'Say' }, ++calls);
    metrics.gauge({ name: 'calls', help: 'Calls.', labelNames: ['method'], collect });
    expect(calls).toBe(0);
    expect(await seriesOf(metrics)).toContain('kiki_syncvalue_calls{method="Say"} 1');
    expect(await seriesOf(metrics)).toContain('kiki_syncvalue_calls{method="Say"} 2');
  });

  it('counts requests by method, route and status', async () => {
    const red = new HttpRed(flow);
    red.observe('GET', '/v1/things/:id', 200, 0.004);
    red.observe('GET', '/v1/things/:id', 200, 0.2);
    red.observe('GET', '/v1/things/:id', 404, 0.004);
    const name = 'kiki_syncflow_http_request_duration_seconds';
    const labels = 'method="GET",route="/v1/things/:id"';
    const series = await seriesOf(flow);
    expect(series).toContain(`${name}_count{${labels},status="200"} 2`);
    expect(series).toContain(`${name}_count{${labels},status="404"} 1`);
    expect(series).toContain(`${name}_bucket{le="0.005",${labels},status="200"} 1`);
  });

  it('prints durations as a histogram: cumulative buckets, sum, count, one line per series', async () => {
    const metrics = new ServiceMetrics('syncengage', '1');
    for (const seconds of [0.001, 0.0011, 40])
      new JobRed(metrics).observe('mails', 'dead', seconds);
    new JobRed(metrics).observe('mails', 'dead', Number.NaN);
    const name = 'kiki_syncengage_job_duration_seconds';
    const labels = 'queue="mails",outcome="dead"';
    const page = await metrics.registry.getSingleMetricAsString(name);
    const lines = page.split('\n');
    expect(lines.slice(0, 5)).toEqual([
      `# HELP ${name} Queue jobs by queue.`,
      `# TYPE ${name} histogram`,
      `${name}_bucket{le="0.001",${labels}} 1`,
      `${name}_bucket{le="0.0025",${labels}} 2`,
      `${name}_bucket{le="0.005",${labels}} 2`,
    ]);
    expect(lines.slice(-3)).toEqual([
      `${name}_bucket{le="+Inf",${labels}} 3`,
      `${name}_sum{${labels}} 40.0021`,
      `${name}_count{${labels}} 3`,
    ]);
    metrics.registry.resetMetrics();
    expect(await metrics.registry.getSingleMetricAsString(name)).toContain(`_count{${labels}} 0`);
  });
});
