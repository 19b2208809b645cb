"""Layers and nets over whole sequences on tensors; the gradients come from autograd.

The twin of rnncourse.in_numpy.layers: the same names, arguments and initial numbers for the same rng. What
forward returns is part of autograd's graph, so `loss.backward()` works as well as `backward`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from rnncourse.errors import InputError, describe, require_choice, require_count, require_generator
from rnncourse.in_torch.activations import ACTIVATIONS

Tensors = dict[str, torch.Tensor]


class _Layer:
    """What every layer and net has: params, grads, trace, and moving to a device."""

    def __init__(self) -> None:
        self.params: Tensors = {}
        self.grads: Tensors = {}
        self.trace: Tensors = {}
        self._inputs: tuple[torch.Tensor, ...] = ()
        self._outputs: tuple[torch.Tensor, ...] = ()

    def to(self, device: torch.device | str) -> _Layer:
        """Move all parameters to `device` and return self."""
        for name, tensor in self.params.items():
            self.params[name] = tensor.detach().to(device).requires_grad_()
        return self

    def _differentiate(self, gradients: tuple[torch.Tensor | None, ...]) -> tuple[torch.Tensor, ...]:
        """Fill grads and return the inputs' gradients, given the gradients of the last forward's outputs."""
        if not self._outputs:
            raise InputError("backward needs a forward first: call forward on the inputs whose gradient you want")
        for output, gradient in zip(self._outputs, gradients, strict=True):
            if gradient is not None and gradient.shape != output.shape:
                raise InputError(
                    f"the gradient must have the shape of what forward returned, {tuple(output.shape)}, "
                    f"but {tuple(gradient.shape)} came"
                )
        known = [(o, g) for o, g in zip(self._outputs, gradients, strict=True) if g is not None]
        sources = [*self.params.values(), *self._inputs]
        found = torch.autograd.grad(
            [o for o, _ in known], sources, [g for _, g in known], retain_graph=True, materialize_grads=True
        )
        self.grads.update(zip(self.params, found, strict=False))
        return found[len(self.params) :]


class RNN(_Layer):
    """A vanilla recurrent layer: h_t = phi(x_t @ W_xh + h_prev @ W_hh + b_h) at every step.

    D, H: input and hidden size. phi: tanh, sigmoid, relu or leaky_relu. rng (NumPy's, so that both engines
    start from the same numbers) draws every parameter from U(-1/sqrt(H), 1/sqrt(H)).
    Source: Elman (1990), doi:10.1207/s15516709cog1402_1.
    """

    def __init__(
        self, D: int, H: int, phi: str = "tanh", rng: np.random.Generator | None = None, dtype: str = "float32"
    ):
        super().__init__()
        self.D, self.H = require_count("D", D), require_count("H", H)
        self.phi = require_choice("phi", phi, tuple(ACTIVATIONS))
        draw = _uniform(rng, 1 / np.sqrt(H), dtype)
        self.params = {"W_xh": draw(D, H), "W_hh": draw(H, H), "b_h": draw(H)}

    def forward(self, x: torch.Tensor, h0: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """Return all states h (T, B, H) and the last one h_T (B, H), from x (T, B, D) and h0 (B, H), zeros if None.

        Raises InputError for wrong axes, sizes or dtypes, and for NaN.
        """
        p = self.params
        _check_sequence(x, self.D)
        x = _tracked(x)
        h0 = _tracked(_start(h0, (x.shape[1], self.H), like=p["W_hh"]))
        phi = ACTIVATIONS[self.phi].phi
        from_x = x @ p["W_xh"] + p["b_h"]  # the inputs' share of every step in one product
        a, h, h_prev = [], [], h0
        for from_x_t in from_x:
            a.append(from_x_t + h_prev @ p["W_hh"])
            h.append(phi(a[-1]))
            h_prev = h[-1]
        a, h = torch.stack(a), torch.stack(h)
        self.trace = {"x": x.detach(), "h0": h0.detach(), "a": a.detach(), "h": h.detach()}
        self._inputs, self._outputs = (x, h0), (h, h_prev)
        return h, h_prev

    def backward(self, dh: torch.Tensor, dh_T: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """Return dx (T, B, D) and dh0 (B, H), given dh (T, B, H) and perhaps dh_T (B, H); fill grads."""
        dx, dh0 = self._differentiate((dh, dh_T))
        return dx, dh0


class Readout(_Layer):
    """Scores from states: s = h @ W_hy + b_y, the same at every step.

    H, K: state size and number of scores. rng draws from U(-1/sqrt(H), 1/sqrt(H)).
    """

    def __init__(self, H: int, K: int, rng: np.random.Generator | None = None, dtype: str = "float32"):
        super().__init__()
        self.H, self.K = require_count("H", H), require_count("K", K)
        draw = _uniform(rng, 1 / np.sqrt(H), dtype)
        self.params = {"W_hy": draw(H, K), "b_y": draw(K)}

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        """Return s (..., K) from h (..., H)."""
        _require_tensor("h", h)
        if h.shape[-1] != self.H:
            raise InputError(f"h has {h.shape[-1]} units but W_hy expects {self.H}")
        h = _tracked(h)
        s = h @ self.params["W_hy"] + self.params["b_y"]
        self.trace = {"h": h.detach()}
        self._inputs, self._outputs = (h,), (s,)
        return s

    def backward(self, ds: torch.Tensor) -> torch.Tensor:
        """Return dh (..., H), given ds (..., K); fill grads."""
        return self._differentiate((ds,))[0]


class RecurrentNet(_Layer):
    """A recurrent layer and a readout, sharing one dictionary of parameters and one of gradients.

    layer: such as RNN(D, H). K: scores per step. The parameters keep their names: W_xh, W_hh, b_h, W_hy, b_y.
    """

    batch_axis = 1

    def __init__(self, layer: RNN, K: int, rng: np.random.Generator | None = None):
        super().__init__()
        self.layer = layer
        dtype = str(next(iter(layer.params.values())).dtype).removeprefix("torch.")
        self.readout = Readout(layer.H, K, rng=rng, dtype=dtype)
        self.params = {**layer.params, **self.readout.params}
        for part in (layer, self.readout):  # one live dictionary: whoever changes it changes all three
            part.params, part.grads = self.params, self.grads

    def forward(self, x: torch.Tensor, h0: torch.Tensor | None = None) -> torch.Tensor:
        """Return the scores s (T, B, K) of every step, from x (T, B, D); the states are in `trace["h"]`."""
        h, _ = self.layer.forward(x, h0)
        s = self.readout.forward(h)
        self.trace = self.layer.trace
        self._inputs, self._outputs = self.layer._inputs, (s,)
        return s

    def backward(self, ds: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return dx (T, B, D) and dh0 (B, H), given ds (T, B, K); fill grads."""
        dx, dh0 = self._differentiate((ds,))
        return dx, dh0


class MLP(_Layer):
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
        if len(sizes) < 2:
            raise InputError(f"sizes needs at least an input and an output size, but {describe(sizes)} came")
        self.sizes = tuple(require_count("sizes", n) for n in sizes)
        self.phi = require_choice("phi", phi, tuple(ACTIVATIONS))
        for k, (n, m) in enumerate(zip(self.sizes, self.sizes[1:], strict=False), start=1):
            draw = _uniform(rng, 1 / np.sqrt(n), dtype)
            self.params |= {f"W_{k}": draw(n, m), f"b_{k}": draw(m)}

    @property
    def depth(self) -> int:
        """The number of layers of weights."""
        return len(self.sizes) - 1

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return s (N, K) from x (N, F)."""
        _require_tensor("x", x, axes=("N", "F"))
        if x.shape[1] != self.sizes[0]:
            raise InputError(f"x has {x.shape[1]} features but W_1 expects {self.sizes[0]}")
        phi = ACTIVATIONS[self.phi].phi
        x = _tracked(x)
        self.trace = {"z_0": x.detach()}
        z = x
        for k in range(1, self.depth + 1):
            a = z @ self.params[f"W_{k}"] + self.params[f"b_{k}"]
            z = phi(a) if k < self.depth else a
            self.trace |= {f"a_{k}": a.detach(), f"z_{k}": z.detach()}
        self._inputs, self._outputs = (x,), (z,)
        return z

    def backward(self, ds: torch.Tensor) -> torch.Tensor:
        """Return dx (N, F), given ds (N, K); fill grads."""
        return self._differentiate((ds,))[0]


def count_parameters(model: _Layer) -> int:
    """Return how many numbers the parameters of a layer or net hold."""
    return sum(tensor.numel() for tensor in model.params.values())


def _uniform(rng: np.random.Generator | None, bound: float, dtype: str):
    """Return a function that draws a tensor of the given sizes from U(-bound, bound), the numbers in_numpy draws."""
    rng = np.random.default_rng(0) if rng is None else require_generator("rng", rng)
    require_choice("dtype", dtype, ("float32", "float64"))
    return lambda *shape: torch.from_numpy(rng.uniform(-bound, bound, shape).astype(dtype)).requires_grad_()


def _require_tensor(name: str, value: object, axes: tuple[str, ...] | None = None) -> None:
    if not isinstance(value, torch.Tensor):
        raise InputError(
            f"{name} must be a torch tensor, but {describe(value)} came; torch.from_numpy turns an array into one"
        )
    if not value.is_floating_point():
        raise InputError(f"{name} must hold floating-point numbers, but {describe(value)} came; write {name}.float()")
    if axes is not None and value.ndim != len(axes):
        raise InputError(
            f"{name} needs {len(axes)} axes ({', '.join(axes)}), but shape {tuple(value.shape)} came"
        )
    if value.numel() == 0:
        raise InputError(f"{name} is empty: shape {tuple(value.shape)} came, and every axis needs at least one entry")
    if not torch.isfinite(value).all():
        raise InputError(f"{name} must hold finite numbers, but some of its {value.numel()} entries are NaN or infinite")


def _check_sequence(x: torch.Tensor, D: int) -> None:
    _require_tensor("x", x, axes=("T", "B", "D"))
    if x.shape[2] != D:
        raise InputError(f"x has {x.shape[2]} features but W_xh expects {D}; was it one-hot encoded?")


def _start(h0: torch.Tensor | None, shape: tuple[int, int], like: torch.Tensor) -> torch.Tensor:
    """Return h0 if it fits, or zeros of the dtype and on the device of `like`."""
    if h0 is None:
        return torch.zeros(shape, dtype=like.dtype, device=like.device)
    _require_tensor("h0", h0, axes=("B", "H"))
    if tuple(h0.shape) != shape:
        raise InputError(f"h0 must have shape {shape} (B, H) to go with x, but {tuple(h0.shape)} came")
    return h0


def _tracked(tensor: torch.Tensor) -> torch.Tensor:
    """Return the tensor itself if autograd follows it already, else a copy that it follows."""
    return tensor if tensor.requires_grad else tensor.detach().requires_grad_()
