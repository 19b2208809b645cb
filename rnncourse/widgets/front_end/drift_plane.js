/* Words as marks in the plane: their trails, their labels, which never lie upon one another, and the seeds as miniatures. */

const PLANE = { side: 430, pad: 26 };
const MINIATURE = { side: 80, pad: 8 };
const LABEL = { high: 18, letter: 8.6, apart: 13, crowd: 46, narrow: 24 }; // in the units of the plane
const ROUNDS = 30; // of pushing labels apart
const GLIDE_MS = 350;

function miniatureSvg(marks) {
  const { side } = MINIATURE;
  const dots = marks.map((d, k) => `<path class="mark" data-tone="${k}" d="${d}"/>`);
  return `<svg viewBox="0 0 ${side} ${side}" aria-hidden="true"><path class="axes" d="M0 ${side / 2}H${side}M${side / 2} 0V${side}"/>${dots.join("")}</svg>`;
}

function planeSvg({ labels, marks, reach }) {
  const { side } = PLANE;
  const scale = scaleOf(PLANE, reach);
  const steps = Array.from({ length: Math.floor(reach) }, (_, k) => k + 1).flatMap((one) => [-one, one]);
  const grid = steps.map((one) => `M${scale([one, 0])[0]} 0V${side}M0 ${scale([0, one])[1]}H${side}`);
  const numbers = steps.map((one) => `<text x="${scale([one, 0])[0]}" y="${side / 2 + 16}" text-anchor="middle">${written(one, 0)}</text>`);
  const each = (html) => labels.map((label, k) => html(escaped(label), k)).join("");
  return `<svg class="rnncourse-plane" viewBox="0 0 ${side} ${side}" role="img"><path class="grid" d="${grid.join("")}"/>
    <path class="axes" d="M0 ${side / 2}H${side}M${side / 2} 0V${side}"/><g class="numbers">${numbers.join("")}</g>
    <path class="rays"/><path class="pair"/>
    <g class="trails">${each((_, k) => `<path data-tone="${k}"/>`)}</g><g class="leaders">${each(() => "<path/>")}</g>
    <g class="dots">${each((_, k) => `<path class="mark" data-tone="${k}" d="${marks[k]}"/>`)}</g>
    <g class="labels">${each((label) => `<text>${label}</text>`)}</g></svg>`;
}

/* Where a point is drawn in a square in which coordinates up to `reach` have room. */
function scaleOf({ side, pad }, reach) {
  const unit = (side / 2 - pad) / reach;
  return ([x, y]) => [side / 2 + unit * x, side / 2 - unit * y];
}

/* The dots that are in a crowd with dot k: near it, or near one that is. */
function crowdOf(dots, k) {
  const crowd = [k];
  for (const one of crowd) dots.forEach((dot, other) => !crowd.includes(other) && distanceOf(dot, dots[one]) < LABEL.crowd && crowd.push(other));
  return crowd;
}

/* Where each label begins, [x, middle]: beside its dot; those of a crowd one below the other beside the crowd. */
function labelPlaces(dots, wide, side) {
  const labels = dots.map((dot, k) => {
    const across = crowdOf(dots, k).map((one) => dots[one][0]);
    const [low, high] = [Math.min(...across), Math.max(...across)];
    const right = high - low > LABEL.narrow ? dot[0] >= (low + high) / 2 : high + LABEL.apart + wide[k] < side;
    return [right ? high + LABEL.apart : low - LABEL.apart - wide[k], dot[1]];
  });
  for (let round = 0; round < ROUNDS; round++) pushApart(labels, dots, wide);
  return labels.map(([x, y], k) => [Math.max(2, Math.min(side - wide[k] - 2, x)), Math.max(12, Math.min(side - 12, y))]);
}

/* Move labels that are on each other up and down; they keep the order of their dots. */
function pushApart(labels, dots, wide) {
  labels.forEach((label, k) => {
    labels.slice(0, k).forEach((other, j) => {
      const [upper, lower] = dots[k][1] < dots[j][1] ? [label, other] : [other, label];
      const lacking = LABEL.high - (lower[1] - upper[1]);
      const beside = label[0] > other[0] + wide[j] + 3 || other[0] > label[0] + wide[k] + 3;
      if (beside || lacking <= 0 || lacking > 2 * LABEL.high) return;
      upper[1] -= lacking / 2;
      lower[1] += lacking / 2;
    });
  });
}

/* Dots and labels of a seed at every moment, in the units of the plane; labels are placed when they are needed. */
function placesOf(path, labels, reach) {
  const dots = path.map((points) => points.map(scaleOf(PLANE, reach)));
  const wide = labels.map((label) => label.length * LABEL.letter);
  const placed = [];
  const labelsAt = (moment) => (placed[moment] ??= labelPlaces(dots[moment], wide, PLANE.side));
  return {
    dots,
    wide,
    at: (moment) => {
      const [before, after] = [Math.floor(moment), Math.ceil(moment)];
      return { dots: atMoment(dots, moment), labels: between(labelsAt(before), labelsAt(after), moment - before) };
    },
  };
}

function blend(from, to, share) {
  return { dots: between(from.dots, to.dots, share), labels: between(from.labels, to.labels, share) };
}

function pathOf(places) {
  return `M${places.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}`;
}

/* Draw a moment, which may lie between two updates: marks, labels, trails, and the marks of all miniatures. */
function drawMoment(ui, moment, frame) {
  const { dots, labels } = frame;
  const { seed, word, neighbor } = ui.view;
  const { wide, dots: all } = ui.places[seed];
  const was = all.slice(0, Math.floor(moment) + 1);
  const shift = ([x, y]) => `translate(${x.toFixed(1)} ${y.toFixed(1)})`;
  ui.dots.forEach((dot, k) => setAttribute(dot, "transform", shift(dots[k])));
  ui.trails.forEach((trail, k) => setAttribute(trail, "d", pathOf([...was.map((places) => places[k]), ...(frame.whole ? [dots[k]] : [])])));
  ui.labels.forEach((label, k) => setAttribute(label, "transform", shift([labels[k][0], labels[k][1] + 5])));
  ui.leaders.forEach((leader, k) => setAttribute(leader, "d", leaderOf(dots[k], labels[k], wide[k])));
  const middle = [PLANE.side / 2, PLANE.side / 2];
  setAttribute(ui.rays, "d", [word, neighbor.index].map((k) => pathOf([middle, dots[k]])).join(""));
  setAttribute(ui.pair, "d", pathOf([dots[word], dots[neighbor.index]]));
  ui.miniatures.forEach(({ marks, dots: path }) => {
    const now = atMoment(path, moment);
    marks.forEach((mark, k) => setAttribute(mark, "transform", `${shift(now[k])} scale(0.62)`));
  });
  ui.frame = frame;
  ui.moment = moment;
}

/* A thin line from a dot to its label where the label could not stay beside it. */
function leaderOf([x, y], [left, middle], wide) {
  const near = left > x ? left - 2 : left + wide + 2;
  return Math.abs(middle - y) < 9 && Math.abs(near - x) < 20 ? "" : pathOf([[x, y], [near, middle]]);
}

/* Move to what the view shows, along the trails; from another seed, straight. No motion for those who asked for none. */
function glide(ui, ms, ease) {
  const { seed, step } = ui.view;
  const [from, start] = [ui.frame, ui.moment];
  const changed = ui.drawnSeed !== seed;
  ui.drawnSeed = seed;
  ui.timer?.stop();
  const frame = (share) => {
    const moment = start + (step - start) * share;
    const there = ui.places[seed].at(moment);
    drawMoment(ui, moment, changed ? blend(from, there, share) : { ...there, whole: true });
  };
  if (!from || prefersLessMotion() || (!changed && start === step)) return drawMoment(ui, step, { ...ui.places[seed].at(step), whole: true });
  ui.timer = d3.timer((elapsed) => {
    const share = Math.min(1, elapsed / ms);
    frame(ease(share));
    if (share === 1) ui.timer.stop();
  });
}

/* The word whose dot is next to a pointer, null where none is near. */
function wordAt(ui, event) {
  const { left, top, width } = ui.plane.getBoundingClientRect();
  const at = [event.clientX - left, event.clientY - top].map((side) => (side * PLANE.side) / width);
  const far = ui.frame.dots.map((dot) => distanceOf(dot, at));
  const word = far.indexOf(Math.min(...far));
  return far[word] < 40 ? word : null;
}
