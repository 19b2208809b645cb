/* A vanilla RNN with two units: the same numbers as rnncourse.in_numpy, and where it ends up without input. */

const DARK_STEPS = 1000; // steps without input after the last one
const SETTLED = 700; // of them, how many are left out because the state is still settling
const MOST_POINTS = 12; // a cycle of more points is not told from drifting
const SAME = 1e-4;

/* A row times a matrix. */
function rowTimes(row, matrix) {
  return matrix[0].map((_, unit) => row.reduce((sum, value, k) => sum + value * matrix[k][unit], 0));
}

/* W times a rotation by that many degrees, in the direction in which W turns. */
function turnedFurther(W, degrees) {
  const angle = (degrees * Math.PI) / 180 * (W[0][1] < W[1][0] ? -1 : 1);
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return W.map((row) => rowTimes(row, [[c, s], [-s, c]]));
}

/* The angle of the complex eigenvalues of a 2 × 2 matrix in degrees: 0 or 180 where they are real. */
function turnOf([[a, b], [c, d]]) {
  const [half, det] = [(a + d) / 2, a * d - b * c];
  const squared = det - half * half;
  if (squared <= 0) return half >= 0 ? 0 : 180;
  return (Math.atan2(Math.sqrt(squared), half) * 180) / Math.PI;
}

function rnnStep(p, input, before) {
  const x = p.W_xh.map((_, k) => (k === input ? 1 : 0));
  const fromX = rowTimes(x, p.W_xh);
  const fromH = rowTimes(before, p.W_hh);
  const a = fromX.map((one, unit) => one + fromH[unit] + p.b_h[unit]);
  return { x, before, fromX, fromH, a, h: a.map(Math.tanh) };
}

/* Every step of a sequence. inputs: an index, or null for a row of zeros. notes: null, or what replaces the state
   before that step. */
function stateRun(p, inputs, notes) {
  let h = [0, 0];
  return inputs.map((input, t) => {
    const step = rnnStep(p, input, notes[t] ?? h);
    h = step.h;
    return step;
  });
}

/* Where a state ends up without input: the last states, how many points it goes around (null: it does not come back
   to where it was), and how far it turns a step around their middle. */
function longRun(p, [u, v]) {
  const [[a, b], [c, d]] = p.W_hh;
  const [e, f] = p.b_h;
  const states = [];
  for (let n = 0; n < DARK_STEPS; n++) {
    [u, v] = [Math.tanh(u * a + v * c + e), Math.tanh(u * b + v * d + f)];
    if (n >= SETTLED) states.push([u, v]);
  }
  const apart = (k, n) => Math.hypot(states[n][0] - states[n - k][0], states[n][1] - states[n - k][1]);
  const comesBack = (k) => states.every((_, n) => n < k || apart(k, n) < SAME);
  const points = Array.from({ length: MOST_POINTS }, (_, k) => k + 1).find(comesBack) ?? null;
  return { states, points, turn: points === 1 ? null : meanTurn(states) };
}

/* How far the states turn a step around their middle, in degrees. What is first and last hardly counts: where in a
   turn the states begin and end would move a plain mean by a tenth of a degree. */
function meanTurn(states) {
  const middle = [0, 1].map((unit) => smoothMean(states.map((one) => one[unit])));
  const arrows = states.map((one) => [one[0] - middle[0], one[1] - middle[1]]);
  const turns = arrows.slice(1).map(([x, y], n) => {
    const [u, v] = arrows[n];
    return Math.abs(Math.atan2(u * y - v * x, u * x + v * y));
  });
  return (smoothMean(turns) * 180) / Math.PI;
}

/* A mean with weights that rise from 0 and fall to 0 again. */
function smoothMean(values) {
  let [sum, weights] = [0, 0];
  values.forEach((value, n) => {
    const share = (n + 0.5) / values.length;
    const weight = Math.exp(-1 / (share * (1 - share)));
    sum += weight * value;
    weights += weight;
  });
  return sum / weights;
}

/* The corners of the part of a square in which answer k has the highest logit; none where it never has. */
function areaOf({ W, b }, k, reach) {
  let corners = [[-1, -1], [1, -1], [1, 1], [-1, 1]].map((one) => one.map((side) => side * reach));
  b.forEach((_, j) => {
    if (j === k) return;
    const height = ([x, y]) => x * (W[0][k] - W[0][j]) + y * (W[1][k] - W[1][j]) + b[k] - b[j];
    corners = corners.flatMap((here, n) => {
      const there = corners[(n + 1) % corners.length];
      const [low, high] = [height(here), height(there)];
      const cut = here.map((one, axis) => one + ((there[axis] - one) * low) / (low - high));
      return [...(low >= 0 ? [here] : []), ...(low >= 0 !== high >= 0 ? [cut] : [])];
    });
  });
  return corners;
}

function answerOf({ W, b }, h) {
  const logits = rowTimes(h, W).map((one, k) => one + b[k]);
  return logits.indexOf(Math.max(...logits));
}
