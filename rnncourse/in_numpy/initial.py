"""Other initializations of a layer's parameters: each function changes them in place and returns the layer or net.

They go through a net, a Stack or a Bidirectional to every RNN, LSTM and GRU inside, and leave readouts alone:
`chrono(orthogonal(LSTM(D, H), rng), T_max=200, rng=rng)`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np

from rnncourse.arguments import require_number
from rnncourse.in_both import initial as schemes
from rnncourse.in_numpy.base import Layer
from rnncourse.in_numpy.layers import Recurrent, single_layers

AnyLayer = TypeVar("AnyLayer", bound=Layer)


def uniform(layer: AnyLayer, rng: np.random.Generator) -> AnyLayer:
    """Draw every parameter from U(-1/sqrt(H), 1/sqrt(H)), as a new layer does."""
    return _start(layer, schemes.uniform, rng)


def glorot(layer: AnyLayer, rng: np.random.Generator) -> AnyLayer:
    """Draw the weights so that signals keep their size, and set the biases to 0; see schemes.glorot."""
    return _start(layer, schemes.glorot, rng)


def orthogonal(layer: AnyLayer, rng: np.random.Generator) -> AnyLayer:
    """Make the state's weights orthogonal, the input's Glorot's, the biases 0; see schemes.orthogonal."""
    return _start(layer, schemes.orthogonal, rng)


def identity(layer: AnyLayer, rng: np.random.Generator) -> AnyLayer:
    """Make the state's weights the identity, the input's Glorot's, the biases 0; see schemes.identity."""
    return _start(layer, schemes.identity, rng)


def forget_bias(layer: AnyLayer, value: float = 1.0) -> AnyLayer:
    """Set the bias of the gate that keeps: f of an LSTM, z of a GRU; above 0, a new layer remembers.

    Source: Jozefowicz, Zaremba and Sutskever (2015), https://proceedings.mlr.press/v37/jozefowicz15.html.
    """
    value = require_number("value", value)
    for single in single_layers(layer):
        _bias(single, schemes.gate_that_keeps(single.kind))[...] = value
    return layer


def chrono(layer: AnyLayer, T_max: int, rng: np.random.Generator) -> AnyLayer:
    """Spread the memories of the units over 1 to T_max steps by the bias of f (LSTM; i gets its negative) or z (GRU).

    Source: Tallec and Ollivier (2018), arXiv:1804.11188.
    """
    for single in single_layers(layer):
        bias = schemes.chrono(single.H, T_max, rng)
        _bias(single, schemes.gate_that_keeps(single.kind))[...] = bias
        if single.kind == "LSTM":
            _bias(single, "i")[...] = -bias
    return layer


def _start(layer: AnyLayer, scheme: Callable, rng: np.random.Generator) -> AnyLayer:
    for single in single_layers(layer):
        for name, array in scheme(single.shapes, rng).items():
            single.params[name][...] = array
    return layer


def _bias(layer: Recurrent, block: str) -> np.ndarray:
    """Return the part of the bias that belongs to a block, as a view."""
    k = layer.blocks.index(block)
    return layer.params["b"][k * layer.H : (k + 1) * layer.H]
