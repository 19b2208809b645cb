"""A net that writes, in the form that widgets compute in the browser: tokens, parameters as text, random draws."""

from __future__ import annotations

import base64
import string
from typing import Any

import numpy as np

from rnncourse.arguments import require_that
from rnncourse.data.encoding import Vocabulary
from rnncourse.errors import InputError
from rnncourse.in_both.sampling import tokens_of_writer
from rnncourse.in_numpy.layers import GRU, LSTM, RNN
from rnncourse.in_numpy.nets import RecurrentNet

SEEDS = 100  # seeds from 0 on whose draws the browser can repeat
LONGEST_PROMPT = 200
STEPS = 64  # numbers that are whole multiples of 1/64 are written as digits
MOST = 8  # up to this size
_DIGITS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+"
_WRITTEN = ["/" * (k // len(_DIGITS)) + _DIGITS[k % len(_DIGITS)] for k in range(2 * STEPS * MOST + 1)]

Net = Any  # a RecurrentNet of either engine


def numpy_copy(net: Net, name: str = "net") -> RecurrentNet:
    """Return a RecurrentNet of in_numpy with the numbers of `net`, which may live on a GPU, as float64.

    Raises InputError, which calls the argument `name`, for anything that is not a net that writes.
    """
    layer = getattr(net, "layer", None)
    kinds = {"RNN": RNN, "LSTM": LSTM, "GRU": GRU}
    kind = getattr(layer, "kind", None)
    require_that(
        name, net, kind in kinds and hasattr(net, "readout"), "a RecurrentNet with an RNN, LSTM or GRU"
    )
    tokens_of_writer(net)
    extra = {"phi": layer.phi} if kind == "RNN" else {}
    copy = RecurrentNet(kinds[kind](layer.D, layer.H, **extra), layer.D)
    for key, array in net.params.items():
        numbers = array.detach().cpu().numpy() if hasattr(array, "detach") else array
        copy.params[key] = numbers.astype(np.float64)
    return copy


def require_own_tokens(net: RecurrentNet, vocabulary: Vocabulary) -> None:
    """Raise InputError unless `vocabulary` is one, with as many tokens as the net reads."""
    require_that("vocabulary", vocabulary, isinstance(vocabulary, Vocabulary), "a Vocabulary")
    if len(vocabulary) != net.layer.D:
        raise InputError(f"the net reads {net.layer.D} tokens, but the vocabulary has {len(vocabulary)}")


def description(net: Net, vocabulary: Vocabulary) -> dict[str, Any]:
    """Return what the browser needs to let a net write, all but the parameters: see netOf in writing.js."""
    layer = numpy_copy(net).layer
    generators = [np.random.PCG64(seed).state["state"] for seed in range(SEEDS)]
    return {
        "kind": layer.kind,
        "phi": getattr(layer, "phi", ""),
        "units": layer.H,
        "shapes": {name: list(array.shape) for name, array in _numbers(net).items()},
        "bits": 6 if _is_in_steps(net) else 8 * np.dtype(_dtype(net)).itemsize,
        "tokens": [vocabulary.token(k) for k in range(len(vocabulary))],
        "blank": first_character(vocabulary),
        "generators": [[f"{one['state']:x}", f"{one['inc']:x}"] for one in generators],
    }


def packed(net: Net) -> str:
    """Return all parameters in a row as text, the shortest that loses nothing: see unpack in writer_math.js.

    Whole multiples of 1/64 are counted in steps 0, 1, −1, 2, −2, …, and the count is one of 63 digits, after a slash
    for each 63 that it exceeds: such texts compress well. Other numbers have 16, 32 or 64 bits each, in base64.
    """
    if _is_in_steps(net):
        steps = np.concatenate([STEPS * array.ravel() for array in _numbers(net).values()]).astype(int)
        return "".join(map(_WRITTEN.__getitem__, np.where(steps > 0, 2 * steps - 1, -2 * steps).tolist()))
    numbers = [array.astype(_dtype(net)).tobytes() for array in _numbers(net).values()]
    return base64.b64encode(b"".join(numbers)).decode()


def _numbers(net: Net) -> dict[str, np.ndarray]:
    """Return the parameters as float64, in a fixed order."""
    return dict(sorted(numpy_copy(net).params.items()))


def _is_in_steps(net: Net) -> bool:
    """Say whether every parameter is a whole multiple of 1/64 and not too large to be written so."""
    return all(
        (np.abs(array) <= MOST).all() and not (STEPS * array % 1).any() for array in _numbers(net).values()
    )


def _dtype(net: Net) -> str:
    """Return the smallest type that holds every parameter exactly."""
    arrays = _numbers(net).values()
    with np.errstate(over="ignore"):  # what is too large for a type is not equal to what it becomes
        exact = (kind for kind in ("<f2", "<f4") if all(np.array_equal(a, a.astype(kind)) for a in arrays))
        return next(exact, "<f8")


def first_character(vocabulary: Vocabulary) -> str:
    """Return what stands for an empty prompt."""
    return "\n" if "\n" in vocabulary else vocabulary.token(0)


def checked_prompt(prompt: object) -> str:
    """Return a prompt if it is a text that is short enough; raise InputError otherwise."""
    fits = isinstance(prompt, str) and len(prompt) <= LONGEST_PROMPT
    require_that("prompt", prompt, fits, f"a text of at most {LONGEST_PROMPT} characters")
    return prompt


def check_prompt(prompt: str, vocabulary: Vocabulary) -> None:
    """Raise InputError, with the characters named, for a prompt that the net cannot read."""
    strange = sorted({character for character in prompt if character not in vocabulary})
    if strange:
        named = ", ".join(f"“{character}”" for character in strange[:5])
        raise InputError(
            f"The net has never met {named}. Take {'it' if len(strange) == 1 else 'them'} out of the prompt."
        )


def start_of(prompt: str, vocabulary: Vocabulary) -> np.ndarray:
    """Return the indices of a prompt (n,); an empty one stands for the beginning of a line."""
    return vocabulary.encode(list(prompt or first_character(vocabulary)))
