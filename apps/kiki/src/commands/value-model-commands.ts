import {
  defineCommand,
  integerOption,
  switchOption,
  textOption,
  type AnyCliCommand,
} from '@kiki/cli';
import type { Environment } from '@kiki/config';
import {
  LabelMoveKind,
  ModelLabel,
  type LabelMove,
  type Model,
  type SyncValueClient,
} from '@kiki/contract-syncvalue';
import { modelFacts, short, showGates } from '../value/show-model.js';
import { syncValueClient } from './import-command.js';
import { importModelCommand } from './value-import-model-command.js';

const tenantOption = textOption('--tenant <tenant>', 'whose models', 'default');
const limitOption = integerOption('--limit <n>', 'at most so many', {
  min: 1,
  max: 100,
  fallback: 20,
});
const reasonOption = textOption('--reason <text>', 'why; kept with the move', '');

/** `kiki value models|moves|promote|rollback|import-model`: the models of a running SyncValue. */
export function valueModelCommands(environment: Environment): AnyCliCommand[] {
  return [
    listModels(environment),
    listMoves(environment),
    promote(environment),
    rollback(environment),
    importModelCommand(environment),
  ];
}

function listModels(environment: Environment): AnyCliCommand {
  return defineCommand({
    path: 'value models',
    summary: 'List the models of a running SyncValue, newest first, with their back-tests',
    options: { tenant: tenantOption, limit: limitOption },
    run: ({ options: { tenant, limit }, report }) =>
      withClient(environment, async (client) => {
        const { models } = await client.listModels({ pageSize: limit }, { tenant });
        report.result({ models: models.map(modelFacts) }, () =>
          report.table(
            ['version', 'labels', 'kind', 'fitted', 'customers', 'MAE', 'bias', 'Gini'],
            models.map(modelRow),
          ),
        );
      }),
  });
}

function listMoves(environment: Environment): AnyCliCommand {
  return defineCommand({
    path: 'value moves',
    summary: 'List who moved which label when and why, newest first',
    options: { tenant: tenantOption, limit: limitOption },
    run: ({ options: { tenant, limit }, report }) =>
      withClient(environment, async (client) => {
        const { moves } = await client.listLabelMoves({ pageSize: limit }, { tenant });
        report.result({ moves: moves.map(moveFacts) }, () =>
          report.table(
            ['at', 'label', 'from', 'to', 'how', 'by', 'reason'],
            moves
              .map(moveFacts)
              .map((move) => [
                ...[move.movedAt, move.label, move.previousVersion, move.modelVersion],
                ...[move.isForced ? `${move.kind}, forced` : move.kind, move.movedBy, move.reason],
              ]),
          ),
        );
      }),
  });
}

function promote(environment: Environment): AnyCliCommand {
  return defineCommand({
    path: 'value promote',
    summary: 'Make a model the champion, if its back-test passes the gates',
    details: 'Example: kiki value promote v3 --force --reason "the shop was closed in May"',
    args: [{ name: '<version>', summary: 'as `value models` shows it' }],
    options: {
      tenant: tenantOption,
      isForced: switchOption('--force', 'overrule gates that fail; needs --reason'),
      reason: reasonOption,
    },
    run: ({ args, options: { tenant, isForced, reason }, report }) =>
      withClient(environment, async (client) => {
        const modelVersion = args[0] ?? '';
        const request = { modelVersion, isForced, reason };
        const { previousVersion, gates } = await client.promoteModel(request, { tenant });
        report.result({ modelVersion, previousVersion, gates }, () => {
          report.say(`${modelVersion} is champion${after(previousVersion)}.`);
          showGates(report, gates);
        });
      }),
  });
}

function rollback(environment: Environment): AnyCliCommand {
  return defineCommand({
    path: 'value rollback',
    summary: 'Give the place of the champion back to the model that had it before',
    options: { tenant: tenantOption, reason: reasonOption },
    run: ({ options: { tenant, reason }, report }) =>
      withClient(environment, async (client) => {
        const { model, previousVersion } = await client.rollbackModel({ reason }, { tenant });
        const modelVersion = model?.modelVersion ?? '';
        report.result({ modelVersion, previousVersion }, () =>
          report.say(`${modelVersion} is champion again${after(previousVersion)}.`),
        );
      }),
  });
}

async function withClient(
  environment: Environment,
  work: (client: SyncValueClient) => Promise<void>,
): Promise<void> {
  const client = syncValueClient(environment);
  try {
    await client.ready(3_000);
    await work(client);
  } finally {
    client.close();
  }
}

function modelRow(model: Model): (string | number | undefined)[] {
  const { modelVersion, labels, kind, createdAt, customerCount, backtest } = modelFacts(model);
  return [
    ...[modelVersion, labels.join(' '), kind, createdAt?.toISOString(), customerCount],
    ...[short(backtest?.mae), short(backtest?.bias), short(backtest?.normalizedGini)],
  ];
}

function moveFacts({ label, kind, movedAt, gates, ...move }: LabelMove) {
  return {
    ...move,
    label: ModelLabel[label].toLowerCase(),
    kind: LabelMoveKind[kind].toLowerCase(),
    movedAt: movedAt?.toISOString(),
    failedGates: gates.filter(({ isPassed }) => !isPassed).map(({ gate }) => gate),
  };
}

function after(previousVersion: string): string {
  return previousVersion === '' ? '' : `, after ${previousVersion}`;
}
