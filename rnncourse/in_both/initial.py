"""How the parameters of a recurrent layer are initialized: arrays only, for both engines.

A scheme takes the layer's parameter shapes (the input's weights, the state's weights, the biases, in this
order) and returns new arrays for some of them. Gated layers keep several blocks of H columns side by side; a
scheme treats each block as a matrix of its own.
"""

from __future__ import annotations

import numpy as np

from rnncourse.arguments import require_generator, require_number
from rnncourse.errors import InputError

GATES_THAT_KEEP = {"LSTM": "f", "GRU": "z"}
Shapes = dict[str, tuple[int, ...]]
Arrays = dict[str, np.ndarray]


def uniform(shapes: Shapes, rng: np.random.Generator) -> Arrays:
    """Return every parameter from U(-1/sqrt(H), 1/sqrt(H)), PyTorch's initialization."""
    require_generator("rng", rng)
    bound = 1 / np.sqrt(_size(shapes))
    return {name: rng.uniform(-bound, bound, shape) for name, shape in shapes.items()}


def glorot(shapes: Shapes, rng: np.random.Generator) -> Arrays:
    """Return each block of weights from U(-b, b), b = sqrt(6 / (rows + columns)), and zero biases.

    Source: Glorot and Bengio (2010), equation 16, https://proceedings.mlr.press/v9/glorot10a.html.
    """
    require_generator("rng", rng)
    H = _size(shapes)
    return {
        name: _glorot(shape, H, rng) if len(shape) == 2 else np.zeros(shape) for name, shape in shapes.items()
    }


def orthogonal(shapes: Shapes, rng: np.random.Generator) -> Arrays:
    """Return orthogonal blocks for the state's weights, Glorot's for the input's, and zero biases.

    An orthogonal matrix keeps the length of what it multiplies. Source: Saxe, McClelland and Ganguli (2014),
    arXiv:1312.6120.
    """
    start = glorot(shapes, rng)
    name = _state_weights(shapes)
    H, width = shapes[name]
    start[name] = np.hstack([_orthogonal(H, rng) for _ in range(width // H)])
    return start


def identity(shapes: Shapes, rng: np.random.Generator) -> Arrays:
    """Return identity blocks for the state's weights, Glorot's for the input's, and zero biases.

    With relu, a state that nothing disturbs then stays as it is. Source: Le, Jaitly and Hinton (2015),
    arXiv:1504.00941.
    """
    start = glorot(shapes, rng)
    name = _state_weights(shapes)
    H, width = shapes[name]
    start[name] = np.tile(np.eye(H), width // H)
    return start


def chrono(H: int, T_max: int, rng: np.random.Generator) -> np.ndarray:
    """Return biases (H,) of the gate that keeps: log U(1, T_max - 1), for memories from 1 to T_max steps long.

    Source: Tallec and Ollivier (2018), arXiv:1804.11188.
    """
    require_generator("rng", rng)
    return np.log(rng.uniform(1, require_number("T_max", T_max, above=2) - 1, H))


def _state_weights(shapes: Shapes) -> str:
    return list(shapes)[1]


def _size(shapes: Shapes) -> int:
    return shapes[_state_weights(shapes)][0]


def _glorot(shape: tuple[int, ...], H: int, rng: np.random.Generator) -> np.ndarray:
    bound = np.sqrt(6 / (shape[0] + H))
    return rng.uniform(-bound, bound, shape)


def _orthogonal(H: int, rng: np.random.Generator) -> np.ndarray:
    q, r = np.linalg.qr(rng.standard_normal((H, H)))
    return q * np.sign(np.diag(r))  # without the signs, some rotations would come up more often than others


def gate_that_keeps(kind: str) -> str:
    """Return the name of the gate that says how much of the old state is kept."""
    if kind not in GATES_THAT_KEEP:
        raise InputError(f"only an LSTM or a GRU has a gate that keeps, but the layer is: {kind}")
    return GATES_THAT_KEEP[kind]
