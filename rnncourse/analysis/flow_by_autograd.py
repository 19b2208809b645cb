"""The twin of gradient_flow's Jacobian norms on tensors: autograd differentiates the steps themselves.

A file of its own, because it imports torch, which takes a second or two.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch

from rnncourse.analysis.gradient_flow import NORMS, choose_state, require_plain_cell
from rnncourse.arguments import require_choice, require_count
from rnncourse.errors import InputError
from rnncourse.in_torch import ACTIVATIONS, GRU, LSTM, RNN, gru_step, lstm_step, rnn_step
from rnncourse.in_torch.cells import GRUCell, LSTMCell, RNNCell

Layer = RNN | LSTM | GRU
State = torch.Tensor | tuple[torch.Tensor, torch.Tensor] | None


def log10_jacobian_norms(
    layer: Layer,
    x: torch.Tensor,
    h0: State = None,
    *,
    state: str | None = None,
    norm: str = "rms",
    b: int = 0,
) -> np.ndarray:
    """Return log10 of the norm of ∂state_T/∂state_{T-k} (T+1,) by lag k = 0 … T, over sequence b of x.

    x: (T, B, D). Arguments and errors are those of gradient_flow.log10_jacobian_norms, with a layer of
    in_torch. Every lag is a forward pass of its own from the state at that step, so it is slow, and norms
    below 1e-300 come out as -inf.
    """
    if not isinstance(layer, (RNN, LSTM, GRU)):
        raise InputError(
            f"layer must be an RNN, LSTM or GRU of rnncourse.in_torch, but got {type(layer).__name__}"
        )
    require_plain_cell(layer, RNNCell, LSTMCell, GRUCell)
    require_choice("norm", norm, NORMS)
    state = choose_state(state, isinstance(layer, LSTM))
    layer.forward(x, h0)  # raises InputError for what does not fit
    require_count("b", b, least=0, most=x.shape[1] - 1)
    p = {name: tensor.detach().double() for name, tensor in layer.params.items()}
    x = x[:, b : b + 1].detach().double()
    step = _step(layer, p)
    states = [_first_state(layer, h0, b).to(x)]
    for x_t in x:
        states.append(step(x_t, states[-1]))
    wanted = {"h": slice(0, 1), "c": slice(1, 2), "both": slice(0, 2)}[state]
    norms = [_norm(_jacobian(step, x[t:], states[t], wanted), norm) for t in range(len(states))]
    with np.errstate(divide="ignore"):
        return np.log10(np.array(norms[::-1]))


def _first_state(layer: Layer, h0: State, b: int) -> torch.Tensor:
    """Return the whole state (S, H) of sequence b before the first step."""
    S = 2 if isinstance(layer, LSTM) else 1
    if h0 is None:
        return torch.zeros(S, layer.H)
    return torch.stack([part[b].detach() for part in (h0 if S == 2 else (h0,))])


def _step(layer: Layer, p: dict[str, torch.Tensor]) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """Return one step as a function of x_t (1, D) and the whole state (S, H)."""
    if isinstance(layer, LSTM):
        return lambda x_t, state: torch.cat(lstm_step(x_t, state[:1], state[1:], p))
    if isinstance(layer, GRU):
        return lambda x_t, state: gru_step(x_t, state, p)
    phi = ACTIVATIONS[layer.phi].phi
    return lambda x_t, state: rnn_step(x_t, state, p, phi)


def _jacobian(step: Callable, x: torch.Tensor, state: torch.Tensor, wanted: slice) -> torch.Tensor:
    """Return the Jacobian of the last state with respect to `state`, of both the parts wanted; rows "to"."""

    def last(part: torch.Tensor) -> torch.Tensor:
        now = state.clone()
        now[wanted] = part
        for x_t in x:
            now = step(x_t, now)
        return now[wanted].flatten()

    J = torch.autograd.functional.jacobian(last, state[wanted], vectorize=True)
    return J.reshape(len(J), -1)


def _norm(J: torch.Tensor, norm: str) -> float:
    if norm == "spectral":
        return float(torch.linalg.matrix_norm(J, 2))
    size = float(torch.linalg.matrix_norm(J))
    return size / math.sqrt(len(J)) if norm == "rms" else size
