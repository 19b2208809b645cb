"""The encoder–decoder: its gradients, its mask, and that writing is reading one's own words."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rnncourse import in_numpy, in_torch
from rnncourse.errors import InputError
from rnncourse.in_numpy import EncoderDecoder

T, N, B, D, K, H = 5, 4, 3, 2, 6, 7


@pytest.fixture
def net():
    made = EncoderDecoder(D, K, H, rng=np.random.default_rng(0), dtype="float64")
    for name, array in made.params.items():
        made.params[name] = array + 0.1  # no bias is zero
    return made


@pytest.fixture
def numbers():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(T, B, D)), rng.integers(K, size=(N, B))
    before = np.eye(K)[rng.integers(K, size=(N, B))]
    mask = np.ones((T, B))
    mask[3:, 1] = 0
    return x, before, mask, y


def test_every_gradient_is_that_of_central_differences(net, numbers):
    x, before, mask, y = numbers

    def loss():
        return in_numpy.softmax_cross_entropy(net.forward(x, before, mask), y)[0]

    _, ds = in_numpy.softmax_cross_entropy(net.forward(x, before, mask), y)
    net.backward(ds)
    assert set(net.grads) == set(net.params) and len(net.params) == 10
    for name, array in net.params.items():
        wanted = in_numpy.numerical_gradient(loss, array)
        assert np.abs(wanted).max() > 1e-4, name  # something to compare with
        assert np.abs(net.grads[name] - wanted).max() <= 1e-7 * np.abs(wanted).max(), name


def test_forward_is_two_nets_and_one_vector(net, numbers):
    x, before, _, _ = numbers
    _, h_T = net.encoder.forward(x)
    h, s = h_T, []
    for one in before:
        h, _ = net.decoder.layer.forward(np.concatenate([one, h_T], axis=1)[None], h)
        h = h[0]
        s.append(h @ net.params["W_hy_dec"] + net.params["b_y_dec"])
    assert np.allclose(net.forward(x, before), s, rtol=0, atol=1e-12)


def test_padding_is_not_read(net, numbers):
    x, before, mask, _ = numbers
    s = net.forward(x, before, mask)
    assert np.allclose(net.forward(x[:3, 1:2], before[:, 1:2]), s[:, 1:2], rtol=0, atol=1e-12)
    assert not np.allclose(net.forward(x, before), s)


def test_writing_reads_its_own_words(net, numbers):
    x, _, mask, _ = numbers
    written = net.write(x, start=2, n=N, mask=mask)
    assert written.shape == (N, B)
    before = np.eye(K)[np.concatenate([np.full((1, B), 2), written[:-1]])]
    assert np.array_equal(net.forward(x, before, mask).argmax(-1), written)


def test_writing_keeps_nothing_of_what_was_read(net, numbers):
    """A test set that many nets have read would fill the memory."""
    x, _, mask, _ = numbers
    net.write(x, start=2, n=N, mask=mask)
    assert net.encoder.trace == {}
    with pytest.raises(InputError, match="backward needs a forward pass first"):
        net.backward(np.ones((N, B, K)))


def test_the_torch_twin_says_and_learns_the_same(net, numbers):
    x, before, mask, y = numbers
    twin = in_torch.EncoderDecoder(D, K, H, rng=np.random.default_rng(0), dtype="float64")
    for name, tensor in twin.params.items():
        twin.params[name] = (tensor.detach() + 0.1).requires_grad_()
    s = net.forward(x, before, mask)
    _, ds = in_numpy.softmax_cross_entropy(s, y)
    net.backward(ds)
    theirs = twin.forward(*map(torch.from_numpy, (x, before, mask)))
    twin.backward(torch.from_numpy(ds))
    assert np.abs(theirs.detach().numpy() - s).max() <= 1e-10
    assert set(twin.grads) == set(net.grads)
    for name, gradient in net.grads.items():
        assert np.abs(twin.grads[name].numpy() - gradient).max() <= 1e-10, name
    written = twin.write(torch.from_numpy(x), start=2, n=N, mask=torch.from_numpy(mask))
    assert np.array_equal(written.numpy(), net.write(x, start=2, n=N, mask=mask))
    with pytest.raises(InputError, match=r"before must have shape \(4, 3, 6\) \(T', B, K\)"):
        twin.forward(torch.from_numpy(x), torch.from_numpy(before[:, :2]))
    with pytest.raises(InputError, match="start must be a whole number from 0 to 5, but got int 6"):
        twin.write(torch.from_numpy(x), start=6, n=2)


def test_it_learns_to_reverse():
    rng = np.random.default_rng(0)
    words = rng.integers(1, 4, size=(4, 400))
    net, optimizer = EncoderDecoder(4, 4, 24, rng=rng), in_numpy.Adam(0.02, clip=1.0)
    x, y = np.eye(4, dtype=np.float32)[words], words[::-1]
    before = np.eye(4, dtype=np.float32)[np.concatenate([np.zeros((1, 400), int), y[:-1]])]
    for _ in range(150):
        chosen = rng.choice(300, 64, replace=False)
        _, ds = in_numpy.softmax_cross_entropy(net.forward(x[:, chosen], before[:, chosen]), y[:, chosen])
        net.backward(ds)
        optimizer.step(net.params, net.grads)
    assert (net.write(x[:, 300:], 0, 4) == y[:, 300:]).all(axis=0).mean() > 0.9


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda net, x, b: net.forward(x, b[:, :2]), r"before must have shape \(4, 3, 6\) \(T', B, K\)"),
        (lambda net, x, b: net.forward(x, b[:, :, :4]), r"\(T', B, K\) to go with x"),
        (lambda net, x, b: net.forward(x[:, :, :1], b), "x has 1 features"),
        (
            lambda net, x, b: net.write(x, start=6, n=2),
            "start must be a whole number from 0 to 5, but got int 6",
        ),
        (lambda net, x, b: net.backward(np.zeros((N, B, K))), "forward pass first"),
    ],
)
def test_what_does_not_fit_is_refused(net, numbers, call, said):
    with pytest.raises(InputError, match=said):
        call(net, *numbers[:2])
