"""The nets that read a text: each computes what it says, at the budget it is given, and learns by true gradients."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from rnncourse import in_numpy, in_torch  # noqa: E402
from rnncourse.errors import InputError  # noqa: E402
from rnncourse.in_torch.text_nets import KINDS, NETS, RECURRENT, Reader, TextNet, parameters_of, text_net  # noqa: E402

V, T, B, E, H, K = 11, 6, 4, 3, 5, 2
LENGTHS = (6, 4, 1, 3)


def made(kind: str, seed: int = 0) -> TextNet:
    """Return a net with biases that are not 0, in float64."""
    net = NETS[kind](V, T, E, H, K, rng=np.random.default_rng(seed), dtype="float64")
    rng = np.random.default_rng(seed + 100)
    with torch.no_grad():
        for tensor in net.params.values():
            if tensor.ndim == 1:
                tensor += torch.from_numpy(rng.normal(size=tensor.shape))
    return net


@pytest.fixture
def texts() -> tuple[torch.Tensor, torch.Tensor]:
    """Return word indices (T, B) with padding and the mask."""
    rng = np.random.default_rng(7)
    mask = np.arange(T)[:, None] < np.array(LENGTHS)
    return torch.from_numpy(rng.integers(1, V, (T, B)) * mask), torch.from_numpy(mask.astype(np.float32))


def by_hand(net: TextNet, indices: list[int]) -> np.ndarray:
    """Return the scores (K,) of one text without padding, word by word in NumPy."""
    p = {name: tensor.detach().numpy() for name, tensor in net.params.items()}
    e = [p["W_e"][index] for index in indices]
    if net.kind in RECURRENT:
        layer = {"rnn": in_numpy.RNN, "lstm": in_numpy.LSTM, "gru": in_numpy.GRU}[net.kind](E, H)
        for name in layer.params:
            layer.params[name] = p[name]
        h = layer.forward(np.stack(e)[:, None])[0][-1, 0]
    elif net.kind == "bag":
        h = np.maximum(sum(e) / len(e) @ p["W_1"] + p["b_1"], 0)
    elif net.kind == "dense":
        h = np.maximum(np.concatenate(e + [np.zeros(E)] * (T - len(e))) @ p["W_1"] + p["b_1"], 0)
    elif net.kind == "attention":
        z = np.stack(e) + p["W_p"][: len(e)]
        q, k, v = z @ p["W_q"], z @ p["W_k"], z @ p["W_v"]
        weights = in_numpy.softmax(q @ k.T / np.sqrt(E))
        h = np.maximum((z + weights @ v) @ p["W_1"] + p["b_1"], 0).mean(axis=0)
    else:
        padded = [np.zeros(E), *e, np.zeros(E)]
        windows = [np.concatenate(padded[k : k + 3]) for k in range(len(e))]
        h = np.max([np.maximum(window @ p["W_1"] + p["b_1"], 0) for window in windows], axis=0)
    return h @ p["W_hy"] + p["b_y"]


@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_those_computed_by_hand(kind, texts):
    net, (x, mask) = made(kind), texts
    s = net.forward(x, mask)
    assert s.shape == (1, B, K)
    for b, length in enumerate(LENGTHS):
        wanted = by_hand(net, x[:length, b].tolist())
        assert np.allclose(s[0, b].detach().numpy(), wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_the_differences(kind, texts):
    """Central differences for entries of every parameter; the words that occur, for the embeddings."""
    net, (x, mask) = made(kind), texts
    ds = torch.from_numpy(np.random.default_rng(3).normal(size=(1, B, K)))
    net.forward(x, mask)
    assert net.backward(ds) is None
    assert set(net.grads) == set(net.params)
    found = {name: gradient.clone() for name, gradient in net.grads.items()}
    rng, eps = np.random.default_rng(4), 1e-6
    for name, tensor in net.params.items():
        for _ in range(6):
            place = tuple(int(rng.integers(size)) for size in tensor.shape)
            if name == "W_e":
                place = (int(x[0, rng.integers(B)]), place[1])
            values = []
            for sign in (1, -1):
                with torch.no_grad():
                    tensor[place] += sign * eps
                    values.append(float((net.forward(x, mask) * ds).sum()))
                    tensor[place] -= sign * eps
            assert abs((values[0] - values[1]) / (2 * eps) - float(found[name][place])) < 1e-7, (name, place)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("dense", "attention")])
def test_padding_changes_nothing(kind, texts):
    net, (x, mask) = made(kind), texts
    longer = torch.cat([x, torch.full((3, B), 5)]), torch.cat([mask, torch.zeros(3, B)])
    assert torch.allclose(net.forward(x, mask), net.forward(*longer), rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_bag_ignores_order(kind):
    net = made(kind)
    x = torch.arange(1, T + 1)[:, None]
    same = torch.allclose(net.forward(x), net.forward(x.flip(0)), rtol=0, atol=1e-12)
    assert same == (kind == "bag")


@pytest.mark.parametrize("kind", KINDS)
def test_parameters_are_counted_and_the_budget_is_used_up(kind):
    net = NETS[kind](V, T, E, H, K)
    assert in_torch.count_parameters(net) == parameters_of(kind, V, T, E, H, K)
    largest = text_net(kind, 50, 38, 4000)
    assert in_torch.count_parameters(largest) <= 4000
    assert parameters_of(kind, 50, 38, 16, largest.H + 1, 2) > 4000


def test_recurrent_nets_begin_by_keeping_their_state():
    rnn, lstm, gru = (
        NETS[kind](V, T, E, H, K, rng=np.random.default_rng(0)) for kind in ("rnn", "lstm", "gru")
    )
    W_hh = rnn.params["W_hh"].detach().numpy()
    assert np.allclose(W_hh @ W_hh.T, np.eye(H), atol=1e-5)
    assert torch.equal(lstm.params["b"][H : 2 * H], torch.ones(H))  # i, f, g, o
    assert torch.equal(gru.params["b"][H : 2 * H], torch.ones(H))  # r, z, n


@pytest.mark.parametrize("kind", ["bag", "lstm"])
def test_the_seed_decides_and_replaced_parameters_count(kind, texts):
    first, second, other = (made(kind, seed) for seed in (0, 0, 1))
    assert torch.equal(first.forward(*texts), second.forward(*texts))
    assert not torch.equal(first.forward(*texts), other.forward(*texts))
    for name, tensor in other.params.items():
        first.params[name] = tensor
    assert torch.equal(first.forward(*texts), other.forward(*texts))
    assert first.to("cpu") is first


def test_a_net_without_a_generator_is_the_same_each_time():
    one, two = (NETS["rnn"](V, T, E, H, K) for _ in range(2))
    assert all(torch.equal(one.params[name], two.params[name]) for name in one.params)


def test_wrong_inputs_are_refused(texts):
    x, mask = texts
    for wrong in (x.float(), x[0], x.tolist(), x[:0]):
        with pytest.raises(InputError, match="x must be a tensor of word indices"):
            made("bag").forward(wrong)
    with pytest.raises(InputError, match="reads exactly 6 words, but x has 4"):
        made("dense").forward(x[:4], mask[:4])
    with pytest.raises(InputError, match="this net knows 6 places, but x has 12 words"):
        made("attention").forward(torch.cat([x, x]))
    with pytest.raises(InputError, match="kind must be"):
        Reader("transformer", V, T, E, H, K)
    with pytest.raises(
        InputError, match="kind must be one of bag, dense, convolution, rnn, lstm, gru, attention"
    ):
        text_net("transformer", V, T, 4000)
    with pytest.raises(InputError, match="H must be"):
        NETS["bag"](V, T, E, 0, K)
    with pytest.raises(InputError, match="the embeddings alone take 800"):
        text_net("lstm", 50, 38, 850)
    for kind in KINDS:
        for index in (-1, V):
            outside = x.clone()
            outside[2, 1] = index
            with pytest.raises(
                InputError, match=f"x must hold word indices from 0 to 10, but it holds {min(0, index)} "
            ):
                made(kind).forward(outside, mask)
        with pytest.raises(
            InputError, match=r"mask must have shape \(6, 4\) \(T, B\) to go with x, but got \(4, 6\)"
        ):
            made(kind).forward(x, mask.T)
        with pytest.raises(InputError, match="mask leaves no word of one of the texts"):
            made(kind).forward(x, mask * torch.tensor([1, 1, 0, 1]))


@pytest.mark.parametrize("kind", KINDS)
def test_numpy_arrays_are_read_as_tensors_are(kind, texts):
    net, (x, mask) = made(kind), texts
    assert torch.equal(net.forward(x.numpy(), mask.numpy()), net.forward(x, mask))


@pytest.mark.parametrize("kind", KINDS)
def test_a_net_whose_dictionaries_are_shared_uses_them(kind, texts):
    """Whoever puts other numbers into the shared dictionary changes the recurrent layer inside as well."""
    net, other = made(kind), made(kind, seed=1)
    params, grads = dict(net.params), {}
    net.share(params, grads)
    params.update(other.params)
    s = net.forward(*texts)
    assert torch.equal(s, other.forward(*texts))
    net.backward(torch.ones_like(s))
    assert set(grads) == set(params)
    if kind in RECURRENT:
        assert all(net.layer.params[name] is params[name] for name in net.layer.params)
