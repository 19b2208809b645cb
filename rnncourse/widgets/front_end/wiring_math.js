/* Which wiring of an unrolled network is it, and which inputs reach which output? The same answers as in Python. */

function stepsOf(row) {
  return row.flatMap((on, t) => (on ? [t] : []));
}

function isRun(steps) {
  return steps.at(-1) - steps[0] + 1 === steps.length;
}

/* The name of a wiring, as Python's pattern_of gives it. reads, counts: a truth value for each step. */
function patternOf(reads, counts, bothWays) {
  const [R, C] = [stepsOf(reads), stepsOf(counts)];
  const none = "no usual name";
  if (!R.length) return "nothing is read";
  if (!C.length) return "nothing counts";
  if (C[0] < R[0] && !bothWays) return "speaks too early";
  if (R.at(-1) > C.at(-1) && !bothWays) return "reads too late";
  if (!isRun(C) || !isRun(R)) return none;
  const same = R.join() === C.join();
  if (C.length === 1) return same ? "one-to-one" : R.length > 1 ? "many-to-one" : none;
  if (R.length === 1) return C[0] === R[0] || C[0] === R[0] + 1 ? "one-to-many" : none;
  if (same) return "many-to-many aligned";
  if (C[0] > R.at(-1)) return "many-to-many unaligned";
  return R[0] < C[0] && R.at(-1) < C.at(-1) ? "many-to-many delayed" : none;
}

/* The steps whose input reaches the output at step t. */
function hears(t, reads, bothWays) {
  return stepsOf(reads).filter((k) => bothWays || k <= t);
}

/* What keeps a wiring from doing a job: [reason, steps…], [] if nothing does. job: from Python, with `needs`. */
function lacks(job, reads, counts, bothWays, layers) {
  for (const [row, words, yes, no] of [[reads, job.inputs, "read", "do not read"], [counts, job.outputs, "count", "do not count"]]) {
    const wrong = row.findIndex((on, t) => on !== Boolean(words[t]));
    if (wrong >= 0) return [words[wrong] ? yes : no, wrong];
  }
  for (const t of stepsOf(counts)) {
    const missing = job.needs[t].find((k) => !hears(t, reads, bothWays).includes(k));
    if (missing !== undefined) return ["hear", t, missing];
  }
  return layers < job.layers ? ["combine"] : [];
}

/* Which connections lie on a path from an input that is read to one of the outputs `asked`: each (T,), true where
   it does. onward: from step t − 1 to t; back: from t to t − 1, for a reader that comes from the end. */
function livePaths(reads, asked, bothWays) {
  const any = (row, from, to) => row.some((on, k) => on && k >= from && k <= to);
  const last = reads.length - 1;
  const forward = (t) => any(reads, 0, t) && any(asked, t, last);
  const backward = (t) => bothWays && any(reads, t, last) && any(asked, 0, t);
  const steps = reads.map((_, t) => t);
  return {
    into: steps.map((t) => reads[t] && any(asked, bothWays ? 0 : t, last)),
    state: steps.map((t) => forward(t) || backward(t)),
    onward: steps.map((t) => t > 0 && any(reads, 0, t - 1) && any(asked, t, last)),
    back: steps.map((t) => bothWays && t > 0 && any(reads, t, last) && any(asked, 0, t - 1)),
    out: steps.map((t) => asked[t] && any(reads, 0, bothWays ? last : t)),
    fedBack: steps.map((t) => t > 0 && asked[t - 1] && asked[t] && !reads[t]),
  };
}
