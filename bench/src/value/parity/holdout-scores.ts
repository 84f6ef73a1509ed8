/**
 * Two scores as the reference computed them. They are not the back-test's (see `scoreForecast` of @kiki/clv): found by
 * trying what reproduces every printed figure of the table.
 */

/**
 * Mean over deciles of |Σ predicted − Σ actual| / Σ actual, customers in ascending order of the prediction, equal ones
 * in the order of the file; the first n mod 10 groups hold one more (numpy's array_split). The text of the reference
 * says descending order and ⌊in/10⌋, which puts other ones of the many equal customers at each border.
 */
export function ascendingDecileMape(predicted: Float64Array, actual: Float64Array): number {
  const order = orderBy(predicted, 1);
  const [size, larger] = [Math.floor(order.length / 10), order.length % 10];
  let [from, sum] = [0, 0];
  for (let decile = 0; decile < 10; decile++) {
    const to = from + size + (decile < larger ? 1 : 0);
    let [p, a] = [0, 0];
    for (let k = from; k < to; k++) {
      p += predicted[order[k] ?? 0] ?? 0;
      a += actual[order[k] ?? 0] ?? 0;
    }
    sum += Math.abs(p - a) / a;
    from = to;
  }
  return sum / 10;
}

/**
 * Gini of the actuals in descending order of the prediction (equal ones in the order of the file) over that of the
 * perfect order, each as the sum of cumulative shares less n/2: right-hand rectangles, where the trapezoid of
 * `scoreForecast` takes off (n+1)/2.
 */
export function rectangleGini(predicted: Float64Array, actual: Float64Array): number {
  return area(orderBy(predicted, -1), actual) / area(orderBy(actual, -1), actual);
}

function area(order: Uint32Array, actual: Float64Array): number {
  const total = actual.reduce((sum, value) => sum + value, 0);
  let [running, sum] = [0, 0];
  for (const i of order) {
    running += actual[i] ?? 0;
    sum += running / total;
  }
  return sum - order.length / 2;
}

/** Stable. */
function orderBy(values: Float64Array, sign: 1 | -1): Uint32Array {
  const order = Uint32Array.from(values, (_, i) => i);
  return order.sort((i, j) => sign * ((values[i] ?? 0) - (values[j] ?? 0)) || i - j);
}
