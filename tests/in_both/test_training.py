"""Training loops: what they compute, when they stop, what they keep."""

from __future__ import annotations

import copy
import math
import pickle
import re
import time
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from in_both.engines import furthest
from tqdm import tqdm

from rnncourse import in_numpy, in_torch
from rnncourse.errors import InputError, TrainingError
from rnncourse.in_numpy import progress

ENGINES = pytest.mark.parametrize("engine", [in_numpy, in_torch], ids=["numpy", "torch"])
T, N, D, K = 6, 8, 3, 4


def net(engine=in_numpy, seed=0, dtype="float64", layer="GRU"):
    rng = np.random.default_rng(seed)
    return engine.RecurrentNet(getattr(engine, layer)(D, 5, rng=rng, dtype=dtype), K, rng=rng)


def examples(engine=in_numpy, T=T, seed=1):
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((T, N, D)), rng.integers(0, K, (T, N))
    return (x, y) if engine is in_numpy else (torch.from_numpy(x), torch.from_numpy(y))


def settings(engine, **more):
    return {
        "loss": engine.softmax_cross_entropy,
        "optimizer": engine.Adam(lr=0.05),
        "progress": False,
        **more,
    }


def test_fit_is_the_loop_one_would_write():
    model, twin = net(), net()
    x, y = examples()
    history = in_numpy.fit(model, x, y, steps=5, **settings(in_numpy, optimizer=in_numpy.SGD(lr=0.3)))
    expected = []
    for _ in range(5):
        loss, ds = in_numpy.softmax_cross_entropy(twin.forward(x), y)
        expected.append(loss)
        twin.backward(ds)
        for name in twin.params:
            twin.params[name] -= 0.3 * twin.grads[name]
    assert history.loss == pytest.approx(expected, abs=1e-12)
    assert furthest(model.params, twin.params) <= 1e-12
    assert history.loss[-1] < history.loss[0] and history.best_step == 4


def test_both_engines_train_alike():
    models = [net(engine) for engine in (in_numpy, in_torch)]
    histories = [
        engine.fit(
            model,
            *examples(engine),
            steps=20,
            batch_size=3,
            rng=np.random.default_rng(5),
            **settings(engine, optimizer=engine.Adam(lr=0.05, clip=0.5)),
        )
        for engine, model in zip((in_numpy, in_torch), models, strict=True)
    ]
    assert histories[0].loss == pytest.approx(histories[1].loss, abs=1e-9)
    assert furthest(models[0].params, models[1].params) <= 1e-8


def test_batches_are_drawn_without_replacement():
    seen = []
    x, y = examples()
    x[:, :, 0] = np.arange(N)

    class Watched(in_numpy.RecurrentNet):
        def forward(self, x, h0=None, mask=None):
            seen.append(sorted(x[0, :, 0].tolist()))
            return super().forward(x, h0, mask)

    model = Watched(in_numpy.RNN(D, 5), K)
    in_numpy.fit(model, x, y, steps=4, batch_size=5, rng=np.random.default_rng(0), **settings(in_numpy))
    assert all(len(set(batch)) == 5 for batch in seen) and len({tuple(batch) for batch in seen}) > 1


def test_padding_reaches_the_model_and_mask_the_loss():
    x, y = examples()
    padding = (np.arange(T)[:, None] < np.arange(1, N + 1)).astype(float)
    padding[:, 0] = 1
    model, twin = net(), net()
    in_numpy.fit(model, x, y, steps=3, mask=padding, padding=padding, **settings(in_numpy))
    x_wild = np.where(padding[:, :, None] == 0, 50.0, x)
    in_numpy.fit(twin, x_wild, y, steps=3, mask=padding, padding=padding, **settings(in_numpy))
    assert furthest(model.params, twin.params) == 0


@ENGINES
def test_validation_is_padded_as_training_is(engine):
    x, y = examples()
    padding = (np.arange(T)[:, None] < np.arange(N) % T + 1).astype(float)
    x_wild = np.where(padding[:, :, None] == 0, 50.0, x)
    x, x_wild, y, padding = (
        a if engine is in_numpy else torch.from_numpy(a) for a in (x, x_wild, y, padding)
    )
    model = net(engine)
    histories = [
        engine.fit(
            copy.deepcopy(model),
            x,
            y,
            steps=21,
            mask=padding,
            padding=padding,
            validation=(held_out, y, mask, padding),
            **settings(engine),
        )
        for held_out, mask in ((x, padding), (x_wild, padding), (x, None))
    ]
    padded, wild, everywhere = histories
    assert padded.validation == pytest.approx(padded.loss[::10], abs=1e-12)  # the same data, the same numbers
    assert wild.validation == padded.validation  # what stands at padding is never read
    s = _plain(model.forward(x, mask=padding))
    assert everywhere.validation[0] == pytest.approx(
        in_numpy.softmax_cross_entropy(s, _plain(y))[0], abs=1e-12
    )


def test_validation_without_padding_is_refused_where_training_has_some():
    x, y = examples()
    padding = np.ones((T, N))
    for validation in ((x, y), (x, y, padding)):
        said = r"validation must be \(x, y, mask, padding\), because padding was given, but got . of them"
        with pytest.raises(InputError, match=said):
            in_numpy.fit(net(), x, y, steps=1, padding=padding, validation=validation, **settings(in_numpy))


@ENGINES
def test_patience_stops_and_puts_the_best_back(engine):
    model, (x, y) = net(engine), examples(engine)
    kept = {}

    class Climbing(engine.SGD):
        def _update(self, name, array, gradient):
            kept.setdefault(self.steps, {})[name] = _plain(array).copy()
            array += (-0.1 if self.steps <= 4 else 2.0) * gradient

    history = engine.fit(model, x, y, steps=100, patience=7, **settings(engine, optimizer=Climbing(lr=1.0)))
    assert history.stopped_early and history.best_step == 4 and len(history.loss) == 4 + 7 + 1
    assert furthest(model.params, kept[5]) == 0


@ENGINES
def test_validation_decides_when_it_is_given(engine):
    model, (x, y) = net(engine), examples(engine)
    x_v, y_v = examples(engine, seed=2)
    history = engine.fit(model, x, y, steps=400, patience=30, validation=(x_v, y_v), **settings(engine))
    assert history.stopped_early and history.best_step % 10 == 0
    assert history.validation[history.best_step // 10] == min(history.validation)
    loss, _ = engine.softmax_cross_entropy(model.forward(x_v), y_v)
    assert float(loss.detach() if engine is in_torch else loss) == pytest.approx(
        min(history.validation), abs=1e-12
    )
    assert history.loss[-1] < history.loss[history.best_step]  # training went on falling: it was overfitting


@ENGINES
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_lost_gradient_stops_and_names_step_parameter_and_remedy(engine, value):
    best = {}

    class Losing(engine.RecurrentNet):
        steps = 0

        def backward(self, ds):
            found = super().backward(ds)
            if self.steps == 3:
                self.grads["W_h"][1, 2] = value
                best.update({name: _plain(a).copy() for name, a in self.params.items()})
            self.steps += 1
            return found

    rng = np.random.default_rng(0)
    model = Losing(engine.LSTM(D, 5, rng=rng, dtype="float64"), K, rng=rng)
    said = r"gradient of W_h holds NaN or infinity at step 3; try .* clip=1\.0"
    with pytest.raises(TrainingError, match=said) as caught:
        engine.fit(model, *examples(engine), steps=10, **settings(engine))
    assert len(caught.value.history.loss) == 4
    # the loss fell at every step, so the last parameters are the best
    assert furthest(model.params, best) == 0


def _plain(array):
    return array.detach().numpy() if isinstance(array, torch.Tensor) else array


@ENGINES
def test_a_lost_loss_stops_with_the_best_parameters(engine):
    model, (x, y) = net(engine), examples(engine)
    calls = []

    def loss(s, y, mask=None):
        calls.append({name: _plain(a).copy() for name, a in model.params.items()})
        value, ds = engine.softmax_cross_entropy(s, y, mask)
        return (value * math.nan if len(calls) == 4 else value), ds

    with pytest.raises(TrainingError, match=r"the loss became nan at step 3; .*those of step 2"):
        engine.fit(model, x, y, steps=10, **settings(engine, loss=loss))
    assert furthest(model.params, calls[2]) == 0


@ENGINES
@pytest.mark.parametrize("window", [None, T])
def test_a_net_whose_states_explode_is_no_wrong_input(engine, window):
    rng = np.random.default_rng(0)
    model = engine.RecurrentNet(engine.RNN(D, 8, "relu", rng=rng), K, rng=rng)
    start = {name: _plain(a).copy() for name, a in model.params.items()}
    x, y = examples(engine)
    x = x.astype(np.float32) if engine is in_numpy else x.float()
    choices = settings(engine, optimizer=engine.SGD(lr=1e12))
    said = r"stopped being finite at step 1 \(h must hold finite numbers.*clip=1\.0.*those of step 0"
    with np.errstate(all="ignore"), pytest.raises(TrainingError, match=said) as caught:
        if window is None:
            engine.fit(model, x, y, steps=9, **choices)
        else:
            engine.fit_truncated(model, x, y, window=window, passes=9, **choices)
    assert len(caught.value.history.loss) == 1 and furthest(model.params, start) == 0


@ENGINES
def test_data_that_are_not_finite_stay_wrong_input(engine):
    x, y = examples(engine)
    lost = x * math.inf
    for changed, said in [
        ({"x": lost}, "x must hold finite numbers"),
        ({"validation": (lost, y)}, "x of validation must hold finite numbers"),
        ({"x": None}, "x must be an array with an axis 1, but got None"),
        ({"y": [1, 2]}, "y must be an array with an axis 1, but got list"),
        ({"x": x[:0]}, "x is empty"),
    ]:
        with pytest.raises(InputError, match=said):
            engine.fit(net(engine), **{"x": x, "y": y, "steps": 1, **settings(engine), **changed})


@ENGINES
@pytest.mark.parametrize("layer", ["RNN", "LSTM"])
def test_truncated_training_carries_the_state_but_no_gradient(engine, layer):
    model, twin = net(engine, layer=layer), net(engine, layer=layer)
    x, y = examples(engine, T=10)
    history = engine.fit_truncated(
        model, x, y, window=4, passes=2, **settings(engine, optimizer=engine.Adagrad(lr=0.1))
    )
    optimizer, expected = engine.Adagrad(lr=0.1), []
    for _ in range(2):
        state = None
        for start in (0, 4, 8):
            s = twin.forward(x[start : start + 4], state)
            loss, ds = engine.softmax_cross_entropy(s, y[start : start + 4])
            state = twin.state_T
            if engine is in_torch:
                state = tuple(part.detach() for part in state) if layer == "LSTM" else state.detach()
            twin.backward(ds)
            optimizer.step(twin.params, twin.grads)
            expected.append(float(_plain(loss)))
    assert history.loss == pytest.approx(expected, abs=1e-12)
    assert furthest(model.params, twin.params) <= 1e-12


def test_truncated_training_encodes_tokens():
    tokens = np.random.default_rng(0).integers(0, D, (9, 2))
    y = np.roll(tokens, -1, axis=0)
    runs = []
    for x, encode in ((tokens, lambda w: np.eye(D)[w]), (np.eye(D)[tokens], None)):
        model = net()
        runs.append(in_numpy.fit_truncated(model, x, y, window=4, encode=encode, **settings(in_numpy)).loss)
    assert runs[0] == runs[1] and len(runs[0]) == 3


def test_what_encodes_is_given_what_was_handed_over():
    """NumPy arrays stay NumPy arrays for it, though the net is one of torch."""
    tokens, given = np.random.default_rng(0).integers(0, D, (9, 2)), []

    def encode(window):
        given.append(window)
        return np.eye(D)[window]

    in_torch.fit_truncated(
        net(in_torch), tokens, np.roll(tokens, -1, axis=0), window=4, encode=encode, **settings(in_torch)
    )
    assert all(isinstance(window, np.ndarray) for window in given)
    assert np.array_equal(np.concatenate(given), tokens)


def test_torch_trains_on_numpy_arrays_as_on_tensors():
    """Arrays become tensors of the network's dtype: float64 data do not widen a float32 network."""
    x, y = examples()
    padding = (np.arange(T)[:, None] < np.arange(N) % T + 1).astype(float)
    models = [net(in_torch, dtype="float32") for _ in range(2)]
    histories = []
    for model, to in zip(models, (lambda a: a, torch.from_numpy), strict=True):
        data = [to(a) for a in (x.astype(np.float32) if to is torch.from_numpy else x, y, padding)]
        choices = settings(in_torch, steps=4, batch_size=3, rng=np.random.default_rng(2), padding=data[2])
        histories.append(
            in_torch.fit(
                model, data[0], data[1], mask=data[2], validation=(*data[:2], None, data[2]), **choices
            )
        )
    assert histories[0] == histories[1] and furthest(models[0].params, models[1].params) == 0
    assert {tensor.dtype for tensor in models[0].grads.values()} == {torch.float32}
    windows = [net(in_torch) for _ in range(2)]
    first, second = (
        in_torch.fit_truncated(model, *data, window=4, **settings(in_torch))
        for model, data in zip(windows, (examples(), examples(in_torch)), strict=True)
    )
    assert first.loss == second.loss
    tokens = np.random.default_rng(0).integers(0, D, (T, N))
    encoded = in_torch.fit_truncated(
        net(in_torch), tokens, y, window=4, encode=lambda w: np.eye(D)[w], **settings(in_torch)
    )
    known = in_numpy.fit_truncated(net(), np.eye(D)[tokens], y, window=4, **settings(in_numpy))
    assert encoded.loss == pytest.approx(known.loss, abs=1e-12)


def test_a_training_error_keeps_its_history_when_it_is_pickled():
    error = pickle.loads(pickle.dumps(TrainingError("it broke", in_numpy.History(loss=[2.0]))))
    assert str(error) == "it broke" and error.history.loss == [2.0]


def test_wrong_input_is_named():
    model, (x, y) = net(), examples()
    common = settings(in_numpy)
    for call, said in [
        (
            lambda: in_numpy.fit(model, x, y[:, :2], steps=1, **common),
            "x and y must be equally long on axis 1",
        ),
        (lambda: in_numpy.fit(model, x, y, steps=0, **common), "steps must be"),
        (
            lambda: in_numpy.fit(model, x, y, steps=1, batch_size=99, rng=np.random.default_rng(0), **common),
            "only 8",
        ),
        (lambda: in_numpy.fit(model, x, y, steps=1, batch_size=2, **common), "rng must be"),
        (lambda: in_numpy.fit(model, x, y, steps=1, patience=0, **common), "patience must be"),
        (lambda: in_numpy.fit(model, x, y, steps=1, validation=x, **common), "validation must be"),
        (lambda: in_numpy.fit_truncated(model, x, y, window=0, **common), "window must be"),
        (lambda: in_numpy.fit_truncated(model, x, y[1:], window=2, **common), "equally long on axis 0"),
    ]:
        with pytest.raises(InputError, match=said):
            call()


def test_progress_hands_on_what_it_counts(monkeypatch):
    monkeypatch.setenv("TQDM_DISABLE", "1")
    assert list(progress(iter("abc"), "letters")) == ["a", "b", "c"]
    monkeypatch.delenv("TQDM_DISABLE")
    assert list(progress([3, 1, 2], "numbers")) == [3, 1, 2]
    assert list(progress(iter("abc"), "letters")) == ["a", "b", "c"]


@pytest.mark.parametrize(("after", "made"), [(60, []), (0, [(7, 0)])])
def test_a_bar_is_made_only_for_training_that_takes_long(monkeypatch, after, made):
    """With tqdm's own delay the bars were made and hidden, and a cell that trains 460 times took minutes."""
    bars = []

    class Bar:
        def __init__(self, total, initial, **_):
            self.total, self.initial, self.steps, self.closed = total, initial, 0, False
            bars.append(self)

        def update(self):
            self.steps += 1

        def close(self):
            self.closed = True

    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    monkeypatch.setattr("tqdm.tqdm", Bar)
    monkeypatch.setattr("rnncourse.in_both.training.BAR_AFTER_SECONDS", after)
    net = in_numpy.MLP([2, 1], rng=np.random.default_rng(0))
    x, y = np.ones((3, 2), np.float32), np.zeros((3, 1), np.float32)
    in_numpy.fit(net, x, y, loss=in_numpy.mse, optimizer=in_numpy.SGD(0.1), steps=7)
    assert [(bar.total, bar.initial) for bar in bars] == made
    assert all(bar.closed and bar.steps == 7 for bar in bars)


def test_in_a_notebook_a_bar_is_a_line_of_text_and_gone_at_the_end(monkeypatch):
    """A widget would leave "Error displaying widget" in the saved notebook."""
    shown = []
    handle = SimpleNamespace(update=lambda data, raw: shown.append(data))
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    monkeypatch.setattr("rnncourse.in_both.training.BAR_AFTER_SECONDS", 0)
    monkeypatch.setattr("rnncourse.in_both.training._in_a_notebook", lambda: True)
    monkeypatch.setattr("tqdm.tqdm", partial(tqdm, disable=False))  # it has read TQDM_DISABLE already
    monkeypatch.setattr("IPython.display.display", lambda data, **_: shown.append(data) or handle)
    for _ in progress(range(4), "nets"):
        for _ in progress(range(2), "inner"):
            time.sleep(0.15)
    texts = [one["text/plain"] for one in shown]
    assert any(re.match(r"nets: +\d+%\|", text) and "/4" in text for text in texts)
    assert all([*one] == ["text/plain"] for one in shown)
    assert all(text == "" or text.startswith(("nets:", "inner:")) for text in texts), (
        "nor a move of the cursor"
    )
    assert (texts[0], texts[-1]) == ("", "")
