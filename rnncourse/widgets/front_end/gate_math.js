/* One LSTM unit over a sequence, with gates that are computed or held: the same numbers as rnncourse.in_numpy. */

const GATES = ["i", "f", "g", "o"];

/* x: T numbers; holds: gate -> T numbers, null where the cell computes it; weights: gate -> [of x, of h, bias]. */
function gateRun(x, holds, weights) {
  const run = { i: [], f: [], g: [], o: [], c: [], h: [] };
  let [h, c] = [0, 0];
  x.forEach((now, t) => {
    for (const gate of GATES) {
      const [ofX, ofH, bias] = weights[gate];
      const a = now * ofX + h * ofH + bias;
      const held = holds[gate][t];
      run[gate].push(held ?? (gate === "g" ? Math.tanh(a) : sigmoid(a)));
    }
    c = run.f[t] * c + run.i[t] * run.g[t];
    h = run.o[t] * Math.tanh(c);
    run.c.push(c);
    run.h.push(h);
  });
  run.survives = survives(run, holds, weights);
  return run;
}

/* ∂c_T/∂c_t for each t: along the belt, and through h where later gates are computed from it. */
function survives(run, holds, weights) {
  const left = [];
  let [dc, dh] = [1, 0];
  for (let t = run.c.length - 1; t >= 0; t--) {
    const tanhC = Math.tanh(run.c[t]);
    dc += dh * run.o[t] * (1 - tanhC ** 2);
    left[t] = dc;
    const towards = { i: dc * run.g[t], f: dc * (t ? run.c[t - 1] : 0), g: dc * run.i[t], o: dh * tanhC };
    dh = 0;
    for (const gate of GATES) {
      if (holds[gate][t] !== null) continue;
      const value = run[gate][t];
      const slope = gate === "g" ? 1 - value ** 2 : value * (1 - value);
      dh += towards[gate] * slope * weights[gate][1];
    }
    dc *= run.f[t];
  }
  return left;
}

/* ∂h_T/∂h_t of the vanilla RNN h = tanh(x + w h) on the same inputs. */
function rnnSurvives(x, w) {
  const kept = [];
  let h = 0;
  for (const now of x) {
    h = Math.tanh(now + w * h);
    kept.push(w * (1 - h ** 2));
  }
  const left = [];
  let share = 1;
  for (let t = x.length - 1; t >= 0; t--) {
    left[t] = share;
    share *= kept[t];
  }
  return left;
}

/* The missions' goals: whether a run, with its inputs and held gates, reaches them. start: how the mission began. */
const GOALS = {
  remember: ({ c }) => Math.abs(c[0]) >= 0.5 && Math.abs(c.at(-1) - c[0]) <= 0.05,
  forget: ({ c, g }, x, holds, start) => {
    const [first, second] = [g[0], g[4]];
    const kept = c.slice(0, 4).every((one) => Math.abs(one - first) <= 0.01) && Math.abs(first) >= 0.5;
    const alone = c.slice(4).every((one) => Math.abs(one - second) <= 0.01) && Math.abs(second) >= 0.5;
    const changed = GATES.flatMap((gate) => holds[gate].filter((one, t) => one !== start.holds[gate][t]));
    return kept && alone && changed.length === 1;
  },
  count: ({ c }, x) => {
    let sum = 0;
    return x.every((one, t) => Math.abs(c[t] - (sum += one / 2)) <= 0.05);
  },
  latch: ({ c }, x) => {
    let latest = 0;
    return x.every((one, t) => Math.abs(c[t] - (latest = one || latest)) <= 0.05);
  },
  keep: ({ c }) => Math.abs(c[0]) >= 0.5 && Math.abs(c.at(-1) / c[0] - 0.93) <= 0.005,
  gradient: (run, x, holds) => {
    const free = GATES.every((gate) => holds[gate].every((one) => one === null));
    return free && Math.abs(run.survives[0]) >= 0.5 && Math.abs(run.survives[0]) <= 2;
  },
};

const OWN_INPUTS = ["keep", "gradient"]; // the missions in which the inputs may be changed

function missionMet(start, x, holds, run) {
  const same = x.length === start.x.length && x.every((one, t) => one === start.x[t]);
  if (x.length !== start.x.length || (!same && !OWN_INPUTS.includes(start.name))) return false;
  return GOALS[start.name](run, x, holds, start);
}

/* A number as the pictures of the course write it: a true minus sign, no minus before zero. */
function written(value, digits = 2) {
  const words = value.toFixed(digits);
  return Number(words) === 0 ? (0).toFixed(digits) : words.replace("-", "−");
}

/* How many decimals the operands of a formula need so that a reader who calculates with what is printed gets the
   printed result. combine(operands): the formula. */
function digitsFor(operands, combine, result) {
  for (let digits = 2; digits < 8; digits++) {
    const rounded = operands.map((one) => Number(one.toFixed(digits)));
    if (combine(...rounded).toFixed(2) === result.toFixed(2)) return digits;
  }
  return 8;
}
