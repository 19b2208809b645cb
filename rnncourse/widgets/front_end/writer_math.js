/* A trained net that writes: the same numbers as rnncourse.in_numpy in float64, and the same random draws. */

/* The number that 16 bits stand for (IEEE 754, half precision). */
function halfOf(bits) {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const size = exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24;
  return bits >> 15 ? -size : size;
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Numbers in steps of 1/64: each is a digit, after a slash for each further 63; 1, 2, 3, 4 stand for 1, −1, 2, −2 steps. */
function inSteps(text) {
  const numbers = [];
  let count = 0;
  for (let k = 0; k < text.length; k++) {
    count += DIGITS.indexOf(text[k]);
    if (text[k] === "/") continue;
    numbers.push((count % 2 ? count + 1 : -count) / 128);
    count = 0;
  }
  return numbers;
}

/* Numbers in base64 with 16, 32 or 64 bits each. */
function inBits(text, bits) {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let k = 0; k < raw.length; k++) bytes[k] = raw.charCodeAt(k);
  const view = new DataView(bytes.buffer);
  const readers = {
    16: (at) => halfOf(view.getUint16(at, true)),
    32: (at) => view.getFloat32(at, true),
    64: (at) => view.getFloat64(at, true),
  };
  return Float64Array.from({ length: (8 * bytes.length) / bits }, (_, k) => readers[bits]((k * bits) / 8));
}

/* The parameters by name, from all of them in a row, as `packed` in _writing_net.py writes them. Nothing is rounded:
   single precision has room for all but 64 bits, and large matrices are read faster from it. */
function unpack(text, shapes, bits) {
  const numbers = bits === 6 ? inSteps(text) : inBits(text, bits);
  let at = 0;
  const one = (shape) => {
    const Kind = shape.length > 1 && bits < 64 ? Float32Array : Float64Array;
    const size = shape.reduce((a, b) => a * b, 1);
    at += size;
    return Kind.from(numbers.slice(at - size, at));
  };
  return Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, one(shape)]));
}

/* A net as writerOf takes it. about: what Python says of it (_writing_net.py, description). */
function netOf(about, weights) {
  return { ...about, p: unpack(weights, about.shapes, about.bits) };
}

/* h @ W, added to `sum`; W: as many rows as h has numbers. */
function addProduct(sum, h, W) {
  const wide = sum.length;
  for (let j = 0; j < h.length; j++) {
    const value = h[j];
    if (value === 0) continue;
    for (let k = 0, from = j * wide; k < wide; k++) sum[k] += value * W[from + k];
  }
  return sum;
}

/* What x @ W gives for a one-hot x: a row, with a bias added. */
function rowPlus(W, index, bias) {
  return bias.map((one, k) => one + W[index * bias.length + k]);
}

/* Put what is held in the place of what was computed. holds: [{ part, value, unit (-1: all), from }]. */
function heldAt(name, values, holds, t) {
  for (const { part, value, unit, from } of holds) {
    if (part !== name || t < from) continue;
    if (unit < 0) values.fill(value);
    else values[unit] = value;
  }
  return values;
}

/* One step of each kind of cell: state and index of the token read at step t -> gates and the new state. */
const CELLS = {
  RNN({ p, phi }, index, { h }, hold) {
    const a = addProduct(rowPlus(p.W_xh, index, p.b_h), h, p.W_hh);
    return { h: hold("h", a.map(ACTIVATIONS[phi])) };
  },
  LSTM({ p }, index, { h, c }, hold) {
    const [a, H] = [addProduct(rowPlus(p.W_x, index, p.b), h, p.W_h), h.length];
    const block = (name, k, squash) => hold(name, a.slice(k * H, (k + 1) * H).map(squash));
    const [i, f, g, o] = [block("i", 0, sigmoid), block("f", 1, sigmoid), block("g", 2, Math.tanh), block("o", 3, sigmoid)];
    const cell = hold("c", c.map((one, k) => f[k] * one + i[k] * g[k]));
    return { i, f, g, o, c: cell, h: hold("h", cell.map((one, k) => o[k] * Math.tanh(one))) };
  },
  GRU({ p }, index, { h }, hold) {
    const [x, H] = [rowPlus(p.W_x, index, p.b), h.length];
    const s = addProduct(new Float64Array(3 * H), h, p.W_h);
    const r = hold("r", h.map((_, k) => sigmoid(x[k] + s[k])));
    const z = hold("z", h.map((_, k) => sigmoid(x[H + k] + s[H + k])));
    const n = hold("n", h.map((_, k) => Math.tanh(x[2 * H + k] + r[k] * (s[2 * H + k] + p.b_hn[k]))));
    return { r, z, n, h: hold("h", h.map((one, k) => (1 - z[k]) * n[k] + z[k] * one)) };
  },
};

function logSoftmax(s) {
  const largest = s.reduce((a, b) => Math.max(a, b));
  const log = largest + Math.log(s.reduce((sum, one) => sum + Math.exp(one - largest), 0));
  return s.map((one) => one - log);
}

/* p^(1/temperature), made to sum to 1 again. */
function withTemperature(logP, temperature) {
  const largest = logP.reduce((a, b) => Math.max(a, b)) / temperature;
  const powers = logP.map((one) => Math.exp(one / temperature - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((one) => one / sum);
}

/* NumPy's PCG64: numbers from 0 to 1. state, increment: hexadecimal texts. */
function generator([state, increment]) {
  const [mask, word] = [(1n << 128n) - 1n, (1n << 64n) - 1n];
  const [factor, step] = [0x2360ed051fc65da44385df649fccf645n, BigInt(`0x${increment}`)];
  let now = BigInt(`0x${state}`);
  return () => {
    now = (now * factor + step) & mask;
    const [mixed, turn] = [((now >> 64n) ^ now) & word, now >> 122n];
    const drawn = ((mixed >> turn) | (mixed << (64n - turn))) & word;
    return Number(drawn >> 11n) / 9007199254740992;
  };
}

/* The token that NumPy's choice takes for a number u from 0 to 1. */
function choiceOf(p, u) {
  const total = p.reduce((a, b) => a + b, 0);
  let sum = 0;
  for (let k = 0; k < p.length; k++) {
    sum += p[k];
    if (sum / total > u) return k;
  }
  return p.length - 1;
}

/* A writer: step() reads or writes one token and returns { index, p, drawn, likeliest, made, memory }, where p is null
   for a token of the start. made: gates and states after the token was read; memory: c, or h where there is none.
   net: see netOf. */
function writerOf(net, start, { temperature, random, holds }) {
  let [state, t, logP] = [{ h: new Float64Array(net.units), c: new Float64Array(net.units) }, 0, null];
  const read = (index) => {
    state = CELLS[net.kind](net, index, state, (name, values) => heldAt(name, values, holds, t));
    t += 1;
    logP = logSoftmax(addProduct(Float64Array.from(net.p.b_y), state.h, net.p.W_hy));
    return { made: state, memory: state.c ?? state.h };
  };
  return () => {
    if (t < start.length) return { index: start[t], p: null, ...read(start[t]) };
    const drawnWith = withTemperature(logP, temperature);
    const index = choiceOf(drawnWith, random());
    const before = logP;
    const order = [...before.keys()].sort((a, b) => before[b] - before[a]).slice(0, 3);
    const likeliest = order.map((k) => [k, Math.exp(before[k])]);
    return { index, p: Math.exp(before[index]), drawn: drawnWith[index], likeliest, ...read(index) };
  };
}

function isLetter(one) {
  return one !== undefined && one.toLowerCase() !== one.toUpperCase();
}

/* What units may follow: a number for each character. */
const SIGNAL_OF = {
  capitals: (text) => text.map((one) => Number(one !== one.toLowerCase())),
  quotes: (text) => {
    let inside = false;
    return text.map((one, k) => {
      if (one === '"') inside = !inside;
      else if (one === "'" && !isLetter(text[k - 1])) inside = true;
      else if (one === "'" && !isLetter(text[k + 1])) inside = false;
      return Number(inside);
    });
  },
  word: (text) => {
    let place = 0;
    return text.map((one) => (place = isLetter(one) ? place + 1 : 0));
  },
  vowels: (text) => text.map((one) => Number("aeiouAEIOU".includes(one))),
};

function meanOf(values) {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/* The correlation of each unit's memory (n arrays of H) with a signal (n); 0 where one of them is constant. */
function correlationsOf(memory, wanted) {
  const [units, mean] = [memory[0].length, meanOf(wanted)];
  const aim = wanted.map((one) => one - mean);
  const aimSquared = aim.reduce((sum, one) => sum + one * one, 0);
  return Array.from({ length: units }, (_, k) => {
    const middle = memory.reduce((sum, one) => sum + one[k], 0) / memory.length;
    let [along, squared] = [0, 0];
    memory.forEach((one, t) => {
      along += (one[k] - middle) * aim[t];
      squared += (one[k] - middle) ** 2;
    });
    const size = Math.sqrt(squared * aimSquared);
    return size > 1e-12 ? along / size : 0;
  });
}
