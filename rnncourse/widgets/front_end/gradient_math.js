/* A gradient on its way back through time: the same numbers as rnncourse.analysis.gradient_flow, an untrained layer of
   H units over one sequence. Matrices are rows one after the other, indexed [from * H + to], as for row vectors. */

const INPUTS = 2; // numbers that come in at each step
const LEAK = 0.01;
const [SMALL, LARGE] = [1e-100, 1e100]; // a product outside is rescaled, long before its squares underflow
const [DIES, EXPLODES] = [-3, 3]; // log10 of what is left after all steps
const BLOCKS = { rnn: ["a"], lstm: ["i", "f", "g", "o"] };

/* Each activation and its slope, both of the pre-activation. */
const PHI = {
  sigmoid: [(a) => sigmoid(a), (a) => sigmoid(a) * (1 - sigmoid(a))],
  tanh: [Math.tanh, (a) => 1 - Math.tanh(a) ** 2],
  relu: [(a) => Math.max(a, 0), (a) => (a > 0 ? 1 : 0)],
  leaky_relu: [(a) => (a > 0 ? a : LEAK * a), (a) => (a > 0 ? 1 : LEAK)],
};

function sigmoid(a) {
  return 0.5 * (1 + Math.tanh(0.5 * a));
}

/* The latest results of a function of texts and numbers, at most that many. */
function remembering(most, make) {
  const known = new Map();
  return (...given) => {
    const key = given.join();
    const found = known.get(key) ?? make(...given);
    known.delete(key);
    known.set(key, found);
    if (known.size > most) known.delete(known.keys().next().value);
    return found;
  };
}

/* The parameters of a new layer before its weights are scaled: W_x (INPUTS rows), a matrix of W_h for each block, and b.
   They are drawn as in_numpy draws them: a new layer takes its numbers first, then the initialization takes others. */
const drawnParameters = remembering(8, (kind, init, seed, H) => {
  const blocks = BLOCKS[kind].length;
  const random = numpyRandom([seed]);
  const [forX, forH] = [INPUTS * blocks * H, blocks * H * H];
  random.skip(forX + forH + blocks * H);
  if (init === "uniform") {
    const bound = 1 / Math.sqrt(H);
    const [W_x, W_h, b] = [forX, forH, blocks * H].map((n) => random.uniform(bound, n));
    return { W_x, W_h: splitBlocks(W_h, blocks, H), b };
  }
  const W_x = random.uniform(Math.sqrt(6 / (INPUTS + H)), forX);
  const drawn = random.uniform(Math.sqrt(6 / (H + H)), forH);
  const block = { glorot: null, orthogonal: () => orthogonalMatrix(random, H), identity: () => identityMatrix(H) }[init];
  const W_h = block ? BLOCKS[kind].map(block) : splitBlocks(drawn, blocks, H);
  return { W_x, W_h, b: new Float64Array(blocks * H) };
});

/* The blocks of a matrix with `blocks` times H columns, each a matrix of its own. */
function splitBlocks(W, blocks, H) {
  return Array.from({ length: blocks }, (_, k) => {
    const part = (at) => W[Math.floor(at / H) * blocks * H + k * H + (at % H)];
    return Float64Array.from({ length: H * H }, (_, at) => part(at));
  });
}

function identityMatrix(H) {
  const W = new Float64Array(H * H);
  for (let k = 0; k < H; k++) W[k * H + k] = 1;
  return W;
}

function rowsOf(W, H) {
  return Array.from({ length: H }, (_, k) => Array.from(W.subarray(k * H, (k + 1) * H)));
}

/* The Q of a matrix of normal draws; the signs make R's diagonal positive. */
function orthogonalMatrix(random, H) {
  const qr = new mlMatrix.QR(rowsOf(random.normal(H * H), H));
  const [q, r] = [qr.orthogonalMatrix, qr.upperTriangularMatrix];
  return Float64Array.from({ length: H * H }, (_, at) => q.get(Math.floor(at / H), at % H) * Math.sign(r.get(at % H, at % H)));
}

const drawnInputs = remembering(8, (seed, T) => numpyRandom([seed, 1]).normal(T * INPUTS));

/* The gradient at the last state: random, with entries of root mean square 1. */
const drawnGradient = remembering(8, (seed, H) => {
  const g = numpyRandom([seed, 2]).normal(H);
  const length = Math.sqrt(g.reduce((sum, one) => sum + one * one, 0));
  return g.map((one) => (one * Math.sqrt(H)) / length);
});

/* out += A B, all (n, n), n divisible by four: two rows by four columns at a time, which the processor keeps at hand. */
function addProduct(out, A, B, n) {
  for (let row = 0; row < n * n; row += 2 * n) {
    for (let j = 0; j < n; j += 4) {
      let a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0;
      for (let k = row, at = j; k < row + n; k++, at += n) {
        const x = A[k], y = A[n + k];
        const p = B[at], q = B[at + 1], r = B[at + 2], s = B[at + 3];
        a += x * p;
        b += x * q;
        c += x * r;
        d += x * s;
        e += y * p;
        f += y * q;
        g += y * r;
        h += y * s;
      }
      out[row + j] += a;
      out[row + j + 1] += b;
      out[row + j + 2] += c;
      out[row + j + 3] += d;
      out[row + n + j] += e;
      out[row + n + j + 1] += f;
      out[row + n + j + 2] += g;
      out[row + n + j + 3] += h;
    }
  }
}

/* a_t (blocks * H) of every step from x (T, INPUTS); step(a, h, t) takes a and puts the new state into h. */
function runForward({ W_x, W_h, b }, x, T, H, step) {
  const width = W_h.length * H;
  const [a, h] = [new Float64Array(width), new Float64Array(H)];
  for (let t = 0; t < T; t++) {
    a.set(b);
    for (let d = 0; d < INPUTS; d++) {
      const x_td = x[t * INPUTS + d];
      if (x_td) for (let j = 0; j < width; j++) a[j] += x_td * W_x[d * width + j];
    }
    for (let block = 0; block < W_h.length; block++) addRow(a, block * H, h, W_h[block], H);
    step(a, h, t);
  }
}

/* a += h W, from the place `first` of a on; W (n, n), n divisible by four. */
function addRow(a, first, h, W, n) {
  for (let j = 0; j < n; j += 4) {
    let p = a[first + j], q = a[first + j + 1], r = a[first + j + 2], s = a[first + j + 3];
    for (let k = 0, at = j; k < n; k++, at += n) {
      const one = h[k];
      p += one * W[at];
      q += one * W[at + 1];
      r += one * W[at + 2];
      s += one * W[at + 3];
    }
    a[first + j] = p;
    a[first + j + 1] = q;
    a[first + j + 2] = r;
    a[first + j + 3] = s;
  }
}

/* The Jacobians ∂state_T/∂state_t from t = T down to 0. look(t, J, log10 of a factor before J) sees each of them;
   back(t) turns the parts P of ∂state_T/∂(h_t, c_t) into those of step t - 1, and J is the last part. */
function walkBack(T, P, back, look) {
  let carried = 0;
  look(T, P.at(-1), carried);
  for (let t = T; t > 0; t--) {
    back(t, P);
    let squares = 0;
    for (const part of P) for (let k = 0; k < part.length; k++) squares += part[k] * part[k];
    const size = Math.sqrt(squares);
    if (size && (size <= SMALL || size >= LARGE)) {
      for (const part of P) for (let k = 0; k < part.length; k++) part[k] /= size;
      carried += Math.log10(size);
    }
    look(t - 1, P.at(-1), carried);
  }
}

/* What the walk back measures: log10 of the gain ‖∂state_T/∂state_t‖ / √H (T + 1), and of |∂L/∂state_t| (T + 1, H). */
function measurements(T, H, g) {
  const [norms, sizes] = [new Float64Array(T + 1), new Float64Array((T + 1) * H)];
  const look = (t, J, carried) => {
    let squares = 0;
    for (let from = 0; from < H; from++) {
      let sent = 0;
      for (let to = 0; to < H; to++) {
        const one = J[from * H + to];
        squares += one * one;
        sent += one * g[to];
      }
      sizes[t * H + from] = Math.log10(Math.abs(sent)) + carried;
    }
    norms[t] = Math.log10(Math.sqrt(squares / H)) + carried;
  };
  return { norms, sizes, look };
}

/* All for one setting: { T, H, state, norms, sizes } by step t, `dead` units, and f (T, H), an LSTM's forget gates. */
const gradientFlow = remembering(12, (cell, init, scale, T, seed, bias, inputs, H) => {
  const kind = cell === "lstm" ? "lstm" : "rnn";
  const drawn = drawnParameters(kind, init, seed, H);
  const p = { ...drawn, W_h: drawn.W_h.map((W) => W.map((one) => one * scale)), b: drawn.b.slice() };
  if (kind === "lstm") p.b.fill(bias, H, 2 * H);
  const x = drawnInputs(seed, T).slice();
  if (inputs === "pulse") x.fill(0, INPUTS);
  const measured = measurements(T, H, drawnGradient(seed, H));
  const rest = kind === "lstm" ? flowOfLstm(p, x, T, H, measured.look) : flowOfRnn(p, PHI[cell], x, T, H, measured.look);
  return { T, H, state: kind === "lstm" ? "c" : "h", norms: measured.norms, sizes: measured.sizes, ...rest };
});

/* out = W diag(by), for H numbers of `by` from the place `first` on. */
function scaleColumns(out, W, by, first, H) {
  for (let k = 0; k < H; k++) {
    const by_k = by[first + k];
    for (let at = k; at < H * H; at += H) out[at] = W[at] * by_k;
  }
}

/* W becomes diag(by) W, for H numbers of `by` from the place `first` on. */
function scaleRows(W, by, first, H) {
  for (let k = 0, at = 0; k < H; k++) {
    const by_k = by[first + k];
    for (const end = at + H; at < end; at++) W[at] *= by_k;
  }
}

function flowOfRnn(p, [phi, slope], x, T, H, look) {
  const slopes = new Float64Array(T * H);
  runForward(p, x, T, H, (a, h, t) => {
    for (let k = 0; k < H; k++) {
      slopes[t * H + k] = slope(a[k]);
      h[k] = phi(a[k]);
    }
  });
  const J = new Float64Array(H * H);
  let next = new Float64Array(H * H);
  walkBack(T, [identityMatrix(H)], (t, P) => {
    scaleColumns(J, p.W_h[0], slopes, (t - 1) * H, H);
    next.fill(0);
    addProduct(next, J, P[0], H);
    [P[0], next] = [next, P[0]];
  }, look);
  const isDead = (_, unit) => slopes.every((one, at) => at % H !== unit || one === 0);
  return { dead: Array.from({ length: H }, isDead).filter(Boolean).length, f: null };
}

/* i, f, g, o, c_{t-1} (before) and tanh(c_t) (shown) of every step, each (T, H), one step after the other. */
function traceOfLstm(p, x, T, H) {
  const [i, f, g, o, before, shown] = Array.from({ length: 6 }, () => new Float64Array(T * H));
  const c = new Float64Array(H);
  runForward(p, x, T, H, (a, h, t) => {
    for (let k = 0, at = t * H; k < H; k++, at++) {
      i[at] = sigmoid(a[k]);
      f[at] = sigmoid(a[H + k]);
      g[at] = Math.tanh(a[2 * H + k]);
      o[at] = sigmoid(a[3 * H + k]);
      before[at] = c[k];
      c[k] = f[at] * c[k] + i[at] * g[at];
      shown[at] = Math.tanh(c[k]);
      h[k] = o[at] * shown[at];
    }
  });
  return { i, f, g, o, before, shown };
}

function flowOfLstm(p, x, T, H, look) {
  const trace = traceOfLstm(p, x, T, H);
  const [toC, toH] = [new Float64Array(H * H), new Float64Array(H * H)];
  let next = new Float64Array(H * H);
  walkBack(T, [new Float64Array(H * H), identityMatrix(H)], (t, P) => {
    const first = (t - 1) * H;
    const [h, inC] = P;
    lstmJacobians(toH, toC, p.W_h, trace, first, H);
    showInH(inC, h, trace, first, H);
    next.fill(0);
    addProduct(next, toH, h, H);
    addProduct(next, toC, inC, H);
    scaleRows(inC, trace.f, first, H);
    [P[0], next] = [next, h];
  }, look);
  return { dead: 0, f: Array.from({ length: T }, (_, t) => trace.f.subarray(t * H, (t + 1) * H)) };
}

/* inC += what c_t does to the end by way of h_t = o_t tanh(c_t); `first` is where step t begins in the trace. */
function showInH(inC, h, { o, shown }, first, H) {
  for (let k = 0, at = 0; k < H; k++) {
    const show = o[first + k] * (1 - shown[first + k] ** 2);
    for (const end = at + H; at < end; at++) inC[at] += show * h[at];
  }
}

/* How h_{t-1} acts through the weights: on h_t by o (toH), and on c_t by i, f and g (toC); column by column. */
function lstmJacobians(toH, toC, [W_i, W_f, W_g, W_o], { i, f, g, o, before, shown }, first, H) {
  for (let k = 0; k < H; k++) {
    const step = first + k;
    const byI = g[step] * i[step] * (1 - i[step]);
    const byF = before[step] * f[step] * (1 - f[step]);
    const byG = i[step] * (1 - g[step] ** 2);
    const byO = shown[step] * o[step] * (1 - o[step]);
    for (let at = k; at < H * H; at += H) {
      toC[at] = W_i[at] * byI + W_f[at] * byF + W_g[at] * byG;
      toH[at] = W_o[at] * byO;
    }
  }
}

/* "dies", "survives" or "explodes", by what is left at step 0. */
function fateOf({ norms }) {
  return norms[0] < DIES ? "dies" : norms[0] > EXPLODES ? "explodes" : "survives";
}

/* How many steps back less than a thousandth is left for the first time; null where that never happens. */
function reachOf({ norms, T }) {
  const step = norms.findLastIndex((one) => one < DIES);
  return step < 0 ? null : T - step;
}

/* W_hh before it is scaled: its eigenvalues as [real, imaginary], the largest singular value, and a circle's ellipses:
   the circle lies in the plane of the two directions that one step back stretches most. */
const spectrumOf = remembering(8, (init, seed, H) => {
  const W = drawnParameters("rnn", init, seed, H).W_h[0];
  const { realEigenvalues, imaginaryEigenvalues } = new mlMatrix.EVD(rowsOf(W, H));
  const values = realEigenvalues.map((one, k) => [one, imaginaryEigenvalues[k]]);
  const svd = new mlMatrix.SVD(rowsOf(W, H));
  const plane = [0, 1].map((k) => Float64Array.from(svd.rightSingularVectors.getColumn(k)));
  return { values, radius: Math.max(...values.map(([a, b]) => Math.hypot(a, b))), stretch: svd.diagonal[0], W, plane };
});

/* The semi-axes of what a circle in `plane` (two rows) becomes: { long, short } for each number of steps 0 … T, log10 of
   the long one, and the short one's share of it. back(row, k) returns the row after step k, counted from 0. */
function ellipsesOf(plane, T, back) {
  let rows = plane;
  let carried = 0;
  const found = [];
  for (let k = 0; ; k++) {
    const [long, short] = semiAxes(rows);
    found.push({ long: Math.log10(long) + carried, short: long ? short / long : 0 });
    if (k === T) return found;
    carried += Math.log10(long || 1);
    rows = rows.map((row) => back(row.map((one) => one / (long || 1)), k));
  }
}

function dot(a, b) {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}

/* Turn the two rows until they are orthogonal (Jacobi's rotation): their lengths are the semi-axes. */
function semiAxes([p, q]) {
  const angle = 0.5 * Math.atan2(2 * dot(p, q), dot(p, p) - dot(q, q));
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const turned = [p.map((one, k) => c * one + s * q[k]), q.map((one, k) => c * one - s * p[k])];
  return turned.map((one) => Math.sqrt(dot(one, one)));
}

/* The ellipses of W_hh alone, without slopes: a gradient is a row, and one step back multiplies it by W_hh transposed. */
const ellipsesOfMatrix = remembering(8, (init, seed, T, H) => {
  const { W, plane } = spectrumOf(init, seed, H);
  const rows = Array.from({ length: H }, (_, k) => W.subarray(k * H, (k + 1) * H));
  return ellipsesOf(plane, T, (row) => row.map((_, to) => dot(row, rows[to])));
});

/* The ellipses of an LSTM's direct path: one step back multiplies by f_t, unit by unit; f (T, H). */
function ellipsesOfGates(f, T, H) {
  const order = [...f[T - 1].keys()].sort((a, b) => f[T - 1][b] - f[T - 1][a]);
  const plane = order.slice(0, 2).map((unit) => new Float64Array(H).fill(1, unit, unit + 1));
  return ellipsesOf(plane, T, (row, k) => row.map((one, unit) => one * f[T - 1 - k][unit]));
}
