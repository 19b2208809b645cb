/* One LSTM unit over a sequence, with gates that are computed or held: the same numbers as rnncourse.in_numpy. */

const GATES = ["i", "f", "g", "o"];

function sigmoid(a) {
  return 1 / (1 + Math.exp(-a));
}

/* x: T numbers; clamps: gate -> T numbers, null where the cell computes it; weights: gate -> [of x, of h, bias]. */
function gateRun(x, clamps, weights) {
  const run = { i: [], f: [], g: [], o: [], c: [], h: [] };
  let [h, c] = [0, 0];
  x.forEach((now, t) => {
    for (const gate of GATES) {
      const [ofX, ofH, bias] = weights[gate];
      const a = now * ofX + h * ofH + bias;
      const held = clamps[gate][t];
      run[gate].push(held ?? (gate === "g" ? Math.tanh(a) : sigmoid(a)));
    }
    c = run.f[t] * c + run.i[t] * run.g[t];
    h = run.o[t] * Math.tanh(c);
    run.c.push(c);
    run.h.push(h);
  });
  run.survives = survives(run, clamps, weights);
  return run;
}

/* ∂c_T/∂c_t for each t: along the belt, and through h where later gates are computed from it. */
function survives(run, clamps, weights) {
  const left = [];
  let [dc, dh] = [1, 0];
  for (let t = run.c.length - 1; t >= 0; t--) {
    const tanhC = Math.tanh(run.c[t]);
    dc += dh * run.o[t] * (1 - tanhC ** 2);
    left[t] = dc;
    const towards = { i: dc * run.g[t], f: dc * (t ? run.c[t - 1] : 0), g: dc * run.i[t], o: dh * tanhC };
    dh = 0;
    for (const gate of GATES) {
      if (clamps[gate][t] !== null) continue;
      const value = run[gate][t];
      const slope = gate === "g" ? 1 - value ** 2 : value * (1 - value);
      dh += towards[gate] * slope * weights[gate][1];
    }
    dc *= run.f[t];
  }
  return left;
}
