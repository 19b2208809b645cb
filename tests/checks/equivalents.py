"""Mutants that are right: each a pattern for the whole change, by task, and the reason why it computes the same."""

from __future__ import annotations

import re

_TYPE = "a NumPy number or an array will do as well"
_ORDER = "the entries can be gone through in any order"
_LENGTH = "the two have the same length, shape or names, and nothing else is read"
_UNUSED = "the task does not need it"

EQUIVALENT: dict[str, dict[str, str]] = {
    "fill_the_diary": {
        r"call: int\(pages\[0\]\) .*": _TYPE,
        r"number: 0 → (1|-1)": "the first page is written, so what was there before is never read",
    },
    "persistence_error": {r"part: series, first .*": "the first year is neither a forecast nor a target"},
    "one_hot_vectors": {r"order: .*": _ORDER},
    "pad_batch": {r"order: .*": _ORDER},
    "honest_loss": {r"twice: losses \* mask → .*": "0 and 1 are their own squares"},
    "embedding_gradient": {r"order: .*": _ORDER},
    "central_differences": {
        r"copy: w\.copy\(\) → w": "every entry of w is put back as it was",
        r"order: .*": _ORDER,
        r"name: w → slopes.*": _LENGTH,
    },
    "rnn_step_backward": {r"(ignored|part): p\['b_h'\].*": _UNUSED},
    "rnn_backward": {
        r"(ignored|part): p\['b_h'\].*": _UNUSED,
        r"order: grads → .*": _ORDER,
        r"name: (grads → (p|share)|x → (dh|dx|h)).*": _LENGTH,
    },
    "mended_f": {
        r"(ignored|part): p\['(b_h|W_xh)'\].*": _UNUSED,
        r"name: dh → (h|x).*": _LENGTH,
    },
    "truncated_backward": {r"(ignored|part): p\['(b_h|W_xh)'\].*": _UNUSED},
    "belt_survival": {r"part: f, first of axis 0": "the first gate acts before there is anything to keep"},
    "teacher_inputs": {r"part: y, last of axis 0": "the last answer is never read"},
    "greedy_write": {r"call: int\(np\.argmax\(scores\)\) .*": _TYPE},
    "both_ways": {
        r"mask: .* → lengths - 1 - steps": "what padding is read as comes after all real steps, and is masked",
    },
    "beam_search": {
        r"call: float\(total\) .*": _TYPE,
        r"kept: beams = .*": "the list is never changed in place",
    },
    "loudness_frames": {r"call: np\.stack\(.*": "`*` makes an array of the list"},
    "naive_forecasts": {r"part: z, last of axis 0": "both rules look at least one step back"},
    "autoregression": {r"part: z, last of axis 0": "it lies behind the cut"},
    "forecast_ahead": {r"part: past, first of axis 0": "it is older than all that the weights look at"},
    "draw_next": {
        r"comparison: ends <= .* → ends < .*": "a drawn number meets the end of a piece exactly with chance 0",
    },
}


def reason(task: str, change: str) -> str:
    """Return why a mutant is right, "" where it is wrong."""
    listed = EQUIVALENT.get(task, {})
    return next((why for pattern, why in listed.items() if re.fullmatch(pattern, change)), "")
