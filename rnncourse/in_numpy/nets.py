"""Nets: a recurrent layer with a readout, and a dense net to compare it with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rnncourse.arguments import (
    require_array,
    require_choice,
    require_count,
    require_that,
)
from rnncourse.in_both.base import (
    check_features,
    check_layers,
    need_forward,
    share,
)
from rnncourse.in_numpy.activations import ACTIVATIONS
from rnncourse.in_numpy.base import (
    Arrays,
    Layer,
    check_gradient,
    uniform_draw,
)

READOUT_SEED = 1  # without an rng a layer draws from seed 0, and the readout must not repeat its numbers


class Readout(Layer):
    """The output from the states: s = h @ W_hy + b_y, the same at every step.

    H, K: state size and number of outputs. rng draws from U(-1/sqrt(H), 1/sqrt(H)).
    """

    def __init__(self, H: int, K: int, rng: np.random.Generator | None = None, dtype: str = "float32"):
        super().__init__()
        self.H, self.K = require_count("H", H), require_count("K", K)
        draw = uniform_draw(rng, 1 / np.sqrt(H), dtype)
        self.params = {"W_hy": draw(H, K), "b_y": draw(K)}
        self._h: np.ndarray | None = None

    def forward(self, h: np.ndarray) -> np.ndarray:
        """Return s (..., K) from h (..., H)."""
        require_array("h", h)
        check_features("h", h, self.H, "W_hy", "units")
        self._h = h
        s = h.reshape(-1, self.H) @ self.params["W_hy"] + self.params["b_y"]  # one product for all steps
        return s.reshape(*h.shape[:-1], self.K)

    @property
    def trace(self) -> dict[str, np.ndarray]:
        """The h that the last forward pass was given."""
        return {} if self._h is None else {"h": self._h}

    def backward(self, ds: np.ndarray) -> np.ndarray:
        """Return dh (..., H), given ds (..., K); fill grads."""
        h = need_forward(self._h)
        check_gradient("ds", ds, (*h.shape[:-1], self.K))
        rows = ds.reshape(-1, self.K)
        self.grads.update(W_hy=h.reshape(-1, self.H).T @ rows, b_y=rows.sum(axis=0))
        return (rows @ self.params["W_hy"].T).reshape(h.shape)


class RecurrentNet(Layer):
    """A recurrent layer and a readout, sharing one dictionary of parameters and one of gradients.

    layer: RNN, LSTM, GRU, Stack or Bidirectional. K: outputs per step. The parameters keep the layer's names,
    such as W_xh, W_hh, b_h, and W_hy, b_y. `state_T` is the state after the last step of the last `forward`.
    """

    batch_axis = 1

    def __init__(self, layer: Layer, K: int, rng: np.random.Generator | None = None):
        check_layers(layer)
        super().__init__()
        rng = np.random.default_rng(READOUT_SEED) if rng is None else rng
        self.layer = layer
        dtype = next(iter(layer.params.values())).dtype.name
        self.readout = Readout(layer.H, K, rng=rng, dtype=dtype)
        self.state_T: Any = None
        self.share({**layer.params, **self.readout.params}, {})

    def share(self, params: Arrays, grads: Arrays) -> None:
        """Keep parameters and gradients in these dictionaries: whoever changes one changes layer and readout."""
        super().share(params, grads)
        share(self.layer, params, grads)
        share(self.readout, params, grads)

    def forward(self, x: np.ndarray, h0: Any = None, mask: np.ndarray | None = None) -> np.ndarray:
        """Return the output s (T, B, K) of every step, from x (T, B, D); the states are in `trace["h"]`.

        h0: the initial state as the layer takes it. mask (T, B): 0 marks padding, over which the state is kept.
        """
        h, self.state_T = self.layer.forward(x, h0, mask)
        return self.readout.forward(h)

    @property
    def trace(self) -> dict[str, np.ndarray]:
        """What the recurrent layer computed in the last `forward`."""
        return self.layer.trace

    def backward(self, ds: np.ndarray) -> tuple[np.ndarray, Any]:
        """Return dx (T, B, D) and the gradient of the initial state, given ds (T, B, K); fill grads."""
        return self.layer.backward(self.readout.backward(ds))


class MLP(Layer):
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
        super().__init__()
        rng = np.random.default_rng(0) if rng is None else rng  # one for all layers: none repeats another
        enough = hasattr(sizes, "__len__") and len(sizes) >= 2
        require_that("sizes", sizes, enough, "a list of at least an input and an output size")
        self.sizes = tuple(require_count("sizes", n) for n in sizes)
        self.phi = require_choice("phi", phi, tuple(ACTIVATIONS))
        self._trace: dict[str, np.ndarray] | None = None
        for k, (n, m) in enumerate(zip(self.sizes, self.sizes[1:], strict=False), start=1):
            draw = uniform_draw(rng, 1 / np.sqrt(n), dtype)
            self.params |= {f"W_{k}": draw(n, m), f"b_{k}": draw(m)}

    @property
    def depth(self) -> int:
        """The number of layers of weights."""
        return len(self.sizes) - 1

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return s (N, K) from x (N, F)."""
        require_array("x", x, axes=("N", "F"))
        check_features("x", x, self.sizes[0], "W_1")
        phi = ACTIVATIONS[self.phi].phi
        trace = {"z_0": x}
        z = x
        for k in range(1, self.depth + 1):
            a = z @ self.params[f"W_{k}"] + self.params[f"b_{k}"]
            z = phi(a) if k < self.depth else a
            trace |= {f"a_{k}": a, f"z_{k}": z}
        self._trace = trace
        return z

    @property
    def trace(self) -> dict[str, np.ndarray]:
        """Every layer's pre-activations a_k and outputs z_k of the last `forward`; z_0 is the input."""
        return self._trace or {}

    def backward(self, ds: np.ndarray) -> np.ndarray:
        """Return dx (N, F), given ds (N, K); fill grads."""
        trace = need_forward(self._trace)
        da = check_gradient("ds", ds, trace[f"a_{self.depth}"].shape)
        for k in range(self.depth, 0, -1):
            self.grads[f"W_{k}"] = trace[f"z_{k - 1}"].T @ da
            self.grads[f"b_{k}"] = da.sum(axis=0)
            dz = da @ self.params[f"W_{k}"].T  # undo z @ W
            if k > 1:
                da = dz * ACTIVATIONS[self.phi].phi_prime(trace[f"a_{k - 1}"])  # undo phi
        return dz
