import { decisionsDigest } from '../domain/decision.js';
import type { Decisions } from './decisions.js';

/** The decisions of a campaign as one hash. */
export interface CampaignDigest {
  readonly decisions: number;
  readonly decisionsDigest: string;
}

/** Campaigns whose last digest is kept. */
const KEPT = 1000;

/**
 * Hashes what was decided before money was asked for. That part of a decision never changes and no decision goes
 * away, so a digest is good for as long as their number is the same.
 */
export class DigestDecisions {
  private readonly last = new Map<string, CampaignDigest>();

  constructor(private readonly decisions: Decisions) {}

  async execute(tenant: string, campaignId: string): Promise<CampaignDigest> {
    const key = `${tenant}\0${campaignId}`;
    const known = this.last.get(key);
    if (known?.decisions === (await this.decisions.count(tenant, campaignId))) return known;
    const lines = await this.decisions.digestLines(tenant, campaignId);
    const digest = { decisions: lines.length, decisionsDigest: decisionsDigest(lines) };
    this.last.delete(key);
    this.last.set(key, digest);
    const [oldest] = this.last.keys();
    if (this.last.size > KEPT && oldest !== undefined) this.last.delete(oldest);
    return digest;
  }
}
