/* Rows of an embedding with two numbers each: how near they are, and where they are between two moments. */

/* A path, n points at each moment, from the text of its numbers. */
function pathFrom(text, n) {
  const numbers = text.split(" ").map(Number);
  const point = (k) => [numbers[2 * k], numbers[2 * k + 1]];
  return Array.from({ length: numbers.length / (2 * n) }, (_, moment) => Array.from({ length: n }, (_, k) => point(moment * n + k)));
}

function distanceOf([a, b], [c, d]) {
  return Math.hypot(a - c, b - d);
}

/* The cosine similarity of two rows; 0 where one of them has no length. */
function similarityOf([a, b], [c, d]) {
  const lengths = Math.hypot(a, b) * Math.hypot(c, d);
  return lengths ? (a * c + b * d) / lengths : 0;
}

/* The nearest neighbor of point k: { index, distance, similarity }. */
function neighborOf(points, k) {
  const others = points.map((_, index) => index).filter((index) => index !== k);
  const index = others.reduce((best, one) => (distanceOf(points[one], points[k]) < distanceOf(points[best], points[k]) ? one : best));
  return { index, distance: distanceOf(points[index], points[k]), similarity: similarityOf(points[index], points[k]) };
}

/* The first moment of a path at which the nearest neighbor of each point of a group belongs to the group; -1 for none. */
function firstTogether(path, group) {
  return path.findIndex((points) => group.every((k) => group.includes(neighborOf(points, k).index)));
}

function between(from, to, share) {
  return from.map(([x, y], k) => [x + share * (to[k][0] - x), y + share * (to[k][1] - y)]);
}

/* What a list of point sets holds at a moment between its entries. */
function atMoment(sets, moment) {
  const before = Math.floor(moment);
  return moment === before ? sets[before] : between(sets[before], sets[before + 1], moment - before);
}
