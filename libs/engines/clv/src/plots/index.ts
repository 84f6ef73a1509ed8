export {
  alivePlot,
  calibrationPlot,
  decilePlot,
  trackingPlot,
  type AliveMatrixOptions,
  type PredictedActual,
} from './plots.js';
