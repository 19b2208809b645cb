/* What the loss of each step says about each use of W_hh: the same numbers as in Python's _credit.py. */

function product(a, b) {
  return a.map((row) => b[0].map((_, k) => row.reduce((sum, one, j) => sum + one * b[j][k], 0)));
}

function transposed(a) {
  return a[0].map((_, k) => a.map((row) => row[k]));
}

function lengthOf(a) {
  return Math.sqrt(a.flat().reduce((sum, one) => sum + one * one, 0));
}

function softmaxRow(row) {
  const largest = Math.max(...row);
  const powers = row.map((one) => Math.exp(one - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((one) => one / sum);
}

/* p: matrices as lists of rows; x: T inputs (B, D); y: T lists of B targets. Returns { shares, reaches }: matrices
   (H, H) and lengths by loss and use, null for a use after the loss. */
function creditOf(p, x, y) {
  const h = [p.h0];
  for (const now of x) {
    const [fromX, fromH] = [product(now, p.W_xh), product(h.at(-1), p.W_hh)];
    h.push(fromX.map((row, b) => row.map((one, j) => Math.tanh(one + fromH[b][j] + p.b_h[j]))));
  }
  const [toState, toBefore] = [transposed(p.W_hy), transposed(p.W_hh)];
  const count = y.length * y[0].length;
  const [shares, reaches] = [y.map(() => y.map(() => null)), y.map(() => y.map(() => null))];
  y.forEach((targets, t) => {
    const s = product(h[t + 1], p.W_hy).map((row) => row.map((one, k) => one + p.b_y[k]));
    const ds = s.map((row, b) => softmaxRow(row).map((one, k) => (one - (k === targets[b] ? 1 : 0)) / count));
    let dh = product(ds, toState);
    for (let k = t; k >= 0; k--) {
      reaches[t][k] = lengthOf(dh);
      const da = dh.map((row, b) => row.map((one, j) => one * (1 - h[k + 1][b][j] ** 2)));
      shares[t][k] = product(transposed(h[k]), da);
      dh = product(da, toBefore);
    }
  });
  return { shares, reaches };
}

/* The first step of the backward pass in which the loss of step t counts; steps from 1. */
function firstStep(t, k1, k2) {
  return k1 * Math.ceil(Math.max(0, t - k2) / k1) + 1;
}

function isKept(t, k, k1, k2) {
  return k <= t && k >= firstStep(t, k1, k2);
}

function stepsBack(T, k1, k2) {
  const firsts = new Set(Array.from({ length: T }, (_, t) => firstStep(t + 1, k1, k2)));
  return [...firsts].reduce((sum, first) => sum + Math.min(T, first + k2 - 1) - first + 1, 0);
}

/* How far the truncated gradient of W_hh is from the whole one, relative to the whole one's length. */
function truncationError(shares, k1, k2) {
  const T = shares.length;
  const size = shares[0][0].length;
  const [whole, lost] = [0, 1].map(() => Array.from({ length: size }, () => Array(size).fill(0)));
  for (let t = 1; t <= T; t++) {
    for (let k = 1; k <= t; k++) {
      shares[t - 1][k - 1].forEach((row, i) => row.forEach((one, j) => {
        whole[i][j] += one;
        if (!isKept(t, k, k1, k2)) lost[i][j] += one;
      }));
    }
  }
  return lengthOf(lost) / lengthOf(whole);
}
