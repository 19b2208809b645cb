"""Which gate of an LSTM matters? Success on delayed recall, gate by gate, and by the bias of the forget gate.

    python benchmarks/gate_ablation.py [FILE]

Every run trains one small network on one delay and notes the share of right answers on fresh sequences. All LSTMs
begin with an open forget gate (bias 3) unless their row says otherwise. The coupled cell, f = 1 - i, has no forget
gate to open; its input gate begins with the opposite bias, so that its f begins at the same value. The control is a
tanh RNN from an orthogonal initialization, with as many parameters and no gates. The last runs train the character
LSTM of chapter 06 from other seeds, and hold one unit's gates. Results go to FILE
(rnncourse/data/gate_ablation.json) after every run, and what is there already is not run again; delete the file to
start afresh. One core, about half an hour. A detour of chapter 06 shows the table and runs a small part of it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # before NumPy is loaded

import numpy as np  # noqa: E402

from rnncourse import data, in_numpy  # noqa: E402
from rnncourse.analysis import gates  # noqa: E402
from rnncourse.data import tasks  # noqa: E402
from rnncourse.files import write_whole  # noqa: E402

FILE = Path(gates.__file__).parents[1] / "data" / "gate_ablation.json"
D, K = tasks.SIZES["recall"]
HIDDEN, BATCH, STEPS, CHUNK = 16, 32, 1500, 100
RNN_HIDDEN = 34
"""As many parameters as the LSTM, within 5 %."""
T_MAX = 500
"""The longest memory that chrono is told about, whatever the delay."""
SEEDS = {5: range(3), 10: range(3), 20: range(3), 40: range(5), 80: range(3)}
"""delay -> seeds; more where they differ most and a run is still short."""
LOUD_SEEDS = range(6)
BIASES = ("0", "1", "2", "3", "chrono")
CONTROL = "tanh RNN, orthogonal"


def grid() -> Iterator[tuple[str, str, int, int]]:
    """Give (ablation, bias, delay, seed) of all runs, the short ones first."""
    for delay, seeds in SEEDS.items():
        for seed in seeds:
            yield from ((part, "3", delay, seed) for part in gates.ABLATIONS)
            yield from (("intact", bias, delay, seed) for bias in BIASES if bias != "3")
            yield "f = 1 - i", "0", delay, seed
            yield CONTROL, "none", delay, seed


def key(part: str, bias: str, delay: int, seed: int) -> str:
    """Return the name of a run in the file."""
    return f"{part} | bias {bias} | delay {delay} | seed {seed}"


def layer_for(part: str, bias: str, seed: int) -> in_numpy.LSTM | in_numpy.RNN:
    """Return the untrained layer of a run."""
    rng = np.random.default_rng(seed)
    if part == CONTROL:
        return in_numpy.orthogonal(in_numpy.RNN(D, RNN_HIDDEN, rng=rng), rng)
    lstm = in_numpy.LSTM(D, HIDDEN, rng=rng)
    if bias == "chrono":
        return in_numpy.chrono(lstm, T_MAX, np.random.default_rng(seed))
    in_numpy.forget_bias(lstm, float(bias))
    if part == "f = 1 - i":
        lstm.params["b"][:HIDDEN] = -float(bias)
    return lstm if part == "intact" else gates.ablate(lstm, part)


def score(part: str, bias: str, delay: int, seed: int) -> float:
    """Return the share of right answers on 1,000 fresh sequences after training on one delay."""
    rng = np.random.default_rng([seed, delay])
    layer = layer_for(part, bias, seed)
    net = in_numpy.RecurrentNet(layer, K, rng=np.random.default_rng(seed))
    optimizer = in_numpy.Adam(0.01, clip=1.0)
    for _ in range(STEPS // CHUNK):
        x, y, mask = tasks.recall_task(delay, CHUNK * BATCH, rng)  # fresh sequences for the next steps
        loss = in_numpy.fit(
            net,
            x,
            y,
            mask=mask,
            loss=in_numpy.softmax_cross_entropy,
            optimizer=optimizer,
            steps=CHUNK,
            batch_size=BATCH,
            rng=rng,
            progress=False,
        ).loss
        if np.mean(loss[-20:]) < 0.01:  # nothing is left to learn
            break
    x, y, _ = tasks.recall_task(delay, 1000, rng)
    return round(float((net.forward(x)[-1].argmax(axis=1) == y[-1]).mean()), 3)


def loud_unit(seed: int) -> list[float]:
    """Return what one unit of chapter 06's character LSTM does, for another seed of the net.

    The share of characters whose loudness its cell's sign tells, and the share of capitals in what the net writes
    after an opening quotation mark: left free, and with f = 1, i = 0 held in this unit.
    """
    rng = np.random.default_rng(0)
    pages = [data.loud_book(61, rng) for _ in range(400)]
    letters = data.Vocabulary(sorted(set("".join(pages))))
    V = len(letters)
    indices = np.stack([letters.encode(list(page)) for page in pages], axis=1)
    rng = np.random.default_rng(seed)
    layer = in_numpy.forget_bias(in_numpy.LSTM(V, 16, rng=rng, dtype="float64"), 3.0)
    net = in_numpy.RecurrentNet(layer, V, rng=rng)
    in_numpy.fit(
        net,
        data.one_hot(indices[:-1], V, dtype=np.float64),
        indices[1:],
        loss=in_numpy.softmax_cross_entropy,
        optimizer=in_numpy.Adam(0.02, clip=1.0),
        steps=700,
        batch_size=24,
        rng=rng,
        progress=False,
    )
    unseen = data.loud_book(2000, np.random.default_rng(99))
    loud = data.shouted(unseen)
    x = data.one_hot(letters.encode(list(unseen)), V, dtype=np.float64)[:, None]
    cells = gates.trace_gates(net, x).c[:, 0]
    together = np.array([np.corrcoef(cell, loud)[0, 1] for cell in cells.T])
    unit = int(np.abs(together).argmax())
    told = ((cells[:, unit] * together[unit] > 0) == loud).mean()
    start = 'Doug saw Jane. "SPOT'
    late = range(len(start), 1000)
    shares = []
    for holds in ([], [gates.Hold("f", 1.0, unit, late), gates.Hold("i", 0.0, unit, late)]):
        rng = np.random.default_rng(0)
        written, _ = gates.write(net, letters.encode(list(start)), 300, rng, holds=holds)
        shares.append(np.mean([c.isupper() for c in letters.decode(written) if c.isalpha()]))
    return [round(float(share), 4) for share in (told, *shares)]


def main(arguments: list[str]) -> None:
    file = Path(arguments[0]) if arguments else FILE
    results = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    wanted = {key(*run): (score, run) for run in grid()}
    wanted |= {f"loud unit | seed {seed}": (loud_unit, (seed,)) for seed in LOUD_SEEDS}
    for name, (measure, run) in wanted.items():
        if name not in results:
            results[name] = measure(*run)
            write_whole(file, (json.dumps(results, indent=0, ensure_ascii=False) + "\n").encode())
            print(f"{name:<62} {results[name]}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
