"""Layers and nets over whole sequences, forward and backward written by hand.

Every layer keeps its numbers in `params`, fills `grads` (same keys) in `backward`, and remembers what the
last `forward` computed in `trace`. `params` belongs to the caller: an array replaced or changed in place is
what the next `forward` uses.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnncourse.errors import InputError, describe, require_array, require_choice, require_count, require_generator
from rnncourse.in_numpy.activations import ACTIVATIONS

Arrays = dict[str, np.ndarray]


class RNN:
    """A vanilla recurrent layer: h_t = phi(x_t @ W_xh + h_prev @ W_hh + b_h) at every step.

    D, H: input and hidden size. phi: tanh, sigmoid, relu or leaky_relu. rng draws every parameter from
    U(-1/sqrt(H), 1/sqrt(H)), as torch.nn.RNN does. Source: Elman (1990), doi:10.1207/s15516709cog1402_1.
    """

    def __init__(
        self, D: int, H: int, phi: str = "tanh", rng: np.random.Generator | None = None, dtype: str = "float32"
    ):
        self.D, self.H = require_count("D", D), require_count("H", H)
        self.phi = require_choice("phi", phi, tuple(ACTIVATIONS))
        draw = _uniform(rng, 1 / np.sqrt(H), dtype)
        self.params: Arrays = {"W_xh": draw(D, H), "W_hh": draw(H, H), "b_h": draw(H)}
        self.grads: Arrays = {}
        self.trace: Arrays = {}

    def forward(self, x: np.ndarray, h0: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Return all states h (T, B, H) and the last one h_T (B, H), from x (T, B, D) and h0 (B, H), zeros if None.

        Raises InputError for wrong axes, sizes or dtypes, and for NaN.
        """
        p = self.params
        _check_sequence(x, self.D)
        T, B, _ = x.shape
        h_prev = _start(h0, (B, self.H), np.result_type(x, *p.values()))
        phi = ACTIVATIONS[self.phi].phi
        a = x @ p["W_xh"] + p["b_h"]  # the inputs' share of every step in one product
        h = np.empty((T, B, self.H), dtype=np.result_type(a, h_prev))
        a = a.astype(h.dtype, copy=False)
        before = h_prev
        for t in range(T):
            a[t] += h_prev @ p["W_hh"]
            h[t] = phi(a[t])
            h_prev = h[t]
        self.trace = {"x": x, "h0": before, "a": a, "h": h}
        return h, h[-1].copy()

    def backward(self, dh: np.ndarray, dh_T: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Return dx (T, B, D) and dh0 (B, H), given dh (T, B, H); fill grads.

        dh_T (B, H) is what comes back through the second result of `forward`, if the loss uses it.
        Backpropagation through time: Werbos (1990), doi:10.1109/5.58337.
        """
        p, trace = self.params, _need_trace(self.trace)
        x, h0, a, h = trace["x"], trace["h0"], trace["a"], trace["h"]
        _check_gradient("dh", dh, h.shape)
        phi_prime = ACTIVATIONS[self.phi].phi_prime
        da = np.empty_like(a)
        carry = np.zeros_like(h0) if dh_T is None else _check_gradient("dh_T", dh_T, h0.shape)
        for t in reversed(range(len(x))):
            dh_t = dh[t] + carry  # from this step's output and from the step after
            da[t] = dh_t * phi_prime(a[t])  # undo phi
            carry = da[t] @ p["W_hh"].T  # undo h_prev @ W_hh
        h_prev = np.concatenate([h0[None], h[:-1]])
        self.grads.update(
            W_xh=np.einsum("tbd,tbh->dh", x, da),  # the same weights at every step: a sum over steps
            W_hh=np.einsum("tbj,tbh->jh", h_prev, da),
            b_h=da.sum(axis=(0, 1)),
        )
        return da @ p["W_xh"].T, carry


class Readout:
    """Scores from states: s = h @ W_hy + b_y, the same at every step.

    H, K: state size and number of scores. rng draws from U(-1/sqrt(H), 1/sqrt(H)).
    """

    def __init__(self, H: int, K: int, rng: np.random.Generator | None = None, dtype: str = "float32"):
        self.H, self.K = require_count("H", H), require_count("K", K)
        draw = _uniform(rng, 1 / np.sqrt(H), dtype)
        self.params: Arrays = {"W_hy": draw(H, K), "b_y": draw(K)}
        self.grads: Arrays = {}
        self.trace: Arrays = {}

    def forward(self, h: np.ndarray) -> np.ndarray:
        """Return s (..., K) from h (..., H)."""
        require_array("h", h)
        if h.shape[-1] != self.H:
            raise InputError(f"h has {h.shape[-1]} units but W_hy expects {self.H}")
        self.trace = {"h": h}
        return h @ self.params["W_hy"] + self.params["b_y"]

    def backward(self, ds: np.ndarray) -> np.ndarray:
        """Return dh (..., H), given ds (..., K); fill grads."""
        h = _need_trace(self.trace)["h"]
        _check_gradient("ds", ds, (*h.shape[:-1], self.K))
        self.grads.update(
            W_hy=h.reshape(-1, self.H).T @ ds.reshape(-1, self.K),
            b_y=ds.reshape(-1, self.K).sum(axis=0),
        )
        return ds @ self.params["W_hy"].T


class RecurrentNet:
    """A recurrent layer and a readout, sharing one dictionary of parameters and one of gradients.

    layer: such as RNN(D, H). K: scores per step. The parameters keep their names: W_xh, W_hh, b_h, W_hy, b_y.
    """

    batch_axis = 1

    def __init__(self, layer: RNN, K: int, rng: np.random.Generator | None = None):
        self.layer = layer
        dtype = next(iter(layer.params.values())).dtype.name
        self.readout = Readout(layer.H, K, rng=rng, dtype=dtype)
        self.params: Arrays = {**layer.params, **self.readout.params}
        self.grads: Arrays = {}
        for part in (layer, self.readout):  # one live dictionary: whoever changes it changes all three
            part.params, part.grads = self.params, self.grads

    def forward(self, x: np.ndarray, h0: np.ndarray | None = None) -> np.ndarray:
        """Return the scores s (T, B, K) of every step, from x (T, B, D); the states are in `trace["h"]`."""
        h, _ = self.layer.forward(x, h0)
        return self.readout.forward(h)

    def backward(self, ds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return dx (T, B, D) and dh0 (B, H), given ds (T, B, K); fill grads."""
        return self.layer.backward(self.readout.backward(ds))

    @property
    def trace(self) -> Arrays:
        """What the recurrent layer computed in the last `forward`."""
        return self.layer.trace


class MLP:
    """A dense net: sizes (3, 16, 16, 1) make three layers, with phi after each but the last.

    The parameters are W_1, b_1, W_2, b_2, …; rng draws layer k from U(-1/sqrt(n), 1/sqrt(n)) with n its inputs,
    as torch.nn.Linear does.
    """

    batch_axis = 0

    def __init__(
        self,
        sizes: Sequence[int],
        phi: str = "relu",
        rng: np.random.Generator | None = None,
        dtype: str = "float32",
    ):
        if len(sizes) < 2:
            raise InputError(f"sizes needs at least an input and an output size, but {describe(sizes)} came")
        self.sizes = tuple(require_count("sizes", n) for n in sizes)
        self.phi = require_choice("phi", phi, tuple(ACTIVATIONS))
        self.params: Arrays = {}
        for k, (n, m) in enumerate(zip(self.sizes, self.sizes[1:], strict=False), start=1):
            draw = _uniform(rng, 1 / np.sqrt(n), dtype)
            self.params |= {f"W_{k}": draw(n, m), f"b_{k}": draw(m)}
        self.grads: Arrays = {}
        self.trace: Arrays = {}

    @property
    def depth(self) -> int:
        """The number of layers of weights."""
        return len(self.sizes) - 1

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return s (N, K) from x (N, F)."""
        require_array("x", x, axes=("N", "F"))
        if x.shape[1] != self.sizes[0]:
            raise InputError(f"x has {x.shape[1]} features but W_1 expects {self.sizes[0]}")
        phi = ACTIVATIONS[self.phi].phi
        self.trace = {"z_0": x}
        z = x
        for k in range(1, self.depth + 1):
            a = z @ self.params[f"W_{k}"] + self.params[f"b_{k}"]
            z = phi(a) if k < self.depth else a
            self.trace |= {f"a_{k}": a, f"z_{k}": z}
        return z

    def backward(self, ds: np.ndarray) -> np.ndarray:
        """Return dx (N, F), given ds (N, K); fill grads."""
        trace = _need_trace(self.trace)
        da = _check_gradient("ds", ds, trace[f"a_{self.depth}"].shape)
        for k in range(self.depth, 0, -1):
            self.grads[f"W_{k}"] = trace[f"z_{k - 1}"].T @ da
            self.grads[f"b_{k}"] = da.sum(axis=0)
            dz = da @ self.params[f"W_{k}"].T  # undo z @ W
            if k > 1:
                da = dz * ACTIVATIONS[self.phi].phi_prime(trace[f"a_{k - 1}"])  # undo phi
        return dz


def count_parameters(model: RNN | Readout | RecurrentNet | MLP) -> int:
    """Return how many numbers the parameters of a layer or net hold."""
    return sum(array.size for array in model.params.values())


def _uniform(rng: np.random.Generator | None, bound: float, dtype: str):
    """Return a function that draws an array of the given sizes from U(-bound, bound)."""
    rng = np.random.default_rng(0) if rng is None else require_generator("rng", rng)
    require_choice("dtype", dtype, ("float32", "float64"))
    return lambda *shape: rng.uniform(-bound, bound, shape).astype(dtype)


def _check_sequence(x: np.ndarray, D: int) -> None:
    require_array("x", x, axes=("T", "B", "D"))
    if x.shape[2] != D:
        raise InputError(f"x has {x.shape[2]} features but W_xh expects {D}; was it one-hot encoded?")


def _start(h0: np.ndarray | None, shape: tuple[int, int], dtype: np.dtype) -> np.ndarray:
    """Return h0 if it fits, or zeros."""
    if h0 is None:
        return np.zeros(shape, dtype=dtype)
    require_array("h0", h0, axes=("B", "H"))
    if h0.shape != shape:
        raise InputError(f"h0 must have shape {shape} (B, H) to go with x, but {h0.shape} came")
    return h0


def _check_gradient(name: str, gradient: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    if np.shape(gradient) != shape:
        raise InputError(f"{name} must have the shape of what forward returned, {shape}, but {np.shape(gradient)} came")
    return gradient


def _need_trace(trace: Arrays) -> Arrays:
    if not trace:
        raise InputError("backward needs a forward first: call forward on the inputs whose gradient you want")
    return trace
