"""The larger runs of chapters 07 and 08, stored so that the chapters can show them.

    python benchmarks/applications.py [writer] [sentiment] [times] [regularization] [birthdays]

writer: trains an LSTM on "Alice", character by character, and stores it in rnncourse/data/writer.npz. sentiment:
trains every net for every number of notes, learning rate and seed. times: what a training step of each costs.
regularization: an LSTM on little text, with and without dropout and layer normalization. birthdays: an
encoder–decoder with one vector, and one with attention, on lists that grow. Each run is added to
rnncourse/data/applications.json; what is there is not run again, so it may be stopped at any time. Delete the file
to start afresh. One core, about 40 minutes.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # before NumPy is loaded

import numpy as np  # noqa: E402
import torch  # noqa: E402

from rnncourse import data, in_numpy, in_torch  # noqa: E402
from rnncourse.files import write_whole  # noqa: E402
from rnncourse.in_torch.regularization import dropout_mask, regularized_step  # noqa: E402
from rnncourse.in_torch.text_nets import KINDS, text_net  # noqa: E402

FOLDER = Path(data.__file__).parent
RESULTS = FOLDER / "applications.json"
WRITER_STAGES = (100, 300, 600, 3000)
"""Steps of training after which the writer writes a sample; the last stage may end early."""
H, T, BATCH, PATIENCE, LR = 192, 64, 32, 300, 0.004

BUDGET, NOTES, RATES, SEEDS = 4000, (1000, 3000, 9000), (0.003, 0.015), (0, 1, 2)
TEXT_STEPS, TEXT_BATCH = 800, 64
# Control rows: the weights as a layer draws them, without orthogonal state weights and without a forget bias.
UNIFORM = ("rnn, uniform initialization", "lstm, uniform initialization")
CONTENDERS = (*KINDS, *UNIFORM)

LITTLE = (20_000, 10_000)  # characters to learn from, and to validate on
LITTLE_H, LITTLE_STEPS, LITTLE_RATE = 96, 800, 0.01
REGULARIZED = {
    "plain": {},
    "dropout": {"output": 0.5},
    "dropout, also on the state": {"output": 0.5, "state": 0.3},
    "layer normalization": {"normalized": True},
}
"""What is done to an LSTM that learns from little text: the rates of dropout, and layer normalization."""

LISTED, LIST_STEPS, LIST_RATES = (1, 2, 3, 4, 6), 3000, (0.01, 0.02)
LISTENERS = {
    "one vector": (in_numpy.EncoderDecoder, 48),
    "attention": (in_numpy.AttentionEncoderDecoder, 55),
}


def windows(indices: np.ndarray, stride: int, V: int) -> tuple[np.ndarray, np.ndarray]:
    """Return one-hot inputs (T, N, V) and the characters that follow them (T, N)."""
    starts = range(0, len(indices) - T, stride)
    cut = np.stack([indices[start : start + T + 1] for start in starts], axis=1)
    return data.one_hot(cut[:-1], V), cut[1:]


def train_writer() -> None:
    """Train on the first 90 % of Alice, write a sample after every stage, and store the best parameters."""
    text = data.alice_paragraphs()
    vocabulary = data.Vocabulary(sorted(set(text)))
    indices, V = vocabulary.encode(list(text)), len(vocabulary)
    cut = len(indices) * 9 // 10
    rng = np.random.default_rng(0)
    net = in_numpy.RecurrentNet(in_numpy.forget_bias(in_numpy.LSTM(V, H, rng=rng), 1.0), V, rng=rng)
    x, y = windows(indices[:cut], T // 2, V)
    optimizer = in_numpy.Adam(LR, clip=1.0)
    usual = {"loss": in_numpy.softmax_cross_entropy, "optimizer": optimizer, "batch_size": BATCH, "rng": rng}
    usual |= {"validation": windows(indices[cut:], T, V), "patience": PATIENCE}
    samples, curve, training, start = {"0": sample_of(net, vocabulary)}, [], [], time.process_time()
    for stage in WRITER_STAGES:
        history = in_numpy.fit(net, x, y, steps=stage, **usual)
        curve += history.validation
        training += history.loss[::10]
        samples[str(len(training) * 10)] = sample_of(net, vocabulary)
        print(len(curve), min(curve), samples[str(len(training) * 10)], flush=True)
    store_writer(vocabulary.tokens, net.params)
    store(
        "writer",
        {
            "hidden": H,
            "parameters": in_numpy.count_parameters(net),
            "characters": cut,
            "steps": 10 * int(np.argmin(curve)),
            "loss": round(min(curve), 3),
            "curve": [round(value, 3) for value in curve],
            "training": [round(value, 3) for value in training],
            "samples": samples,
            "seconds": round(time.process_time() - start),
        },
    )


def store_writer(tokens: Iterable[str], params: Mapping[str, np.ndarray]) -> None:
    """Write the characters and the parameters, in steps of 1/64, which half precision holds exactly up to 32."""
    rounded = {name: (np.rint(64 * array) / 64).astype(np.float16) for name, array in params.items()}
    np.savez_compressed(FOLDER / "writer.npz", characters=np.array("".join(tokens)), **rounded)


def sample_of(net: in_numpy.RecurrentNet, vocabulary: data.Vocabulary) -> str:
    """Return 120 characters that the net writes."""
    drawn = in_numpy.sample(net, vocabulary.encode(list("Alice ")), 120, np.random.default_rng(0), 0.6)
    return "Alice " + "".join(vocabulary.decode(drawn))


def regularization_name(kind: str, seed: int) -> str:
    return f"regularization | {kind} | seed {seed}"


def train_regularized(kind: str, seed: int, steps: int = LITTLE_STEPS) -> dict:
    """Train an LSTM on little text and return the loss every 20 steps, on what it learns from and on other text."""
    indices, V = little_text()
    known, other = indices[: LITTLE[0]], indices[LITTLE[0] :]
    params = little_lstm(V, seed, **REGULARIZED[kind])
    optimizer, curves = torch.optim.Adam(params.values(), LITTLE_RATE), {"training": [], "validation": []}
    rng, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    pieces = {"training": pieces_of(known[: len(other)]), "validation": pieces_of(other)}
    for step in range(steps + 1):
        if step % 20 == 0:
            for part, piece in pieces.items():
                with torch.no_grad():
                    curves[part].append(round(float(little_loss(params, piece)), 3))
        starts = rng.integers(len(known) - T - 1, size=BATCH)
        batch = torch.from_numpy(np.stack([known[k : k + T + 1] for k in starts], axis=1))
        loss = little_loss(params, batch, generator, **REGULARIZED[kind])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(params.values(), 1.0)
        optimizer.step()
    return {**curves, "parameters": sum(tensor.numel() for tensor in params.values())}


def little_text() -> tuple[np.ndarray, int]:
    """Return the characters of the beginning of Alice as indices, and how many different ones there are."""
    text = data.alice_paragraphs()[: sum(LITTLE)]
    vocabulary = data.Vocabulary(sorted(set(text)))
    return vocabulary.encode(list(text)), len(vocabulary)


def pieces_of(indices: np.ndarray) -> torch.Tensor:
    """Return stretches (T + 1, n) that do not overlap."""
    return torch.from_numpy(np.stack([indices[k : k + T + 1] for k in range(0, len(indices) - T, T)], axis=1))


def little_lstm(
    V: int, seed: int, normalized: bool = False, output: float = 0, state: float = 0
) -> dict[str, torch.Tensor]:
    """Return the parameters of an LSTM with a readout, with forget bias 1."""
    net = in_torch.RecurrentNet(in_torch.LSTM(V, LITTLE_H, rng=np.random.default_rng(seed)), V)
    in_torch.forget_bias(net.layer, 1.0)
    if normalized:
        net.params["gain"] = torch.ones(4 * LITTLE_H)
        # After the normalization, or it would be lost.
        net.params["b_norm"] = net.params["b"].detach().clone()
        net.params["b"] = torch.zeros(4 * LITTLE_H)
    return {name: tensor.detach().requires_grad_() for name, tensor in net.params.items()}


def little_loss(
    p: dict[str, torch.Tensor],
    piece: torch.Tensor,
    generator: torch.Generator | None = None,
    normalized: bool = False,
    output: float = 0,
    state: float = 0,
) -> torch.Tensor:
    """Return the loss on stretches (T + 1, B); without rates, as in use, nothing is dropped."""
    B = piece.shape[1]
    h = c = torch.zeros(B, LITTLE_H)
    mask = dropout_mask((B, LITTLE_H), state, generator) if state else 1.0
    states = []
    for x_t in piece[:-1]:
        h, c = regularized_step(p["W_x"][x_t] + p["b"], (h, c), p, mask)
        states.append(h)
    h = torch.stack(states)
    if output:
        h = h * dropout_mask(h.shape, output, generator)
    return torch.nn.functional.cross_entropy((h @ p["W_hy"] + p["b_y"]).flatten(0, 1), piece[1:].flatten())


def train_all_regularized() -> None:
    """Train what is not stored yet."""
    torch.set_num_threads(1)
    for seed, kind in itertools.product(SEEDS, REGULARIZED):
        if regularization_name(kind, seed) not in load():
            store(regularization_name(kind, seed), train_regularized(kind, seed))


def list_name(kind: str, lr: float, seed: int) -> str:
    return f"birthdays | {kind} | rate {lr} | seed {seed}"


def train_listener(kind: str, lr: float, seed: int, steps: int = LIST_STEPS) -> dict:
    """Train on lists of all lengths in turn, and return the share of answers that are right, for each length."""
    make, hidden = LISTENERS[kind]
    rng = np.random.default_rng(seed)
    words, characters = data.birthday_words(), data.Vocabulary([">", *"0123456789-"])
    net = make(len(words), len(characters), hidden, rng=rng)
    optimizer = in_numpy.Adam(lr, clip=1.0)
    for step in range(steps):
        optimizer.lr = lr if step < 0.75 * steps else lr / 4
        lists = data.birthday_lists(64, LISTED[step % len(LISTED)], rng)
        x, mask, before, y = listened(lists, words, characters)
        _, ds = in_numpy.softmax_cross_entropy(net.forward(x, before, mask), y)
        net.backward(ds)
        optimizer.step(net.params, net.grads)
    right = {}
    for part, seed_of_it in (("validation", 1000), ("test", 1001)):
        right[part] = []
        for n in LISTED:
            lists = data.birthday_lists(500, n, np.random.default_rng(seed_of_it))
            x, mask, _, y = listened(lists, words, characters)
            exact = (net.write(x, 0, len(y), mask) == y).all(axis=0)
            right[part].append(round(float(exact.mean()), 3))
    return {**right, "parameters": in_numpy.count_parameters(net)}


def listened(
    lists: data.SpelledDates, words: data.Vocabulary, characters: data.Vocabulary
) -> tuple[np.ndarray, ...]:
    """Return x (T, B, D), mask (T, B), the characters before (T', B, K) and the right ones y (T', B)."""
    indices, mask = data.pad_sequences([words.encode(text) for text in lists.texts])
    y = np.stack([characters.encode(list(iso)) for iso in lists.iso], axis=1)
    before = np.concatenate([np.zeros_like(y[:1]), y[:-1]])
    return data.one_hot(indices, len(words)), mask, data.one_hot(before, len(characters)), y


def train_listeners() -> None:
    """Train what is not stored yet."""
    for seed, kind, lr in itertools.product(SEEDS, LISTENERS, LIST_RATES):
        if list_name(kind, lr, seed) not in load():
            store(list_name(kind, lr, seed), train_listener(kind, lr, seed))


def encoded(notes: data.FilmNotes, words: data.Vocabulary, T: int) -> tuple[torch.Tensor, ...]:
    """Return word indices (T, n), mask (T, n) and the answers (1, n)."""
    indices, real = data.pad_sequences([words.encode(text) for text in notes.texts])
    missing = ((0, T - len(indices)), (0, 0))
    x, mask = (torch.from_numpy(np.pad(array, missing)) for array in (indices, real))
    return x, mask, torch.from_numpy(notes.liked)[None]


def texts() -> tuple[data.FilmNotes, data.FilmNotes, data.FilmNotes]:
    """Return the notes to learn from, those that choose the learning rate, and those that are asked at the end."""
    return tuple(data.film_notes(n, np.random.default_rng(k)) for k, n in enumerate((max(NOTES), 1000, 2000)))


def name_of(kind: str, notes: int, lr: float, seed: int) -> str:
    return f"sentiment | {kind} | {notes} notes | rate {lr} | seed {seed}"


def train_text(
    sets: tuple[data.FilmNotes, ...], kind: str, notes: int, lr: float, seed: int, steps: int = TEXT_STEPS
) -> dict:
    """Train one net on the first so many notes and return how often it is right on the other two sets."""
    learned, validation, test = sets
    words = data.Vocabulary.from_tokens(
        [word for text in learned.texts for word in text], padding="<padding>"
    )
    T = max(len(text) for one in sets for text in one.texts)
    x, mask, y = encoded(learned, words, T)
    rng = np.random.default_rng(seed)
    net = text_net(kind.split(",")[0], len(words), T, BUDGET, rng=rng)
    if kind in UNIFORM:
        in_torch.uniform(net.layer, rng)
    start = time.process_time()
    in_torch.fit(
        net,
        x[:, :notes],
        y[:, :notes],
        padding=mask[:, :notes],
        loss=in_torch.softmax_cross_entropy,
        optimizer=in_torch.Adam(lr, clip=1.0),
        steps=steps,
        batch_size=TEXT_BATCH,
        rng=rng,
        progress=False,
    )
    seconds = time.process_time() - start
    right = {
        part: round(share_right(net, *encoded(one, words, T)), 3)
        for part, one in (("validation", validation), ("test", test))
    }
    return {**right, "parameters": in_torch.count_parameters(net), "seconds": round(seconds, 1)}


def train_texts() -> None:
    """Train every net of the grid that is not stored yet; the short runs first."""
    torch.set_num_threads(1)
    sets = texts()
    for notes, seed, kind, lr in itertools.product(NOTES, SEEDS, CONTENDERS, RATES):
        name = name_of(kind, notes, lr, seed)
        if name not in load():
            store(name, train_text(sets, kind, notes, lr, seed))


def time_texts(steps: int = 50, rounds: int = 5) -> None:
    """Store the processor time of a training step of every kind, in milliseconds: all kinds in turn, several times."""
    torch.set_num_threads(1)
    sets = texts()
    words = data.Vocabulary.from_tokens(
        [word for text in sets[0].texts for word in text], padding="<padding>"
    )
    T = max(len(text) for one in sets for text in one.texts)
    x, mask, y = encoded(sets[1], words, T)
    taken = {kind: [] for kind in KINDS}
    for seed, kind in itertools.product(range(rounds), KINDS):
        rng = np.random.default_rng(seed)
        net = text_net(kind, len(words), T, BUDGET, rng=rng)
        usual = {"loss": in_torch.softmax_cross_entropy, "optimizer": in_torch.Adam(0.003, clip=1.0)}
        usual |= {"batch_size": TEXT_BATCH, "rng": rng, "progress": False, "padding": mask}
        in_torch.fit(net, x, y, steps=5, **usual)  # the first steps are slower
        start = time.process_time()
        in_torch.fit(net, x, y, steps=steps, **usual)
        taken[kind].append(1000 * (time.process_time() - start) / steps)
    store("milliseconds a step", {kind: round(float(np.median(times)), 1) for kind, times in taken.items()})


def share_right(net: in_torch.base.Layer, x: torch.Tensor, mask: torch.Tensor, y: torch.Tensor) -> float:
    with torch.no_grad():
        return float((net.forward(x, mask).argmax(dim=2) == y).float().mean())


def load() -> dict[str, dict]:
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}


def store(name: str, result: dict) -> None:
    """Add one result to the file."""
    results = load() | {name: result}
    write_whole(RESULTS, (json.dumps(results, indent=0, ensure_ascii=False) + "\n").encode())
    print(name, {key: value for key, value in result.items() if key != "curve"}, flush=True)


def main(arguments: list[str]) -> None:
    wanted = arguments or ["writer", "sentiment", "times", "regularization", "birthdays"]
    if "writer" in wanted and "writer" not in load():
        train_writer()
    if "sentiment" in wanted:
        train_texts()
    if "times" in wanted and "milliseconds a step" not in load():
        time_texts()
    if "regularization" in wanted:
        train_all_regularized()
    if "birthdays" in wanted:
        train_listeners()


if __name__ == "__main__":
    main(sys.argv[1:])
