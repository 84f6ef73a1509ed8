import { CurrentPrincipal, RequireScope, type Principal } from '@kiki/auth';
import * as wire from '@kiki/contract-syncvalue';
import { CallSignal } from '@kiki/grpc';
import { kernelErrors } from '@kiki/kernel';
import { Controller } from '@nestjs/common';
import { GrpcStreamMethod, Payload } from '@nestjs/microservices';
import { ImportModel } from '../../application/import-model.js';
import { labelOf, spendKindOf } from './enums.js';
import { modelAnswer } from './model-answer.js';
import { mayLabel } from './models.controller.js';
import { declarationOf } from './onnx-messages.js';
import { gateAnswer } from './promotion-answer.js';

/** Takes in models that users bring. */
@Controller()
export class OnnxController {
  constructor(private readonly imports: ImportModel) {}

  @GrpcStreamMethod('SyncValueService', 'ImportModel')
  @RequireScope('value:write')
  async importModel(
    @Payload() messages: AsyncIterable<wire.ImportModelRequest>,
    @CurrentPrincipal() principal: Principal,
    @CallSignal() signal: AbortSignal,
  ): Promise<wire.ImportModelResponse> {
    const stream = messages[Symbol.asyncIterator]();
    const first = await stream.next();
    if (first.done === true) throw withoutDeclaration();
    const { declaration, label, spendKind, graphChunk } = first.value;
    if (declaration === undefined) throw withoutDeclaration();
    const isSpendGiven = spendKind !== wire.SpendModelKind.UNSPECIFIED;
    const request = {
      declaration: (terms: { readonly timeZone: string }) => declarationOf(declaration, terms),
      spendKind: isSpendGiven ? spendKindOf(spendKind) : undefined,
      label: mayLabel(labelOf(label), principal),
      by: principal.keyId,
    };
    const pieces = piecesOf(graphChunk, stream);
    const imported = await this.imports.execute(principal.tenant, request, pieces, signal);
    return {
      model: modelAnswer(imported.model),
      isNew: imported.isNew,
      gates: imported.gates.map(gateAnswer),
    };
  }
}

async function* piecesOf(
  first: Uint8Array,
  rest: AsyncIterator<wire.ImportModelRequest>,
): AsyncGenerator<Uint8Array> {
  if (first.length > 0) yield first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
    if (next.value.declaration !== undefined) throw withoutDeclaration();
    yield next.value.graphChunk;
  }
}

function withoutDeclaration(): Error {
  return kernelErrors.invalid_request(
    'The first message of the stream, and no other, declares the model.',
    {
      fields: [
        { field: 'declaration', expected: 'what the graph takes and gives, in the first message' },
      ],
    },
  );
}
