"""How much of a gradient survives on its way back through time.

The Jacobian ∂state_T/∂state_t is a product of one-step Jacobians, all for row vectors: entry [from, to].
That of an RNN is W_hh * phi_prime(a_t), a column for each unit of h_t. Everything is computed in float64, and
every product is rescaled on its way, its logarithm carried along: a norm of 1e-300, or far below, is right.

Sources: Bengio, Simard and Frasconi (1994), doi:10.1109/72.279181; Pascanu, Mikolov and Bengio (2013),
https://proceedings.mlr.press/v28/pascanu13.html.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from rnncourse.arguments import (
    require_array,
    require_choice,
    require_count,
    require_number,
    require_shape,
)
from rnncourse.errors import InputError
from rnncourse.in_numpy import ACTIVATIONS, GRU, LSTM, RNN, forget_bias, glorot, identity, orthogonal, uniform
from rnncourse.in_numpy.cells import GRUCell, LSTMCell, RNNCell

Layer = RNN | LSTM | GRU
State = np.ndarray | tuple[np.ndarray, np.ndarray] | None

CELLS = ("sigmoid", "tanh", "relu", "leaky_relu", "lstm", "gru")
INITS = ("uniform", "glorot", "orthogonal", "identity")
INPUTS = ("noise", "pulse")
NORMS = ("rms", "spectral", "frobenius")

_START = {"uniform": uniform, "glorot": glorot, "orthogonal": orthogonal, "identity": identity}
_SMALL, _LARGE = 1e-100, 1e100  # a product outside this range is rescaled, long before its squares underflow


@dataclass(frozen=True, eq=False)
class GradientFlow:
    """What happens to a gradient between the last step T and the state before the first one.

    log10_norms (T+1,): by lag k = 0 … T, log10 of the gain ‖J‖_F / √H of J = ∂state_T/∂state_{T-k}, the
    factor by which the length of a random gradient changes on average (root mean square); 1 at lag 0.
    log10_gradients (T+1, H): by step t = 0 … T, log10 of |∂L/∂state_t| for each unit, where the loss reads
    the last state only and its gradient there is random, with entries of root mean square 1.
    -inf means exactly 0.
    state: "h", or "c" for an LSTM (∂c_T/∂c_t with h_t held). dead_units (H,): slope 0 at every step. W_hh
    (H, H): None for a gated layer. mean_forget: the mean of the gate that keeps (f, z), None for an RNN.
    """

    title: str
    state: str
    log10_norms: np.ndarray
    log10_gradients: np.ndarray
    dead_units: np.ndarray
    W_hh: np.ndarray | None
    mean_forget: float | None

    @property
    def T(self) -> int:
        """The number of steps."""
        return len(self.log10_norms) - 1

    @property
    def H(self) -> int:
        """The number of units."""
        return len(self.dead_units)

    @property
    def norms(self) -> np.ndarray:
        """The gains (T+1,) by lag; 0.0 where they are smaller than a float64 can be."""
        with np.errstate(over="ignore"):
            return 10.0**self.log10_norms

    @property
    def factors(self) -> np.ndarray:
        """The factors (T,) from each lag to the next; 0 from where nothing is left."""
        before, after = self.log10_norms[:-1], self.log10_norms[1:]
        left = np.isfinite(after)
        return np.where(left, 10.0 ** np.subtract(after, before, where=left, out=np.zeros(self.T)), 0.0)

    @property
    def factor(self) -> float:
        """The factor a step, on average over all T: their geometric mean."""
        return float(10.0 ** (self.log10_norms[-1] / self.T))

    @cached_property
    def spectral_radius(self) -> float | None:
        """The largest absolute eigenvalue of W_hh; None for a gated layer, which has several blocks."""
        return None if self.W_hh is None else float(np.abs(np.linalg.eigvals(self.W_hh)).max())

    def reach(self, share: float = 1e-3) -> int | None:
        """Return the first lag at which less than `share` of the gradient is left, None if there is none."""
        share = require_number("share", share, above=0, most=1)
        below = np.flatnonzero(self.log10_norms < np.log10(share))
        return int(below[0]) if below.size else None

    def __repr__(self) -> str:
        return f"GradientFlow({self.title}: T={self.T}, H={self.H}, factor {self.factor:.2f} a step)"


def gradient_flow(
    cell: str = "tanh",
    init: str = "uniform",
    scale: float = 1.0,
    T: int = 50,
    seed: int = 0,
    *,
    H: int = 64,
    D: int = 2,
    forget_bias: float = 0.0,
    inputs: str = "noise",
) -> GradientFlow:
    """Return the gradient flow of an untrained layer over one sequence of T steps.

    cell: sigmoid, tanh, relu, leaky_relu, lstm or gru. init: uniform, glorot, orthogonal or identity. scale
    multiplies the state's weights, W_hh or W_h. forget_bias: the bias of f (lstm) or z (gru), else unused.
    inputs: "noise", x_t ~ N(0, 1) at every step, or "pulse", at the first step and 0 after it. The inputs
    depend on seed, T and D only, so that cells are compared on the same sequence.
    Raises InputError for other choices, and where the states grow beyond what float64 can hold.
    """
    require_choice("cell", cell, CELLS)
    require_choice("init", init, INITS)
    require_choice("inputs", inputs, INPUTS)
    T, seed = require_count("T", T), require_count("seed", seed, least=0)
    scale, forget_bias = require_number("scale", scale, least=0), require_number("forget_bias", forget_bias)
    layer = _untrained(cell, init, scale, D, H, forget_bias, seed)
    x = np.random.default_rng([seed, 1]).normal(size=(T, 1, D))
    if inputs == "pulse":
        x[1:] = 0
    bias = "" if isinstance(layer, RNN) else f", forget bias {forget_bias:g}"
    silence = ", pulse" if inputs == "pulse" else ""
    title = f"{cell}, {init}, scale {scale:g}{bias}{silence}"
    return measure_flow(layer, x, seed=seed, title=title)


def measure_flow(
    layer: Layer, x: np.ndarray, h0: State = None, *, seed: int = 0, title: str = ""
) -> GradientFlow:
    """Return the gradient flow of any layer, trained or not, over the first sequence of x (T, B, D).

    h0: the state before the first step, as in forward. seed: draws the gradient at the last state. The layer
    itself, its trace and its dtype stay as they are.
    """
    linear, seed = _linearise(layer, x, h0), require_count("seed", seed, least=0)
    state = "c" if isinstance(layer, LSTM) else "h"
    T, H = len(linear.into), layer.H
    g = np.random.default_rng([seed, 2]).normal(size=H)
    g *= np.sqrt(H / (g @ g))
    norms, sent, scales = np.empty(T + 1), np.empty((T + 1, H)), np.empty(T + 1)
    for lag, (J, log10_scale) in enumerate(_jacobians(linear, state, 0)):
        norms[lag], sent[lag], scales[lag] = _rms(J), J @ g, log10_scale
    with np.errstate(divide="ignore"):  # log10(0) is -inf, as documented
        log10_norms = np.log10(norms) + scales
        log10_gradients = (np.log10(np.abs(sent)) + scales[:, None])[::-1]
    return GradientFlow(
        title=title or f"{layer.kind} with {H} units",
        state=state,
        log10_norms=log10_norms,
        log10_gradients=log10_gradients,
        dead_units=_dead(layer, linear),
        W_hh=linear.W[0] if isinstance(layer, RNN) else None,
        mean_forget=linear.mean_forget,
    )


def log10_jacobian_norms(
    layer: Layer, x: np.ndarray, h0: State = None, *, state: str | None = None, norm: str = "rms", b: int = 0
) -> np.ndarray:
    """Return log10 of the norm of ∂state_T/∂state_{T-k} (T+1,) by lag k = 0 … T, over sequence b of x.

    x: (T, B, D). state: "h", "c" or "both" (an LSTM's pair, 2H numbers); None: "h", or "c" for an LSTM.
    ∂h_T/∂h_t holds c_t, and ∂c_T/∂c_t holds h_t. norm: "rms", the Frobenius norm divided by √H (√2H for
    both), 1 at lag 0; "spectral", the most by which any gradient can grow; or "frobenius".
    """
    measure = {"rms": _rms, "spectral": lambda J: np.linalg.norm(J, 2), "frobenius": np.linalg.norm}
    chosen = measure[require_choice("norm", norm, NORMS)]
    linear = _linearise(layer, x, h0)
    state = choose_state(state, isinstance(layer, LSTM))
    b = _require_sequence(b, linear)
    with np.errstate(divide="ignore"):
        return np.array([np.log10(chosen(J)) + carried for J, carried in _jacobians(linear, state, b)])


@dataclass(frozen=True, eq=False)
class LagSplit:
    """A gradient split by lag: how many steps lie between a loss and the state that it reaches.

    state_norms (T,): by lag k, the length of ∂L_s/∂h_{s-k} of all steps s and all sequences together.
    weights (T, H, n): by lag, the share of the gradient of W_hh or W_h; their sum is that gradient.
    """

    state_norms: np.ndarray
    weights: np.ndarray

    @property
    def weight_norms(self) -> np.ndarray:
        """The length (T,) of each lag's share of the weights' gradient."""
        return np.linalg.norm(self.weights.reshape(len(self.weights), -1), axis=1)


def gradient_by_lag(layer: Layer, x: np.ndarray, dh: np.ndarray, h0: State = None) -> LagSplit:
    """Return the gradient split by lag, from x (T, B, D) and dh (T, B, H).

    dh[s] is the gradient of step s's own loss with respect to h_s, such as ds @ W_hy.T, as in `backward`.
    """
    linear = _linearise(layer, x, h0)
    (T, B, _, H), S = linear.into.shape, len(linear.blocks)
    require_array("dh", dh, axes=("T", "B", "H"))
    require_shape("dh", dh, (T, B, H), "(T, B, H) to go with x")
    W = np.concatenate(list(linear.W), axis=1)
    d = np.zeros((T, B, S, H))  # ∂L_s/∂state at step s - lag; the first axis is s
    d[:, :, 0] = dh
    norms, weights = np.empty(T), np.empty((T, *W.shape))
    for lag in range(T):
        norms[lag] = np.linalg.norm(d[:, :, 0])
        now = slice(0, T - lag)  # the steps s - lag
        if linear.show is not None:
            d[:, :, 1] += linear.show[now] * d[:, :, 0]
        da = np.empty_like(linear.into[now])
        for part, k in enumerate(linear.blocks):
            np.multiply(linear.into[now, :, k], d[:, :, part, None], out=da[:, :, k])
        da = da.reshape(T - lag, B, -1)
        weights[lag] = np.einsum("tbf,tba->fa", linear.h_prev[now], da)
        d = np.zeros_like(d) if linear.keep is None else linear.keep[now] * d
        d[:, :, 0] += da @ W.T
        d = d[1:]  # the first of these losses has no state further back that it could reach
    return LagSplit(norms, weights)


def dead_units(layer: Layer, x: np.ndarray, h0: State = None) -> np.ndarray:
    """Return which units (H,) are dead: their slope is 0 at every step of every sequence of x (T, B, D).

    A dead ReLU unit is 0 throughout and passes no gradient: training on these sequences cannot wake it.
    """
    return _dead(layer, _linearise(layer, x, h0))


def choose_state(state: str | None, is_lstm: bool) -> str:
    """Return the state to differentiate: the one asked for, or the one that carries the memory."""
    if state is None:
        return "c" if is_lstm else "h"
    return require_choice("state", state, ("h", "c", "both") if is_lstm else ("h",))


class _Linear(NamedTuple):
    """A layer linearized around one run: S parts of state (h, then an LSTM's c), n blocks of weights.

    One step back for a gradient d (S, H) of the state: d[c] += show * d[h], as h_t shows c_t; then
    da[k] = into[k] * d[part] for the blocks k that act on a part; and d_prev = keep * d, to whose h every
    da[k] @ W[k].T is added.
    """

    W: np.ndarray  # (n, H, H)
    blocks: list[slice]  # S: which blocks act on h, which on c
    into: np.ndarray  # (T, B, n, H)
    keep: np.ndarray | None  # (T, B, S, H), None where nothing passes the weights by
    show: np.ndarray | None  # (T, B, H)
    h_prev: np.ndarray  # (T, B, H)
    mean_forget: float | None


def require_plain_cell(layer: Any, *plain: type) -> None:
    """Raise InputError where a layer has a cell of its own, whose slopes are not known."""
    if type(layer.cell) not in plain:
        raise InputError(f"layer must have its plain cell, but its cell is a {type(layer.cell).__name__}")


def _linearise(layer: Layer, x: np.ndarray, h0: State) -> _Linear:
    """Run a copy of the layer in float64 and return its slopes."""
    if type(layer) not in _SLOPES:
        raise InputError(
            f"layer must be an RNN, LSTM or GRU of rnncourse.in_numpy, but got {type(layer).__name__}; "
            "for a net, pass net.layer"
        )
    require_plain_cell(layer, RNNCell, LSTMCell, GRUCell)
    require_array("x", x, axes=("T", "B", "D"))
    twin = copy.copy(layer)
    twin.params = {name: np.asarray(array, dtype=np.float64) for name, array in layer.params.items()}
    with np.errstate(over="ignore", invalid="ignore"):
        twin.forward(x.astype(np.float64), h0)
        tr = twin.trace
    if not np.isfinite(tr["h"]).all():
        raise InputError(f"the states of this {layer.kind} overflow on x; make its weights smaller")
    W = twin.params[list(twin.shapes)[1]]
    return _Linear(
        W=np.ascontiguousarray(np.moveaxis(W.reshape(layer.H, -1, layer.H), 1, 0)),
        h_prev=_before(tr["h0"], tr["h"]),
        **_SLOPES[type(layer)](twin, tr),
    )


def _rnn_slopes(layer: RNN, tr: dict[str, np.ndarray]) -> dict:
    into = ACTIVATIONS[layer.phi].phi_prime(tr["a"])[:, :, None]
    return {
        "blocks": [slice(1)],
        "into": into,
        "keep": None,
        "show": None,
        "mean_forget": None,
    }


def _lstm_slopes(layer: LSTM, tr: dict[str, np.ndarray]) -> dict:
    i, f, g, o, c = (tr[name] for name in ("i", "f", "g", "o", "c"))
    tanh_c = np.tanh(c)
    slopes = [g * i * (1 - i), _before(tr["c0"], c) * f * (1 - f), i * (1 - g**2), tanh_c * o * (1 - o)]
    return {
        "blocks": [slice(3, 4), slice(3)],  # o acts on h_t; i, f and g on c_t
        "into": np.stack(slopes, axis=2),
        "keep": np.stack([np.zeros_like(f), f], axis=2),
        "show": o * (1 - tanh_c**2),
        "mean_forget": float(f.mean()),
    }


def _gru_slopes(layer: GRU, tr: dict[str, np.ndarray]) -> dict:
    r, z, n, q = (tr[name] for name in ("r", "z", "n", "q"))
    slope_n = (1 - z) * (1 - n**2)
    slopes = [slope_n * q * r * (1 - r), (_before(tr["h0"], tr["h"]) - n) * z * (1 - z), slope_n * r]
    return {
        "blocks": [slice(3)],
        "into": np.stack(slopes, axis=2),
        "keep": z[:, :, None],
        "show": None,
        "mean_forget": float(z.mean()),
    }


_SLOPES: dict[type, Callable[..., dict]] = {RNN: _rnn_slopes, LSTM: _lstm_slopes, GRU: _gru_slopes}


def _before(first: np.ndarray, states: np.ndarray) -> np.ndarray:
    return np.concatenate([first[None], states[:-1]])


def _step_back(linear: _Linear, t: int, b: int, P: np.ndarray) -> None:
    """Turn P = ∂z/∂state_{t+1} (S, H, columns) into ∂z/∂state_t, in place, whatever z is; t counts from 0.

    The blocks of weights that act on the same part are added first: each saves a product of matrices.
    """
    if linear.show is not None:
        P[1] += linear.show[t, b][:, None] * P[0]
    through_weights = 0
    for part, k in enumerate(linear.blocks):
        through_weights += np.einsum("kfj,kj->fj", linear.W[k], linear.into[t, b, k]) @ P[part]
    if linear.keep is None:
        P[0] = through_weights
    else:
        P *= linear.keep[t, b][:, :, None]
        P[0] += through_weights


def _jacobians(linear: _Linear, state: str, b: int) -> Iterator[tuple[np.ndarray, float]]:
    """Yield ∂state_T/∂state_{T-lag}, rows "from", for lag 0 … T: a matrix and log10 of a factor before it.

    The matrix holds until the next one is asked for.
    """
    (T, _, _, H), S = linear.into.shape, len(linear.blocks)
    wanted = {"h": slice(0, 1), "c": slice(1, 2), "both": slice(0, 2)}[state]
    P = np.eye(S * H).reshape(S, H, S, H)[:, :, wanted].reshape(S, H, -1).copy()
    log10_scale = 0.0
    yield P[wanted].reshape(-1, P.shape[2]), log10_scale
    for t in reversed(range(T)):
        _step_back(linear, t, b, P)
        size = np.sqrt(np.vdot(P, P))
        if size and not _SMALL < size < _LARGE:
            P /= size
            log10_scale += float(np.log10(size))
        yield P[wanted].reshape(-1, P.shape[2]), log10_scale


def _rms(J: np.ndarray) -> float:
    """Return ‖J‖_F / √columns: the root mean square of the length of J g over random g of length 1."""
    return float(np.sqrt(np.vdot(J, J) / J.shape[1]))


def _dead(layer: Layer, linear: _Linear) -> np.ndarray:
    if not isinstance(layer, RNN):
        return np.zeros(layer.H, dtype=bool)
    return ~linear.into.any(axis=(0, 1, 2))


def _untrained(cell: str, init: str, scale: float, D: int, H: int, bias: float, seed: int) -> Layer:
    rng = np.random.default_rng(seed)
    gated = {"lstm": LSTM, "gru": GRU}.get(cell)
    layer = gated(D, H, rng, dtype="float64") if gated else RNN(D, H, cell, rng, dtype="float64")
    _START[init](layer, rng)
    layer.params[list(layer.shapes)[1]] *= scale
    return forget_bias(layer, bias) if gated else layer


def _require_sequence(b: object, linear: _Linear) -> int:
    B = linear.into.shape[1]
    return require_count("b", b, least=0, most=B - 1)
