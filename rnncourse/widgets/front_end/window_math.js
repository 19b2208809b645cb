/* A dense network with ReLU, and its forecasts fed back on themselves: the same numbers as rnncourse.in_numpy. */

function denseForward(layers, input) {
  let z = input;
  layers.forEach(({ W, b }, k) => {
    const a = b.map((bias, unit) => z.reduce((sum, value, row) => sum + value * W[row][unit], 0) + bias);
    z = k < layers.length - 1 ? a.map((one) => Math.max(0, one)) : a;
  });
  return z;
}

/* The values of the years after a window: drop the oldest, append the forecast, ask again. */
function forecastAhead({ layers, mean, std }, values, ahead) {
  let z = values.map((one) => (one - mean) / std);
  const forecasts = [];
  for (let k = 0; k < ahead; k++) {
    const [next] = denseForward(layers, z);
    forecasts.push(next * std + mean);
    z = [...z.slice(1), next];
  }
  return forecasts;
}

const MISSED = 40;
const CLOSE = 10;
const IN_A_ROW = 5;

/* What counts for each task. errors: forecast minus truth, as far as the truth is known. */
const TASKS = {
  miss: ({ tested, own, errors }) => tested && own && Math.abs(errors[0]) > MISSED,
  five: ({ tested, own, errors, ahead }) =>
    tested && own && ahead >= IN_A_ROW && errors.length >= IN_A_ROW && errors.slice(0, IN_A_ROW).every((one) => Math.abs(one) <= CLOSE),
  turn: ({ own, values, forecasts, before }) =>
    !own && before.forecasts[0] < before.values.at(-1) && forecasts[0] > values.at(-1),
};
