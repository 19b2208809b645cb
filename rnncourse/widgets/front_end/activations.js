/* Activation functions by name, as in rnncourse.in_numpy. */

function sigmoid(a) {
  return 1 / (1 + Math.exp(-a));
}

const ACTIVATIONS = {
  tanh: Math.tanh,
  sigmoid,
  relu: (a) => Math.max(a, 0),
  leaky_relu: (a) => Math.max(a, 0.01 * a),
};
