"""Attention: values, the backward pass by hand, and the encoder–decoder that uses it, in both engines."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rnncourse import in_numpy, in_torch
from rnncourse.errors import InputError

T, N, B, D, K, H = 5, 4, 3, 2, 6, 7


@pytest.fixture
def qkv():
    rng = np.random.default_rng(0)
    mask = np.ones((T, B))
    mask[3:, 1] = 0
    return rng.normal(size=(N, B, D)), rng.normal(size=(T, B, D)), rng.normal(size=(T, B, H)), mask


def batch_first(*arrays):
    return [torch.from_numpy(a).transpose(0, 1).clone().requires_grad_() for a in arrays]


def test_two_equal_keys_share_the_weight():
    q, k, v = np.ones((1, 1, 1)), np.ones((2, 1, 1)), np.array([[[2.0]], [[6.0]]])
    context, weights = in_numpy.attention(q, k, v)
    assert context.item() == 4 and weights.tolist() == [[[0.5, 0.5]]]


@pytest.mark.parametrize("masked", [False, True], ids=["all steps are real", "some steps are padding"])
def test_forward_and_backward_agree_with_pytorch(qkv, masked):
    q, k, v, mask = qkv
    mask = mask if masked else None
    context, weights = in_numpy.attention(q, k, v, mask)
    tq, tk, tv = batch_first(q, k, v)
    attn_mask = None if mask is None else torch.from_numpy(mask.T != 0)[:, None, :]
    theirs = torch.nn.functional.scaled_dot_product_attention(tq, tk, tv, attn_mask=attn_mask)
    assert np.abs(theirs.detach().transpose(0, 1).numpy() - context).max() <= 1e-10
    dcontext = np.random.default_rng(1).normal(size=context.shape)
    wanted = torch.autograd.grad(theirs, (tq, tk, tv), torch.from_numpy(dcontext).transpose(0, 1))
    ours = in_numpy.attention_backward(dcontext, q, k, v, weights)
    for name, mine, their in zip(("dq", "dk", "dv"), ours, wanted, strict=True):
        assert np.abs(their.transpose(0, 1).numpy() - mine).max() <= 1e-10, name


def test_padding_gets_no_weight(qkv):
    q, k, v, mask = qkv
    _, weights = in_numpy.attention(q, k, v, mask)
    assert np.all(weights[:, 1, 3:] == 0) and np.allclose(weights.sum(axis=2), 1)
    alone, _ = in_numpy.attention(q[:, 1:2], k[:3, 1:2], v[:3, 1:2])
    assert np.allclose(in_numpy.attention(q, k, v, mask)[0][:, 1:2], alone, rtol=0, atol=1e-12)


def test_the_engines_agree(qkv):
    q, k, v, mask = qkv
    tensors = [torch.from_numpy(a) for a in qkv]
    context, weights = in_numpy.attention(q, k, v, mask)
    t_context, t_weights = in_torch.attention(*tensors)
    assert np.abs(t_context.numpy() - context).max() <= 1e-10
    assert np.abs(t_weights.numpy() - weights).max() <= 1e-10
    dcontext = np.random.default_rng(1).normal(size=context.shape)
    ours = in_numpy.attention_backward(dcontext, q, k, v, weights)
    theirs = in_torch.attention_backward(torch.from_numpy(dcontext), *tensors[:3], t_weights)
    for mine, their in zip(ours, theirs, strict=True):
        assert np.abs(their.numpy() - mine).max() <= 1e-10


@pytest.fixture
def net():
    made = in_numpy.AttentionEncoderDecoder(D, K, H, rng=np.random.default_rng(0), dtype="float64")
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
        assert np.abs(wanted).max() > 1e-4, name
        assert np.abs(net.grads[name] - wanted).max() <= 1e-7 * np.abs(wanted).max(), name


def test_the_torch_twin_says_learns_and_writes_the_same(net, numbers):
    x, before, mask, y = numbers
    twin = in_torch.AttentionEncoderDecoder(D, K, H, rng=np.random.default_rng(0), dtype="float64")
    for name, tensor in twin.params.items():
        twin.params[name] = (tensor.detach() + 0.1).requires_grad_()
    s = net.forward(x, before, mask)
    _, ds = in_numpy.softmax_cross_entropy(s, y)
    net.backward(ds)
    tx, tbefore, tmask = map(torch.from_numpy, (x, before, mask))
    theirs = twin.forward(tx, tbefore, tmask)
    twin.backward(torch.from_numpy(ds))
    assert np.abs(theirs.detach().numpy() - s).max() <= 1e-10
    assert np.abs(twin.trace["weights"].numpy() - net.trace["weights"]).max() <= 1e-10
    for name, gradient in net.grads.items():
        assert np.abs(twin.grads[name].numpy() - gradient).max() <= 1e-10, name
    assert np.array_equal(twin.write(tx, 2, N, tmask).numpy(), net.write(x, 2, N, mask))


def test_writing_reads_its_own_tokens(net, numbers):
    x, _, mask, _ = numbers
    written = net.write(x, start=2, n=N, mask=mask)
    before = np.eye(K)[np.concatenate([np.full((1, B), 2), written[:-1]])]
    assert np.array_equal(net.forward(x, before, mask).argmax(-1), written)


def test_writing_keeps_nothing_of_what_was_read(net, numbers):
    """A test set that many nets have read would fill the memory."""
    x, _, mask, _ = numbers
    net.write(x, start=2, n=N, mask=mask)
    assert net.encoder.trace == {}
    with pytest.raises(InputError, match="backward needs a forward pass first"):
        net.backward(np.ones((N, B, K)))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda f, q, k, v, m: f(q[:, :2], k, v), "q must have shape .* to go with k"),
        (lambda f, q, k, v, m: f(q, k, v[:4]), "v must have shape .* to go with k"),
        (lambda f, q, k, v, m: f(q, k, v, 0 * m), "mask is 0 for a whole sequence"),
    ],
    ids=["another batch", "a value is missing", "nothing is real"],
)
def test_what_does_not_fit_is_refused(qkv, call, said):
    with pytest.raises(InputError, match=said):
        call(in_numpy.attention, *qkv)
    with pytest.raises(InputError, match=said):
        call(in_torch.attention, *map(torch.from_numpy, qkv))


def test_the_nets_refuse_what_does_not_fit(net, numbers):
    x, before, _, _ = numbers
    with pytest.raises(InputError, match=r"before must have shape \(4, 3, 6\) \(T', B, K\)"):
        net.forward(x, before[:, :2])
    with pytest.raises(InputError, match="start must be a whole number from 0 to 5, but got int 6"):
        net.write(x, start=6, n=2)
    with pytest.raises(InputError, match="forward pass first"):
        net.backward(np.zeros((N, B, K)))
