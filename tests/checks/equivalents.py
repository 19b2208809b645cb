"""Mutants that are right: each a pattern for the whole change, by task, and the reason why it computes the same."""

from __future__ import annotations

import re

_TYPE = "a NumPy number or an array will do as well"
_LIST = "a list of numbers will do as well"
_ORDER = "the entries can be gone through in any order"
_UNUSED = "the task does not need it"
_FILLED = "every entry is written anew"
_OFF_A_ROW = "any number taken off a whole row will do, if it keeps exp from overflowing"
_COUNTS = "the loop only counts"
_PADDING = "what padding is read as comes after all real steps, and is masked"

EQUIVALENT: dict[str, dict[str, str]] = {
    "fill_the_diary": {
        r"call: int\(pages\[0\]\) .*": _TYPE,
        r"number: 0 → -1": "the first page is written, so what was there before is never read",
        r"index: 0 → 0 - 1": "the first page is written, so what was there before is never read",
        r"call: np\.array\(evenings\) .*": _LIST,
    },
    "known_cards": {r"call: np\.array\(known\) .*": _LIST},
    "persistence_error": {
        r"sides: truth - forecast → .*": "it is a distance",
        r"part: series, first .*": "the first year is neither a forecast nor a target",
    },
    "one_hot_vectors": {r"order: .*": _ORDER},
    "pad_batch": {r"order: .*": _ORDER},
    "honest_loss": {r"twice: losses \* mask → losses \* mask \* mask": "0 and 1 are their own squares"},
    "embedding_gradient": {r"order: .*": _ORDER},
    "central_differences": {
        r"order: .*": _ORDER,
        r"copy: w\.copy\(\) → w": "every entry of w is put back as it was",
        r"anew: .*ndindex\(w\.shape\):": "every entry of w is put back as it was",
        r"reduction: np\.zeros_like\(w\) → .*": _FILLED,
    },
    "masked_forward": {
        r"twice: m_t \* rnn_step\(x_t, h_t, p\) → .* \* m_t": "the mask is 0 or 1",
        r"twice: \(1 - m_t\) \* h_t → .* \* \(1 - m_t\)": "the mask is 0 or 1",
    },
    "gain_by_lag": {r"call: np\.array\(gains\) .*": _LIST},
    "rnn_step_backward": {r"(ignored|part): p\['b_h'\].*": _UNUSED},
    "rnn_backward": {
        r"reduction: np\.zeros_like\(x\) → .*": _FILLED,
        r"order: grads .*": _ORDER,
        r"(ignored|part): p\['b_h'\].*": _UNUSED,
    },
    "mended_f": {r"(ignored|part): p\['(b_h|W_xh)'\].*": _UNUSED},
    "truncated_backward": {
        r"order: (total|range\(0, len\(x\), window\)) .*": _ORDER,
        r"(ignored|part): p\['(b_h|W_xh)'\].*": _UNUSED,
    },
    "train_in_torch": {
        r"name: optimizer → model": "both set the same gradients to zero",
        r"anew: for start in range\(0, len\(x\), window\): → for .*window\):": "SGD keeps nothing from step to step",
        r"call: np\.array\(losses\) .*": _LIST,
    },
    "belt_survival": {
        r"part: f, first of axis 0": "the first gate acts before there is anything to keep",
    },
    "spelling_scores": {r"twice: right \* mask → .*": "the mask is 0 or 1"},
    "teacher_inputs": {r"part: y, last of axis 0": "the last answer is never read"},
    "greedy_write": {
        r"call: int\(np\.argmax\(scores\)\) .*": _TYPE,
        r"order: range\(n\) → .*": _COUNTS,
    },
    "attention": {r"name: k → q \(2\)": "queries are as long as keys"},
    "both_ways": {
        r"mask: .* → lengths - 1 - steps": _PADDING,
        r"name: (real → (read|p_fwd|p_bwd|lengths)|steps → (lengths|real) \(2\))": _PADDING,
        r"twice: np\.concatenate.*( \* real\[None:, None:, None\]){2}": "the mask is 0 or 1",
    },
    "beam_search": {
        r"call: float\(total\) .*": _TYPE,
        r"kept: (beams = .*|\[\(\[\], 0\.0\)\] → .*)": "the list is never changed in place",
        r"order: range\(n\) → .*": _COUNTS,
        r"order: beams → .*": "the continuations are sorted afterward",
        r"name: tokens → (_|total) \(2\)": "0, the first total or number, is as empty as the list",
    },
    "ctc_forward": {
        r"order: enumerate\(places\) → .*": "a row depends on the row above it only",
        r"comparison: j >= 2 → j > 2": "place 2 is a blank, as place 0 is",
        r"number: 2 → 3 \(3\)": "place 2 is a blank, as place 0 is",
    },
    "loudness_frames": {r"call: np\.stack\(.*": "`*` makes an array of the list"},
    "naive_forecasts": {r"part: z, last of axis 0": "both rules look at least one step back"},
    "autoregression": {r"part: z, last of axis 0": "it lies behind the cut"},
    "forecast_ahead": {
        r"call: np\.array\(known.*": _LIST,
        r"order: range\(n\) → .*": _COUNTS,
        r"transpose: w → w\.T": "one axis has no other way around",
        r"sides: w @ newest_first → .*": "one axis has no other way around",
    },
    "draw_next": {
        r"name: a → s \(2\)": _OFF_A_ROW,
        r"reduction: a\.max.*": _OFF_A_ROW,
        r"bound: -1 → None": "a drawn number is beyond the last end, rounded, with chance 0",
        r"comparison: ends <= .* → ends < .*": "a drawn number meets the end of a piece exactly with chance 0",
    },
}


def reason(task: str, change: str) -> str:
    """Return why a mutant is right, "" where it is wrong."""
    listed = EQUIVALENT.get(task, {})
    return next((why for pattern, why in listed.items() if re.fullmatch(pattern, change)), "")
