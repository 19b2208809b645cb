"""Gates looked at, held and taken away: by hand = differences = autograd, in both engines."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from in_both.engines import B, D, H, T, make, padding_mask, state_like

from rnncourse import in_numpy, in_torch
from rnncourse.analysis.gates import ABLATIONS, Hold, ablate, hold, trace_gates, write
from rnncourse.errors import InputError

HOLDS = (
    Hold("f", 0.25, units=[1, 4]),
    Hold("i", 1.0, steps=[0, 3]),
    Hold("g", (-0.5, 0.75), units=[0, 5], steps=2),
    Hold("o", 0.0, units=3, steps=range(1, 3)),
)
VARIANTS = {part: lambda model, part=part: ablate(model, part) for part in ABLATIONS} | {
    "four holds": lambda model: hold(model, *HOLDS),
    "held states": lambda model: hold(
        model, Hold("c", 1.7, units=2, steps=[1]), Hold("h", (0.5, -2.0), units=[0, 3], steps=[0, 2])
    ),
    "f held on top of f = 1 - i": lambda model: hold(
        ablate(model, "f = 1 - i"), Hold("f", 0.3, units=[0, 2])
    ),
    "a hold on top of an ablation": lambda model: hold(ablate(model, "f = 1 - i"), HOLDS[2], HOLDS[3]),
}


def some_input(seed: int = 1) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((T, B, D))
    return x, state_like(make("LSTM"), B, rng)


def tensors(numbers):
    return tuple(map(tensors, numbers)) if isinstance(numbers, tuple) else torch.from_numpy(numbers)


def by_the_equations(p: dict, x: np.ndarray, h0, c0, part: str) -> dict[str, np.ndarray]:
    """Return every gate and state of an LSTM that lacks `part`, written out from the equations of the chapter."""
    found: dict[str, list] = {name: [] for name in "ifgoch"}
    h_t, c_t = h0, c0
    for x_t in x:
        a_i, a_f, a_g, a_o = np.split(x_t @ p["W_x"] + h_t @ p["W_h"] + p["b"], 4, axis=1)
        i_t, f_t, o_t = (1 / (1 + np.exp(-a)) for a in (a_i, a_f, a_o))
        g_t = a_g if part == "no tanh on the candidate" else np.tanh(a_g)
        if part == "no input gate":
            i_t = np.ones_like(i_t)
        if part == "no forget gate":
            f_t = np.ones_like(f_t)
        if part == "forget gate frozen at 0.5":
            f_t = np.full_like(f_t, 0.5)
        if part == "no output gate":
            o_t = np.ones_like(o_t)
        if part == "f = 1 - i":
            f_t = 1 - i_t
        c_t = f_t * c_t + i_t * g_t
        h_t = o_t * (c_t if part == "no tanh on the cell" else np.tanh(c_t))
        for name, value in zip("ifgoch", (i_t, f_t, g_t, o_t, c_t, h_t), strict=True):
            found[name].append(value)
    return {name: np.stack(values) for name, values in found.items()}


@pytest.mark.parametrize("part", ABLATIONS)
@pytest.mark.parametrize("engine", [in_numpy, in_torch], ids=["numpy", "torch"])
def test_ablation_is_the_equations_without_the_part(engine, part):
    x, (h0, c0) = some_input()
    layer = make("LSTM", engine)
    trace = trace_gates(ablate(layer, part), x, (h0, c0) if engine is in_numpy else tensors((h0, c0)))
    wanted = by_the_equations(make("LSTM").params, x, h0, c0, part)
    for name, values in wanted.items():
        assert np.abs(trace[name] - values).max() < 1e-14, name


def test_intact_is_the_layer_itself():
    x, state = some_input()
    plain, varied = make("LSTM"), ablate(make("LSTM"), "intact")
    dh = np.random.default_rng(2).standard_normal((T, B, H))
    for model in (plain, varied):
        model.forward(x, state, padding_mask(T, B))
    assert np.abs(plain.backward(dh)[0] - varied.backward(dh)[0]).max() < 1e-14
    for name, gradient in plain.grads.items():
        assert np.abs(gradient - varied.grads[name]).max() < 1e-13
    assert np.abs(plain.trace["c"] - varied.trace["c"]).max() < 1e-14


@pytest.mark.parametrize("padded", [False, True], ids=["whole", "padded"])
@pytest.mark.parametrize("name", VARIANTS)
def test_gradients_by_hand_are_the_central_differences_and_those_of_the_other_engine(name, padded):
    rng = np.random.default_rng(3)
    x, state = some_input()
    mask = padding_mask(T, B) if padded else None
    dh, d_last = rng.standard_normal((T, B, H)), (rng.standard_normal((B, H)), rng.standard_normal((B, H)))
    ours = VARIANTS[name](make("LSTM"))
    theirs = VARIANTS[name](make("LSTM", in_torch))

    def loss() -> float:
        h, last = ours.forward(x, state, mask)
        return float((h * dh).sum() + sum((a * b).sum() for a, b in zip(last, d_last, strict=True)))

    loss()
    dx, d_state = ours.backward(dh, d_last)
    found = {**ours.grads, "x": dx, "h0": d_state[0], "c0": d_state[1]}
    places = {**ours.params, "x": x, "h0": state[0], "c0": state[1]}
    theirs.forward(tensors(x), tensors(state), None if mask is None else tensors(mask))
    dx, d_state = theirs.backward(tensors(dh), tensors(d_last))
    by_autograd = {**theirs.grads, "x": dx, "h0": d_state[0], "c0": d_state[1]}
    for key, array in places.items():
        differences = in_numpy.numerical_gradient(loss, array)
        size = np.abs(differences).max()
        assert size > 0, key
        assert np.abs(found[key] - differences).max() <= 1e-7 * size, key
        assert np.abs(found[key] - by_autograd[key].numpy()).max() <= 1e-10 * size, key


OTHERS = {
    "GRU nothing": ("GRU", ()),
    "GRU gates": (
        "GRU",
        (Hold("r", 0.3, units=[0, 5]), Hold("z", 1.0, steps=[1, 3]), Hold("n", -0.5, units=2)),
    ),
    "GRU state": ("GRU", (Hold("h", 0.5, units=[1], steps=[2]), Hold("z", 0.25, units=1))),
    "RNN nothing": ("RNN relu", ()),
    "RNN state": ("RNN tanh", (Hold("h", (0.5, -3.0), units=[1, 4], steps=[0, 3]),)),
}


@pytest.mark.parametrize("padded", [False, True], ids=["whole", "padded"])
@pytest.mark.parametrize("name", OTHERS)
def test_a_held_gru_or_rnn_is_differentiated_by_hand_as_by_differences_and_by_the_other_engine(name, padded):
    kind, holds = OTHERS[name]
    rng = np.random.default_rng(3)
    x, mask = rng.standard_normal((T, B, D)), padding_mask(T, B) if padded else None
    h0, d_last, dh = (rng.standard_normal(shape) for shape in ((B, H), (B, H), (T, B, H)))
    ours, theirs = hold(make(kind), *holds), hold(make(kind, in_torch), *holds)

    def loss() -> float:
        h, last = ours.forward(x, h0, mask)
        return float((h * dh).sum() + (last * d_last).sum())

    loss()
    found = dict(zip(("x", "h0"), ours.backward(dh, d_last), strict=True)) | ours.grads
    theirs.forward(x, h0, mask)
    by_autograd = dict(zip(("x", "h0"), theirs.backward(*tensors((dh, d_last))), strict=True)) | theirs.grads
    for key, array in {**ours.params, "x": x, "h0": h0}.items():
        differences = in_numpy.numerical_gradient(loss, array)
        assert np.abs(differences).max() > 1e-3, key
        assert np.abs(found[key] - differences).max() <= 1e-7, key
        assert np.abs(found[key] - in_torch.to_numpy(by_autograd[key])).max() <= 1e-12, key
    if not holds:
        plain = make(kind)
        assert np.abs(plain.forward(x, h0, mask)[0] - ours.forward(x, h0, mask)[0]).max() < 1e-14


@pytest.mark.parametrize("engine", [in_numpy, in_torch], ids=["numpy", "torch"])
def test_a_held_state_is_what_the_next_step_reads(engine):
    x, _ = some_input()
    for kind in ("RNN tanh", "GRU", "LSTM"):
        layer = make(kind, engine)
        held = hold(layer, Hold("h", 0.0, steps=[2]))
        h = in_torch.to_numpy(held.forward(x)[0])
        assert np.all(h[2] == 0) and np.all(h[[1, 3]] != 0)
        state = (
            np.zeros((B, H)) if kind != "LSTM" else (np.zeros((B, H)), in_torch.to_numpy(held.trace["c"])[2])
        )
        assert np.abs(h[3:] - in_torch.to_numpy(layer.forward(x[3:], state)[0])).max() < 1e-14


def test_a_hold_of_a_hold_keeps_both_and_the_outer_one_counts():
    x, _ = some_input()
    inner = hold(make("LSTM"), Hold("f", 0.1), Hold("i", 0.2))
    outer = hold(inner, Hold("f", 0.9))
    trace = trace_gates(outer, x)
    assert np.all(trace.f == 0.9) and np.all(trace.i == 0.2)
    assert np.all(trace_gates(inner, x).f == 0.1)  # and the inner one is as it was


def test_a_held_layer_can_be_copied_and_pickled():
    x, _ = some_input()
    held = hold(make("LSTM"), Hold("f", 0.9))
    expected = held.forward(x)[0]
    for twin in (copy.deepcopy(held), pickle.loads(pickle.dumps(held))):
        assert np.array_equal(twin.forward(x)[0], expected)


def test_a_trace_says_what_it_holds():
    x, _ = some_input()
    assert repr(trace_gates(make("LSTM"), x)) == "GateTrace(i, f, g, o, c, h: 5 steps, 3 sequences, 6 units)"
    assert repr(trace_gates(make("GRU"), x)) == "GateTrace(r, z, n, h: 5 steps, 3 sequences, 6 units)"


@pytest.mark.parametrize("kind", ["RNN", "GRU"])
def test_a_held_gru_or_rnn_writes(kind):
    rng = np.random.default_rng(0)
    net = in_numpy.RecurrentNet(getattr(in_numpy, kind)(D, H, rng=rng, dtype="float64"), D, rng=rng)
    plain, trace = write(net, [0, 2], 12, np.random.default_rng(4))
    assert np.array_equal(plain, in_numpy.sample(net, [0, 2], 12, np.random.default_rng(4)))
    assert trace.h.shape == (13, 1, H)
    _, held = write(net, [0, 2], 12, np.random.default_rng(4), holds=[Hold("h", 0.5, units=1, steps=[2])])
    assert np.flatnonzero(held.h[:, 0, 1] == 0.5).tolist() == [2]


def test_autograd_through_the_bare_equations_agrees():
    """The loop of in_torch is written by hand too; here autograd differentiates the equations themselves."""
    x, (h0, c0) = some_input()
    p = {name: torch.tensor(array, requires_grad=True) for name, array in make("LSTM").params.items()}
    h, c = tensors(h0), tensors(c0)
    total = 0
    dh = np.random.default_rng(5).standard_normal((T, B, H))
    for t in range(T):
        a_i, _, a_g, a_o = (tensors(x[t]) @ p["W_x"] + h @ p["W_h"] + p["b"]).chunk(4, dim=1)
        i = a_i.sigmoid()
        c = (1 - i) * c + i * a_g.tanh()
        h = a_o.sigmoid() * c.tanh()
        total = total + (h * tensors(dh[t])).sum()
    total.backward()
    ours = ablate(make("LSTM"), "f = 1 - i")
    ours.forward(x, (h0, c0))
    ours.backward(dh)
    for name, tensor in p.items():
        assert np.abs(ours.grads[name] - tensor.grad.numpy()).max() <= 1e-10 * float(tensor.grad.abs().max())


@pytest.mark.parametrize("engine", [in_numpy, in_torch], ids=["numpy", "torch"])
def test_holds_stand_where_they_were_put_and_nowhere_else(engine):
    x, _ = some_input()
    layer = make("LSTM", engine)
    plain, held = (trace_gates(hold(layer, *holds), x) for holds in ((), HOLDS))
    assert np.all(held["f"][:, :, [1, 4]] == 0.25)
    assert np.all(held.i[[0, 3]] == 1)
    assert np.all(held.g[2][:, [0, 5]] == [-0.5, 0.75])
    assert np.all(held.o[1:3, :, 3] == 0)
    assert np.all(held.h[1:3, :, 3] == 0)
    free = np.ones((T, H), dtype=bool)
    free[1:3, 3] = False
    assert np.all((held.o != 0).any(axis=1) == free)
    # before a hold could spread
    assert np.array_equal(held.f[0][:, [0, 2, 3, 5]], plain.f[0][:, [0, 2, 3, 5]])
    assert not np.allclose(held.f[1:, :, 0], plain.f[1:, :, 0])  # it has spread through h


def test_a_later_hold_wins():
    x, _ = some_input()
    held = trace_gates(hold(make("LSTM"), Hold("f", 0.1), Hold("f", 0.9, units=2)), x)
    assert np.all(held.f[:, :, 2] == 0.9)
    assert np.all(held.f[:, :, [0, 1, 3, 4, 5]] == 0.1)


@pytest.mark.parametrize("engine", [in_numpy, in_torch], ids=["numpy", "torch"])
def test_held_model_shares_parameters_and_leaves_the_model_as_it_is(engine):
    x, _ = some_input()
    x_t = x if engine is in_numpy else tensors(x)
    net = engine.RecurrentNet(make("LSTM", engine), 7, rng=np.random.default_rng(1))
    before = copy.copy(net.forward(x_t))
    held = ablate(net, "no forget gate")
    assert held.params is net.params
    assert held.layer.params is net.layer.params
    assert not np.allclose(np.array(held.forward(x_t).tolist()), np.array(before.tolist()))
    assert type(net.layer) is engine.LSTM
    assert np.array_equal(np.array(net.forward(x_t).tolist()), np.array(before.tolist()))


@pytest.mark.parametrize("engine", [in_numpy, in_torch], ids=["numpy", "torch"])
def test_training_an_ablated_net_changes_everything_but_the_missing_gate(engine):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((T, 8, D)).astype(np.float32), rng.integers(3, size=(T, 8))
    layer = ablate(make("LSTM", engine, dtype="float32"), "no forget gate")
    net = engine.RecurrentNet(layer, 3, rng=rng)
    start = {name: np.array(value.tolist()) for name, value in net.params.items()}
    losses = engine.fit(
        net,
        x if engine is in_numpy else tensors(x),
        y if engine is in_numpy else tensors(y),
        loss=engine.softmax_cross_entropy,
        optimizer=engine.Adam(0.02),
        steps=30,
    ).loss
    change = {name: np.array(value.tolist()) - start[name] for name, value in net.params.items()}
    assert losses[-1] < 0.9 * losses[0]
    for name in ("W_x", "W_h", "b"):
        assert np.all(change[name][..., H : 2 * H] == 0)
        assert np.all(change[name][..., :H] != 0)
        assert np.all(change[name][..., 2 * H :] != 0)


def test_trace_of_the_engines_is_the_same_and_that_of_the_layer():
    x, state = some_input()
    ours, theirs = make("LSTM"), make("LSTM", in_torch)
    a, b = trace_gates(ours, x, state), trace_gates(theirs, x, tensors(state))
    ours.forward(x, state)
    for name in "ifgoch":
        assert np.abs(a[name] - b[name]).max() < 1e-10
        assert np.array_equal(a[name], ours.trace[name])


def test_a_trace_has_the_wider_dtype_of_input_and_parameters():
    x, _ = some_input()
    layer = in_numpy.LSTM(D, H, dtype="float32")
    assert trace_gates(layer, x)["f"].dtype == np.float64
    assert trace_gates(layer, x.astype(np.float32))["f"].dtype == np.float32
    assert trace_gates(layer, np.ones(x.shape, dtype=int))["f"].dtype == np.float64


def test_trace_leaves_the_layers_own_trace_alone():
    x, _ = some_input()
    layer = make("LSTM")
    layer.forward(x[:2])
    trace_gates(layer, x)
    assert np.array_equal(layer.trace["x"], x[:2])


@pytest.mark.parametrize("engine", [in_numpy, in_torch], ids=["numpy", "torch"])
def test_trace_of_a_gru_has_its_own_gates(engine):
    x, _ = some_input()
    layer = make("GRU", engine)
    trace = trace_gates(layer, x)
    h_prev = np.concatenate([np.zeros((1, B, H)), trace.h[:-1]])
    assert np.abs(trace.h - ((1 - trace.z) * trace.n + trace.z * h_prev)).max() < 1e-14
    assert sorted(trace.arrays) == ["h", "n", "r", "z"]


def test_what_is_kept_is_the_gradient_along_the_belt():
    """∂c_T/∂c_t with h held still is the product of the later forget gates."""
    x, _ = some_input()
    trace = trace_gates(make("LSTM"), x)
    wanted = [np.prod(trace.f[t + 1 :], axis=0) for t in range(T)]
    assert np.abs(trace.kept - wanted).max() < 1e-15
    assert np.all(trace.kept[-1] == 1)


def writer(engine, seed: int = 0):
    rng = np.random.default_rng(seed)
    return engine.RecurrentNet(engine.LSTM(D, H, rng=rng, dtype="float64"), D, rng=rng)


def test_both_engines_write_the_same_and_what_sample_writes():
    holds = (Hold("f", 0.5, units=[2]), Hold("o", 0.0, units=[1], steps=[1, 4]))
    ours, trace = write(writer(in_numpy), [0, 2], 12, np.random.default_rng(4), holds=holds)
    theirs, other = write(writer(in_torch), [0, 2], 12, np.random.default_rng(4), holds=holds)
    assert np.array_equal(ours, theirs)
    for name in "ifgoch":
        assert np.abs(trace[name] - other[name]).max() < 1e-10
    plain, _ = write(writer(in_numpy), [0, 2], 12, np.random.default_rng(4))
    assert np.array_equal(plain, in_numpy.sample(writer(in_numpy), [0, 2], 12, np.random.default_rng(4)))


def test_held_steps_count_from_the_first_token_read():
    _, trace = write(
        writer(in_numpy), [0, 2], 5, np.random.default_rng(4), holds=[Hold("i", 0.0, steps=[1, 3])]
    )
    assert np.array_equal(np.flatnonzero((trace.i == 0).all(axis=(1, 2))), [1, 3])
    assert len(trace.i) == 6  # two tokens of the start and four of the five written ones


def test_units_and_steps_may_come_one_by_one():
    """An iterator is empty once it has been read: a hold must not be lost with it."""
    x, _ = some_input()
    one_by_one = Hold("f", 0.0, units=iter([1, 4]), steps=(t for t in range(T - 1)))
    held = hold(make("LSTM"), one_by_one)
    for _ in range(2):
        shut = trace_gates(held, x).f == 0
        assert shut[:-1, :, [1, 4]].all() and shut.sum() == 2 * B * (T - 1)
    always = Hold("i", 0.0, steps=(t for t in range(9)))
    _, trace = write(writer(in_numpy), [0, 2], 5, np.random.default_rng(4), holds=[always])
    assert np.all(trace.i == 0)


def test_holds_change_what_is_written():
    shut = [Hold("o", 0.0)]
    net = writer(in_numpy)
    net.params["b_y"][...] = [0, 0, 50, 0]
    indices, trace = write(net, [1], 6, np.random.default_rng(0), holds=shut)
    assert np.array_equal(indices, [2] * 6)  # with nothing shown, only the bias speaks
    assert np.all(trace.h == 0)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (lambda lstm: hold(lstm, Hold("z", 1.0)), "gate must be one of i, f, g, o"),
        (lambda lstm: hold(lstm, Hold("f", 1.5)), "value of f must lie from 0 to 1"),
        (lambda lstm: hold(lstm, Hold("f", float("nan"))), "value of f must lie from 0 to 1"),
        (
            lambda lstm: hold(lstm, Hold("f", "open")),
            "value of f must lie from 0 to 1, .* but got str 'open'",
        ),
        (lambda lstm: hold(lstm, Hold("g", -1.5)), "value of g must lie from -1 to 1"),
        (lambda lstm: hold(lstm, Hold("f", (0.1, 0.2), units=[1])), "one for each of 1 units"),
        (lambda lstm: hold(lstm, Hold("f", 1.0, units=[H])), f"units must be indices from 0 to {H - 1}"),
        (lambda lstm: hold(lstm, Hold("f", 1.0, units=[0, H])), f"units must be indices from 0 to {H - 1}"),
        (lambda lstm: hold(lstm, Hold("f", 1.0, units=[-1, 0])), f"units must be indices from 0 to {H - 1}"),
        (lambda lstm: hold(lstm, Hold("f", 1.0, units=[])), "units must be indices"),
        (lambda lstm: hold(lstm, Hold("f", 1.0, steps=[-1])), "steps must be whole numbers from 0"),
        (lambda lstm: hold(lstm, Hold("f", 1.0, units=np.array(H))), "units must be indices"),
        (lambda lstm: hold(lstm, ("f", 1.0)), "a hold is written"),
        (
            lambda lstm: write(in_numpy.RecurrentNet(lstm, D), [0], 3, np.random.default_rng(0), holds=None),
            "holds must be a list of Hold, but got None",
        ),
        (lambda lstm: ablate(lstm, "no gate"), "part must be one of intact, no input gate"),
        (lambda lstm: hold(make("GRU"), Hold("f", 1.0)), "gate must be one of r, z, n, h, but got str 'f'"),
        (lambda lstm: hold(make("RNN tanh"), Hold("f", 1.0)), "gate must be one of h, but got str 'f'"),
        (lambda lstm: hold(make("Stack"), Hold("f", 1.0)), "an RNN, LSTM or GRU, or a net of one, is needed"),
        (lambda lstm: hold(make("GRU"), Hold("z", -0.1)), "value of z must lie from 0 to 1"),
        (lambda lstm: hold(make("GRU"), Hold("n", 1.1)), "value of n must lie from -1 to 1"),
        (
            lambda lstm: hold(lstm, Hold("c", np.inf)),
            "value of c must be finite, one number or .* but got float inf",
        ),
        (lambda lstm: hold(lstm, Hold("f", 1.0, units=[[1], [2, 3]])), "units must be indices from 0"),
        (
            lambda lstm: ablate(make("GRU"), "no output gate"),
            "only an LSTM has the parts .* the layer is: GRU",
        ),
        (lambda lstm: trace_gates(make("RNN tanh"), np.ones((2, 2, D))), "an LSTM or GRU"),
        (lambda lstm: trace_gates(lstm, np.ones((2, 2, D + 1))), "x has 5 features"),
        (lambda lstm: trace_gates(lstm, np.ones((2, 2, D)))["z"], "name must be one of"),
        (
            lambda lstm: write(in_numpy.RecurrentNet(lstm, D + 1), [0], 3, np.random.default_rng(0)),
            "reads 4 and scores 5",
        ),
    ],
)
def test_what_cannot_be_is_refused(what, said):
    with pytest.raises(InputError, match=said):
        what(make("LSTM"))
