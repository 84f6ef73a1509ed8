/**
 * Goal: the special functions keep their digits. Method: values of mpmath with 40 digits; polynomials for the
 * integral.
 */
import { describe, expect, it } from '@jest/globals';
import { digamma, logGamma } from './gamma.js';
import { integrate } from './gauss-legendre.js';
import { logHyp2f1 } from './hypergeometric.js';
import { betaExpectation } from './logit-quadrature.js';

/** x, log Γ(x), ψ(x). */
const GAMMA = [
  [1e-6, 13.815509980749431669, -1000000.5772140199687],
  [0.01, 4.5994798780420217225, -100.5608854578686745],
  [0.5, 0.57236494292470008707, -1.9635100260214234794],
  [1, 0, -0.57721566490153286061],
  [2.5, 0.28468287047291915963, 0.70315664064524318723],
  [9.999, 12.799575780077412467, 2.2516474172057352559],
  [10, 12.801827480081469611, 2.2517525890667211076],
  [123.456, 469.60554712992946873, 4.8118293238289853873],
  [1e5, 1051287.7089736568949, 11.512920464961895087],
] as const;

/** a, b, c, z, log ₂F₁. */
const HYPERGEOMETRIC = [
  [0.25, 2.4, 3.2, 0.5, 0.12163184430747820558],
  [1000.25, 3.4, 1003.2, 0.9, 7.7416076257412175487],
  [100.24, 102.4, 102.2, 0.84, 184.06122333453468778],
  [26.25, 28.4, 28.2, 0.45, 15.806427695352561107],
  [2.2, 3.4, 4.2, 0.99, 7.1584912033097614279],
  [500.24, 502, 502.8, 0.999, 3450.0133833617122235],
  [0.01, 0.02, 0.5, 0.3, 0.00013486152290051705968],
  [30, 2, 1, 0.7, 40.3818640068193952],
] as const;

describe('numerics', () => {
  it.each(GAMMA)('log Γ and ψ at %d', (x, gamma, psi) => {
    expect(Math.abs(logGamma(x) - gamma)).toBeLessThan(3e-14 * Math.max(1, Math.abs(gamma)));
    expect(Math.abs(digamma(x) - psi)).toBeLessThan(3e-14 * Math.max(1, Math.abs(psi)));
  });

  it.each(HYPERGEOMETRIC)('log ₂F₁(%d, %d; %d; %d)', (a, b, c, z, expected) => {
    expect(Math.abs(logHyp2f1(a, b, c, z) - expected)).toBeLessThan(1e-11 * Math.max(1, expected));
  });

  it('integrates polynomials up to degree 15 exactly and splits evenly', () => {
    const power = (x: number): number => x ** 15;
    expect(integrate(power, 0, 1, 1)).toBeCloseTo(1 / 16, 14);
    expect(integrate(Math.exp, -1, 3, 6)).toBeCloseTo(Math.exp(3) - Math.exp(-1), 12);
  });

  it('averages over a beta distribution', () => {
    expect(betaExpectation(0.8, 2.4, (p) => p)).toBeCloseTo(0.8 / 3.2, 13);
    const narrow = betaExpectation(2e6, 6e6, (p) => (1 + 5 * p) ** -30);
    const exact = Math.exp(30 * Math.log1p(-5 / 6) + logHyp2f1(30, 6e6, 8e6, 5 / 6));
    expect(Math.abs(narrow / exact - 1)).toBeLessThan(1e-9);
    expect(betaExpectation(50, 3, (p) => p * p)).toBeCloseTo((50 * 51) / (53 * 54), 13);
  });
});
