import { defineErrors } from '@kiki/kernel';

/** SyncFlow's error codes. */
export const errors = defineErrors({
  campaign_not_found: {
    kind: 'not_found',
    title: 'There is no such campaign.',
    fix: 'Create it with POST /v1/campaigns, or check the id and the tenant of your key.',
  },
  campaign_immutable_field: {
    kind: 'conflict',
    title: 'Currency, channel and budget of a campaign cannot change.',
    fix: 'Create a new campaign with another id.',
  },
  decision_not_found: {
    kind: 'not_found',
    title: 'No decision was made for this opportunity.',
    fix: 'Check the id; decisions exist once their bid job has run.',
  },
  exchange_unavailable: {
    kind: 'unavailable',
    title: 'The exchange does not take bids at the moment.',
    fix: 'Nothing to do: the job is retried, its holds stay the same.',
  },
});
