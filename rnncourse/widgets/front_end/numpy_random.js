/* numpy.random.default_rng in the browser, bit for bit: a seed means the same draws here as in any cell of Python.
   SeedSequence hashes the seed, PCG64 (O'Neill 2014) draws 64 bits at a time, and the ziggurat of Marsaglia and Tsang
   (2000), doi:10.18637/jss.v005.i08, makes normal draws of them, all three as in NumPy's sources. */

const PCG_MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n;
const ZIGGURAT = zigguratTables(ZIGGURAT_WIDTHS);

/* Four words of 64 bits from the words of a seed, each less than 2³²: numpy.random.SeedSequence. */
function seedWords(entropy) {
  let a = 0x43b0d7e5;
  const hashed = (value) => {
    const mixed = value ^ a;
    a = Math.imul(a, 0x931e8875);
    const product = Math.imul(mixed, a);
    return product ^ (product >>> 16);
  };
  const pool = [0, 1, 2, 3].map((k) => hashed(entropy[k] ?? 0));
  for (let from = 0; from < 4; from++) {
    for (let to = 0; to < 4; to++) {
      if (from === to) continue;
      const mixed = Math.imul(0xca01f9dd, pool[to]) - Math.imul(0x4973f715, hashed(pool[from]));
      pool[to] = mixed ^ (mixed >>> 16);
    }
  }
  let b = 0x8b51f9dd;
  const words = Array.from({ length: 8 }, (_, k) => {
    const mixed = pool[k % 4] ^ b;
    b = Math.imul(b, 0x58f38ded);
    const product = Math.imul(mixed, b);
    return BigInt((product ^ (product >>> 16)) >>> 0);
  });
  return [0, 2, 4, 6].map((k) => words[k] | (words[k + 1] << 32n));
}

/* The layers under the bell curve: how wide each is (for 52 bits), which share of it lies safely below the curve, and
   the curve's height at its corner. Layer 0 is the bottom, with the tail; its corner is that of the last layer. */
function zigguratTables(widths) {
  const bytes = Uint8Array.from(atob(widths), (one) => one.charCodeAt(0));
  const wide = new Float64Array(bytes.buffer);
  const x = wide.map((one) => one * 2 ** 52);
  const edge = x[255];
  const safe = x.map((one, k) => Math.floor((k === 0 ? edge / one : k === 1 ? 0 : x[k - 1] / one) * 2 ** 52));
  return { edge, wide, safe, height: x.map((one, k) => (k ? Math.exp(-0.5 * one * one) : 1)) };
}

/* default_rng(seed), seed a list of whole numbers below 2³². uniform(bound, n): n draws from U(-bound, bound);
   normal(n): n draws from N(0, 1); skip(n): go past n of the generator's numbers. */
function numpyRandom(seed) {
  const [high, low, incHigh, incLow] = seedWords(seed);
  const increment = BigInt.asUintN(128, (((incHigh << 64n) | incLow) << 1n) | 1n);
  let state = 0n;
  const skip = (n) => {
    for (let k = 0; k < n; k++) state = BigInt.asUintN(128, state * PCG_MULTIPLIER + increment);
  };
  skip(1);
  state = BigInt.asUintN(128, state + ((high << 64n) | low));
  skip(1);
  const bits = new BigUint64Array(1);
  const halves = new Uint32Array(bits.buffer);
  const draw = () => {
    skip(1);
    const folded = BigInt.asUintN(64, (state >> 64n) ^ state);
    const turn = state >> 122n;
    bits[0] = (folded >> turn) | (folded << (64n - turn));
  };
  const share = () => {
    draw();
    return (halves[1] * 2 ** 21 + (halves[0] >>> 11)) / 2 ** 53;
  };
  const one = () => normalDraw(draw, halves, share);
  const list = (n, next) => Float64Array.from({ length: n }, next);
  return { skip, uniform: (bound, n) => list(n, () => -bound + 2 * bound * share()), normal: (n) => list(n, one) };
}

/* One draw from N(0, 1); draw() fills `halves` with the next 64 bits, share() takes a number from 0 to 1. */
function normalDraw(draw, halves, share) {
  const { edge, wide, safe, height } = ZIGGURAT;
  for (;;) {
    draw();
    const [low, high] = halves;
    const layer = low & 0xff;
    const far = (high & 0x1fffffff) * 2 ** 23 + (low >>> 9);
    const x = (low & 0x100 ? -far : far) * wide[layer];
    if (far < safe[layer]) return x;
    if (layer === 0) return tailDraw(share, edge, Math.floor(far / 256) % 2 ? -1 : 1);
    if ((height[layer - 1] - height[layer]) * share() + height[layer] < Math.exp(-0.5 * x * x)) return x;
  }
}

function tailDraw(share, edge, sign) {
  for (;;) {
    const beyond = -Math.log1p(-share()) / edge;
    const tall = -Math.log1p(-share());
    if (2 * tall > beyond * beyond) return sign * (edge + beyond);
  }
}
