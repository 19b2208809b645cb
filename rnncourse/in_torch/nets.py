"""Nets on tensors: a recurrent layer with a readout, and a dense net to compare it with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from rnncourse.arguments import require_choice, require_count, require_that
from rnncourse.in_both.base import check_features, check_layers, share
from rnncourse.in_torch.activations import ACTIVATIONS
from rnncourse.in_torch.base import Layer, Tensors, placed_for, require_tensor, tracked, uniform_draw

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

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        """Return s (..., K) from h (..., H)."""
        h = placed_for(self, h)
        require_tensor("h", h)
        check_features("h", h, self.H, "W_hy", "units")
        self._track_parameters()
        h = tracked(h)
        W_hy, b_y = self.params["W_hy"], self.params["b_y"]
        dtype = torch.promote_types(h.dtype, torch.promote_types(W_hy.dtype, b_y.dtype))
        s = h.to(dtype) @ W_hy.to(dtype) + b_y.to(dtype)
        self._inputs, self._outputs = (h,), (s,)
        return s

    @property
    def trace(self) -> Tensors:
        """The h that the last forward pass was given."""
        return {name: h.detach() for name, h in zip(("h",), self._inputs, strict=False)}

    def backward(self, ds: torch.Tensor) -> torch.Tensor:
        """Return dh (..., H), given ds (..., K); fill grads."""
        return self._differentiate((ds,))[0]


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
        dtype = str(next(iter(layer.params.values())).dtype).removeprefix("torch.")
        self.readout = Readout(layer.H, K, rng=rng, dtype=dtype)
        self.state_T: Any = None
        self.share({**layer.params, **self.readout.params}, {})

    def share(self, params: Tensors, grads: Tensors) -> None:
        """Keep parameters and gradients in these dictionaries: whoever changes one changes layer and readout."""
        super().share(params, grads)
        share(self.layer, params, grads)
        share(self.readout, params, grads)

    def forward(self, x: torch.Tensor, h0: Any = None, mask: torch.Tensor | None = None) -> torch.Tensor:
        """Return the output s (T, B, K) of every step, from x (T, B, D); the states are in `trace["h"]`.

        h0: the initial state as the layer takes it. mask (T, B): 0 marks padding, over which the state is kept.
        """
        h, self.state_T = self.layer.forward(x, h0, mask)
        s = self.readout.forward(h)
        self._inputs, self._outputs = self.layer._inputs, (s,)
        return s

    @property
    def trace(self) -> Tensors:
        """What the recurrent layer computed in the last `forward`."""
        return self.layer.trace

    def backward(self, ds: torch.Tensor) -> tuple[torch.Tensor, Any]:
        """Return dx (T, B, D) and the gradient of the initial state, given ds (T, B, K); fill grads."""
        return self._differentiate((ds,))


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
        self._trace: Tensors = {}
        for k, (n, m) in enumerate(zip(self.sizes, self.sizes[1:], strict=False), start=1):
            draw = uniform_draw(rng, 1 / np.sqrt(n), dtype)
            self.params |= {f"W_{k}": draw(n, m), f"b_{k}": draw(m)}

    @property
    def depth(self) -> int:
        """The number of layers of weights."""
        return len(self.sizes) - 1

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return s (N, K) from x (N, F)."""
        x = placed_for(self, x)
        require_tensor("x", x, axes=("N", "F"))
        check_features("x", x, self.sizes[0], "W_1")
        phi = ACTIVATIONS[self.phi].phi
        self._track_parameters()
        x = tracked(x)
        trace = {"z_0": x.detach()}
        z = x
        for k in range(1, self.depth + 1):
            a = z @ self.params[f"W_{k}"] + self.params[f"b_{k}"]
            z = phi(a) if k < self.depth else a
            trace |= {f"a_{k}": a.detach(), f"z_{k}": z.detach()}
        self._trace, self._inputs, self._outputs = trace, (x,), (z,)
        return z

    @property
    def trace(self) -> Tensors:
        """Every layer's pre-activations a_k and outputs z_k of the last `forward`; z_0 is the input."""
        return self._trace

    def backward(self, ds: torch.Tensor) -> torch.Tensor:
        """Return dx (N, F), given ds (N, K); fill grads."""
        return self._differentiate((ds,))[0]
