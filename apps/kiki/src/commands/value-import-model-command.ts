import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { choiceOption, defineCommand, textOption, type AnyCliCommand } from '@kiki/cli';
import type { Environment } from '@kiki/config';
import { ModelLabel } from '@kiki/contract-syncvalue';
import { kernelErrors } from '@kiki/kernel';
import { readDeclaration } from '../value/onnx-declaration.js';
import { modelFacts, showGates } from '../value/show-model.js';
import { syncValueClient } from './import-command.js';

const LABELS = { champion: ModelLabel.CHAMPION, challenger: ModelLabel.CHALLENGER } as const;

/** `kiki value import-model`: brings a model as an ONNX graph. */
export function importModelCommand(environment: Environment): AnyCliCommand {
  return defineCommand({
    path: 'value import-model',
    summary: 'Bring a model of your own, an ONNX graph, to a running SyncValue',
    details:
      'Example: kiki value import-model --graph model.onnx --declaration model.json\n' +
      'The declaration: {"name":"gbm-7","features":["repeat_purchases","age_days","horizon_days"],\n' +
      '"input":{"name":"x","type":"float32"},"output":{"name":"y","meaning":"purchases"},"currency":"EUR"}',
    options: {
      graph: textOption('--graph <file>', 'the ONNX file', undefined),
      declaration: textOption('--declaration <file>', 'what it takes and gives, JSON', undefined),
      label: choiceOption(
        '--label <label>',
        'place to give to it',
        ['champion', 'challenger'],
        undefined,
      ),
      tenant: textOption('--tenant <tenant>', 'whose model', 'default'),
    },
    run: async ({ options, report, signal }) => {
      const graph = required(options.graph, '--graph');
      const { declaration, spendKind } = await readDeclaration(
        required(options.declaration, '--declaration'),
      );
      await checkFile(graph);
      const client = syncValueClient(environment);
      try {
        await client.ready(3_000);
        const label = options.label === undefined ? 0 : LABELS[options.label];
        const call = { tenant: options.tenant, signal, label, spendKind };
        const answer = await client.importModel(declaration, createReadStream(graph), call);
        const { model, isNew, gates } = answer;
        if (model === undefined) throw kernelErrors.internal('The import ended without a model.');
        report.result({ ...modelFacts(model), isNew, gates }, () => {
          const labels = modelFacts(model).labels.join(' and ') || 'stored without a label';
          const before = isNew ? '' : ', as it was brought before';
          report.say(`${model.modelVersion} is ${labels}${before}.`);
          if (gates.length > 0) showGates(report, gates);
        });
      } finally {
        client.close();
      }
    },
  });
}

function required(value: string | undefined, flag: string): string {
  if (value !== undefined) return value;
  throw kernelErrors.invalid_request(`${flag} is missing.`, {
    fields: [{ field: flag, expected: 'a file' }],
  });
}

async function checkFile(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() === true) return;
  throw kernelErrors.invalid_request(`There is no file ${path}.`, {
    fields: [{ field: '--graph', expected: 'a readable file' }],
  });
}
