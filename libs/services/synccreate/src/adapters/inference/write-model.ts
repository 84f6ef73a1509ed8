import { writeFileSync } from 'node:fs';
import { encodeOnnx } from '@kiki/inference';
import { modelUrl } from './model-file.js';
import { saliencyGraph } from './saliency-graph.js';

/** `npm run model -w @kiki/service-synccreate`: writes the committed ONNX file from its description. */
writeFileSync(modelUrl, encodeOnnx(saliencyGraph));
