"""A net that is given its backward pass, and what a gradient check says about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from rnncourse.arguments import require_array, require_count, require_generator, require_that
from rnncourse.errors import InputError
from rnncourse.in_both.gradcheck import TOLERANCE, GradientReport
from rnncourse.in_numpy import gradcheck, sigmoid, softmax_cross_entropy

Arrays = dict[str, np.ndarray]
Backward = Callable[[Arrays, Arrays, np.ndarray], Arrays]

SEED = 19  # of the seeds tried, the one whose wrong gradients differ most clearly
RECURRENT = ("W_xh", "W_hh", "b_h", "h0")  # the gradients that the backward pass under test must return


class ShortcutNet:
    """A sigmoid RNN with a shortcut: u_t = h_t + x_t @ W_skip, s_t = u_t @ W_hy + b_y; h0 (B, H) is learned.

    backward: the recurrent layer's backward pass. It takes the parameters, the trace and dh (T, B, H), the
    gradient of every state as far as it comes from that step's own loss, and returns a dictionary with the
    gradients of W_xh, W_hh, b_h and h0. The net itself does the rest: W_hy and b_y before, W_skip after it.
    No two of B, D, H and V are equal and nothing starts at zero, so that no mistake hides.
    """

    batch_axis = 1

    def __init__(self, backward: Backward, rng: np.random.Generator):
        require_that("backward", backward, callable(backward), "a function of (p, trace, dh)")
        require_generator("rng", rng)
        B, D, H, V = 3, 2, 5, 6
        recurrent = {"W_xh": (D, H), "W_hh": (H, H), "b_h": (H,), "h0": (B, H)}
        sizes = {**recurrent, "W_skip": (D, H), "W_hy": (H, V), "b_y": (V,)}
        self.params: Arrays = {name: rng.normal(scale=0.6, size=size) for name, size in sizes.items()}
        self.grads: Arrays = {}
        self.trace: Arrays = {}
        self._backward = backward

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return the logits s (T, B, V) from x (T, B, D); a, h and h_prev, each (T, B, H), are in `trace`."""
        require_array("x", x, axes=("T", "B", "D"))
        p, h_t = self.params, self.params["h0"]
        a, h = [], []
        for x_t in x:
            a.append(x_t @ p["W_xh"] + h_t @ p["W_hh"] + p["b_h"])
            h_t = sigmoid(a[-1])
            h.append(h_t)
        h_prev = np.stack([p["h0"], *h[:-1]])
        self.trace = {"x": x, "a": np.stack(a), "h": np.stack(h), "h_prev": h_prev}
        return (self.trace["h"] + x @ p["W_skip"]) @ p["W_hy"] + p["b_y"]

    def backward(self, ds: np.ndarray) -> None:
        """Fill `grads` from ds (T, B, V); the backward pass under test does the recurrent part."""
        p, x = self.params, self.trace["x"]
        u = self.trace["h"] + x @ p["W_skip"]
        dh = ds @ p["W_hy"].T
        found = self._backward(p, self.trace, dh)
        if missing := set(RECURRENT) - set(found):
            expected, lacking = ", ".join(RECURRENT), ", ".join(sorted(missing))
            raise InputError(f"backward must return {expected}, but it lacks {lacking}")
        self.grads = {
            **{name: found[name] for name in RECURRENT},
            "W_skip": np.einsum("tbd,tbh->dh", x, dh),  # shows if backward changed dh in place
            "W_hy": np.einsum("tbh,tbv->hv", u, ds),
            "b_y": ds.sum(axis=(0, 1)),
        }


def patient(backward: Backward, T: int = 4, seed: int = SEED) -> tuple[ShortcutNet, np.ndarray, np.ndarray]:
    """Return a ShortcutNet with the given backward pass, and x (T, B, D) and y (T, B) to examine it on."""
    require_count("T", T)
    rng = np.random.default_rng(require_count("seed", seed, least=0))
    net = ShortcutNet(backward, rng)
    B, D, V = len(net.params["h0"]), len(net.params["W_xh"]), len(net.params["b_y"])
    return net, rng.normal(size=(T, B, D)), rng.integers(V, size=(T, B))


def wrong_names(report: GradientReport) -> set[str]:
    """Return the names of the parameters whose gradients do not agree."""
    return {entry.name for entry in report.entries if entry.relative_error > TOLERANCE}


def fingerprints(backwards: Mapping[str, Backward]) -> str:
    """Return a table of which gradients are wrong (✗), for each backward pass, with T = 4 and with T = 1."""
    names = [*RECURRENT, "W_skip", "W_hy", "b_y"]
    width = max(map(len, backwards)) + 2
    lines = [f"{'':<{width}}{'T':<4}" + "".join(f"{name:<8}" for name in names)]
    for title, backward in backwards.items():
        for T in (4, 1):
            wrong = wrong_names(gradcheck(*patient(backward, T), softmax_cross_entropy))
            marks = "".join(f"{'✗' if name in wrong else '·':<8}" for name in names)
            lines.append(f"{title:<{width}}{T:<4}{marks}")
    return "\n".join(line.rstrip() for line in lines)
