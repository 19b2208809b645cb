"""Chapter 06: a gate, the LSTM step and its way back, what survives on the belt, the GRU, padded batches."""

from __future__ import annotations

import numpy as np

from rnncourse.checks.bank.inputs import gru_parameters, lstm_parameters, normal
from rnncourse.checks.task import Case, Mistake, Task
from rnncourse.in_numpy import gru_step as reference_gru_step
from rnncourse.in_numpy import lstm_step as reference_lstm_step
from rnncourse.in_numpy import sigmoid

_BY_HAND = ("rnncourse.in_numpy", "rnncourse.in_torch", "rnncourse.analysis", "torch")

# ---------------------------------------------------------------- a gate


def _gate_cases(rng):
    return [Case((normal(rng, B, H, scale=1.5), normal(rng, B, H, scale=2.0))) for B, H in ((3, 4), (2, 5))]


APPLY_GATE = Task(
    name="apply_gate",
    title="A gate",
    points=2,
    minutes=6,
    section="A gate: a sigmoid, then a product",
    reference=lambda a, values: sigmoid(a) * values,
    cases=_gate_cases,
    mistakes=(
        Mistake(
            "without_sigmoid",
            lambda a, values: a * values,
            "You multiply with the pre-activations. They can be 6, or −6; a gate lies between 0 and 1. What "
            "squeezes "
            "the one into the other?",
        ),
        Mistake(
            "threshold",
            lambda a, values: np.where(a > 0, values, 0.0),
            "Your gate knows only open and shut. A gate of an LSTM may be 0.3 open, and it must be: a jump from "
            "0 to 1 "
            "has no slope to learn from.",
        ),
        Mistake(
            "upside_down",
            lambda a, values: (1 - sigmoid(a)) * values,
            "Your gate is upside down: a large pre-activation shuts it. In the chapter 1 means that everything "
            "passes, "
            "even at the gate that is called forget gate.",
        ),
        Mistake(
            "tanh_for_sigmoid",
            lambda a, values: np.tanh(a) * values,
            "Your gate is a tanh. It goes down to −1, where it would let everything pass with the sign turned "
            "round.",
        ),
        Mistake(
            "values_squashed",
            lambda a, values: sigmoid(a * values),
            "You multiply first and squash then. It is the gate that is squashed; the values keep their size, "
            "but for "
            "the share that is held back.",
        ),
        Mistake(
            "added",
            lambda a, values: sigmoid(a) + values,
            "You add the gate to the values. At a gate of 0 the values must be gone: which operation does that?",
        ),
        Mistake(
            "shares_over_units",
            lambda a, values: np.exp(a) / np.exp(a).sum(axis=1, keepdims=True) * values,
            "This is a softmax: the units of a row share one whole, so that if one opens another has to close. "
            "Every "
            "unit has a gate of its own, and all may be open at once.",
        ),
        Mistake(
            "matrix_product",
            lambda a, values: sigmoid(a) @ values.T,
            "This is a matrix product. A gate works number by number: the result has the shape of the values.",
        ),
    ),
    hints=(
        "Two things happen in a row. First the pre-activations become numbers between 0 and 1. And then?",
        "The cell above gives you the function for the first part. The result has the shape (B, H) of both "
        "arguments.",
        "For NumPy arrays of the same shape, one of `*` and `@` multiplies number by number. Check with a "
        "pre-activation "
        "of 0: half of the value must be left.",
    ),
    praise="That is the symbol ⊙ of the equations. It has no weights of its own: they are in what makes the "
    "pre-activation.",
    forbidden=_BY_HAND,
)

# ---------------------------------------------------------------- the LSTM step


def _lstm(x_t, h_prev, c_prev, p, *, order="ifgo", candidate=np.tanh, shown=np.tanh, bias=True):
    a_t = x_t @ p["W_x"] + h_prev @ p["W_h"] + (p["b"] if bias else 0)
    a = dict(zip(order, np.split(a_t, 4, axis=1), strict=True))
    c_t = sigmoid(a["f"]) * c_prev + sigmoid(a["i"]) * candidate(a["g"])
    return sigmoid(a["o"]) * shown(c_t), c_t


def _lstm_variant(x_t, h_prev, c_prev, p, cell, show):
    """A step with another line for the new cell, from (c_prev, i, f, g), and for what is shown, from (c, o)."""
    a_i, a_f, a_g, a_o = np.split(x_t @ p["W_x"] + h_prev @ p["W_h"] + p["b"], 4, axis=1)
    c_t = cell(c_prev, sigmoid(a_i), sigmoid(a_f), np.tanh(a_g))
    h_t, c_t = show(c_t, sigmoid(a_o))
    return h_t, c_t


def _new_cell(c_prev, i_t, f_t, g_t):
    return f_t * c_prev + i_t * g_t


def _gates_not_squashed(x_t, h_prev, c_prev, p):
    a_i, a_f, a_g, a_o = np.split(x_t @ p["W_x"] + h_prev @ p["W_h"] + p["b"], 4, axis=1)
    c_t = a_f * c_prev + a_i * np.tanh(a_g)
    return a_o * np.tanh(c_t), c_t


def _lstm_cases(rng):
    return [
        Case((normal(rng, B, D), normal(rng, B, H), normal(rng, B, H), lstm_parameters(rng, D, H)))
        for B, D, H in ((3, 2, 4), (2, 5, 3))
    ]


LSTM_STEP = Task(
    name="lstm_step",
    title="One step of an LSTM",
    points=4,
    minutes=15,
    section="The same step in code",
    reference=lambda x_t, h_prev, c_prev, p: reference_lstm_step(x_t, h_prev, c_prev, p),
    cases=_lstm_cases,
    outputs=("h_t", "c_t"),
    mistakes=(
        Mistake(
            "blocks_i_f_o_g",
            lambda x_t, h_prev, c_prev, p: _lstm(x_t, h_prev, c_prev, p, order="ifog"),
            "Output gate and candidate have changed places. Other books put the three sigmoids side by side; "
            "here and in "
            "PyTorch the blocks stand in another order. Read it off the four equations of the chapter.",
        ),
        Mistake(
            "blocks_f_i_g_o",
            lambda x_t, h_prev, c_prev, p: _lstm(x_t, h_prev, c_prev, p, order="figo"),
            "Input gate and forget gate have changed places. The story begins with forgetting, the blocks in the "
            "matrices do not.",
        ),
        Mistake(
            "shown_without_tanh",
            lambda x_t, h_prev, c_prev, p: _lstm(x_t, h_prev, c_prev, p, shown=lambda c: c),
            "The cell is shown as it is. It can grow to 7 or to 80; between the cell and the output gate stands "
            "one "
            "more function.",
        ),
        Mistake(
            "candidate_as_gate",
            lambda x_t, h_prev, c_prev, p: _lstm(x_t, h_prev, c_prev, p, candidate=sigmoid),
            "All four blocks go through a sigmoid. Only three are gates; the candidate must be able to lower "
            "the cell "
            "as well.",
        ),
        Mistake(
            "forgot_bias",
            lambda x_t, h_prev, c_prev, p: _lstm(x_t, h_prev, c_prev, p, bias=False),
            "What the input and the old state say is in. `p` holds three arrays, and you use two.",
        ),
        Mistake(
            "cell_squashed",
            lambda x_t, h_prev, c_prev, p: _lstm_variant(
                x_t, h_prev, c_prev, p, lambda *parts: np.tanh(_new_cell(*parts)), lambda c, o: (o * c, c)
            ),
            "You squash the cell itself, so `c_t` can never leave −1 to 1. Nothing on the belt is squashed: the "
            "tanh "
            "belongs to what is shown.",
        ),
        Mistake(
            "output_gate_on_the_belt",
            lambda x_t, h_prev, c_prev, p: _lstm_variant(
                x_t, h_prev, c_prev, p, _new_cell, lambda c, o: (o * np.tanh(c), o * c)
            ),
            "What you show is right, but your output gate also changes the cell that goes on to the next step. It "
            "decides what is read aloud; the board stays as it is.",
        ),
        Mistake(
            "forgets_by_f",
            lambda x_t, h_prev, c_prev, p: _lstm_variant(
                x_t,
                h_prev,
                c_prev,
                p,
                lambda c, i, f, g: _new_cell(c, i, 1 - f, g),
                lambda c, o: (o * np.tanh(c), c),
            ),
            "You let f say how much is wiped off. The name suggests it, but the forget gate says how much is "
            "kept: at 1 "
            "nothing is forgotten.",
        ),
        Mistake(
            "coupled",
            lambda x_t, h_prev, c_prev, p: _lstm_variant(
                x_t,
                h_prev,
                c_prev,
                p,
                lambda c, i, f, g: _new_cell(c, 1 - f, f, g),
                lambda c, o: (o * np.tanh(c), c),
            ),
            "What you wipe off is replaced, no more and no less. A GRU works like that. An LSTM has a gate of "
            "its own "
            "for what is written.",
        ),
        Mistake(
            "nothing_forgotten",
            lambda x_t, h_prev, c_prev, p: _lstm_variant(
                x_t, h_prev, c_prev, p, lambda c, i, f, g: c + i * g, lambda c, o: (o * np.tanh(c), c)
            ),
            "The whole old cell is kept: this is the LSTM of 1997, before it could forget. One of your gates has "
            "nothing to do.",
        ),
        Mistake(
            "gates_not_squashed",
            _gates_not_squashed,
            "Your three gates are the pre-activations themselves. A gate lies between 0 and 1: what squeezes "
            "any number into that range?",
        ),
        Mistake(
            "old_cell_shown",
            lambda x_t, h_prev, c_prev, p: _lstm_variant(
                x_t, h_prev, c_prev, p, _new_cell, lambda c, o: (o * np.tanh(c_prev), c)
            ),
            "You show the old cell. What this step has written is to be seen at once, and not a step later.",
        ),
        Mistake(
            "swapped_states",
            lambda x_t, h_prev, c_prev, p: reference_lstm_step(x_t, h_prev, c_prev, p)[::-1],
            "Both states are right, but they come in the wrong order. As everywhere in the course, h comes first.",
        ),
    ),
    hints=(
        "First make all pre-activations at once, (B, 4H), as for a vanilla net that is four times as wide. Only "
        "then "
        "tell the blocks apart.",
        "`np.split(a_t, 4, axis=1)` gives the four blocks in the order i, f, g, o. Three get a sigmoid, one "
        "gets a tanh.",
        "Two lines are left. The new cell is a sum of two products, one with the old cell and one with the "
        "candidate. "
        "What is shown is one product, and needs a tanh. Compare with the numbers of the walk: 0.94 and 0.44.",
    ),
    praise="One product for all four blocks is quicker than four small ones. The layers of the package go "
    "further: they "
    "multiply the inputs of all steps with `W_x` before the loop begins.",
    forbidden=_BY_HAND,
)

# ---------------------------------------------------------------- the belt


def _survival(f):
    after = np.ones_like(f)
    after[:-1] = np.cumprod(f[:0:-1], axis=0)[::-1]
    return after


def _survival_cases(rng):
    return [Case((rng.uniform(0.15, 0.95, size=shape),)) for shape in ((5, 3, 2), (6, 2, 4))]


BELT_SURVIVAL = Task(
    name="belt_survival",
    title="What is left on the belt",
    points=3,
    minutes=12,
    section="What survives on the belt",
    reference=_survival,
    cases=_survival_cases,
    mistakes=(
        Mistake(
            "own_gate_counted",
            lambda f: np.cumprod(f[::-1], axis=0)[::-1],
            "One gate too many: you count the gate of step t itself. That gate has done its work before `c_t` "
            "stands on "
            "the belt; only later gates can take something from it.",
        ),
        Mistake(
            "from_the_start",
            lambda f: np.cumprod(f, axis=0),
            "Your products run from the first gate to the t-th: what is left at step t of what lay on the belt "
            "before "
            "the sequence. Asked for is what is left at the end of what stands there at step t.",
        ),
        Mistake(
            "from_the_start_turned_round",
            lambda f: np.cumprod(f, axis=0)[::-1],
            "You multiply from the first gate on and turn the result round. The gates themselves must be met "
            "from the end: an early cell passes the late gates, and the last cell passes none.",
        ),
        Mistake(
            "everything_for_everyone",
            lambda f: np.broadcast_to(f.prod(axis=0), f.shape).copy(),
            "Every step gets the product of all gates. What is put on the belt late passes fewer gates than "
            "what was "
            "there from the start.",
        ),
        Mistake(
            "next_gate_only",
            lambda f: np.concatenate([f[1:], np.ones_like(f[:1])]),
            "Each step of yours passes one gate, the next. The belt runs on to the end, and there are more.",
        ),
        Mistake(
            "wiped_for_kept",
            lambda f: _survival(1 - f),
            "You multiply what each gate wipes off. What survives is what each gate lets pass.",
        ),
        Mistake(
            "mean_gate",
            lambda f: f.mean(axis=0) ** np.arange(len(f) - 1, -1, -1)[:, None, None],
            "You take a power of the mean gate. That is right only if all gates are alike: 0.5 and 1 leave a "
            "half, and "
            "their mean 0.75, twice, leaves 0.56.",
        ),
        Mistake(
            "summed",
            lambda f: np.concatenate([np.cumsum(f[:0:-1], axis=0)[::-1], np.ones_like(f[:1])]),
            "You add the gates up, so more is left the longer the belt is. Gates multiply.",
        ),
    ),
    hints=(
        "Write down a sequence of four steps. Which gates does the cell of the last step still have to pass? "
        "Which ones "
        "that of the step before?",
        "Go from the end to the start. At the last step everything is left, 1. Each step back, one more gate is "
        "multiplied in: which one, the gate of t or of t + 1?",
        "A running product, kept in a list that you turn round at the end, or `np.cumprod` along a reversed axis. "
        "For f = 0.9 at 8 steps the first entry is 0.9 to the power of 7.",
    ),
    praise="Read from the end, it is one `np.cumprod`. And this is only the belt: in a trained LSTM some more "
    "comes back "
    "through h and the gates.",
    forbidden=_BY_HAND,
)

# ---------------------------------------------------------------- the start of the forget gate


def _keeping(left, steps):
    f = left ** (1 / steps)
    return np.log(f / (1 - f))


def _set(b, block, value):
    b, H = b.copy(), len(b) // 4
    b[block * H : (block + 1) * H] = value
    return b


def _bias_cases(rng):
    def case(H, steps):
        return Case((normal(rng, 4 * H, scale=0.5), float(rng.uniform(0.2, 0.7)), steps))

    return [case(3, 20), case(5, 8)]


REMEMBERING_BIAS = Task(
    name="remembering_bias",
    title="Start with an open forget gate",
    points=3,
    minutes=12,
    section="Where should the forget gate start?",
    reference=lambda b, left, steps: _set(b, 1, _keeping(left, steps)),
    cases=_bias_cases,
    mistakes=(
        Mistake(
            "input_gate",
            lambda b, left, steps: _set(b, 0, _keeping(left, steps)),
            "The number is right, but it is in the first block, the bias of the input gate. Your net takes "
            "everything in "
            "and goes on forgetting.",
        ),
        Mistake(
            "candidate",
            lambda b, left, steps: _set(b, 2, _keeping(left, steps)),
            "The number is right, but it is in the third block. Count: i is the first, f is the next.",
        ),
        Mistake(
            "all_blocks",
            lambda b, left, steps: np.full_like(b, _keeping(left, steps)),
            "You set all four blocks. Only one gate keeps; the other three should start as they were.",
        ),
        Mistake(
            "others_lost",
            lambda b, left, steps: _set(np.zeros_like(b), 1, _keeping(left, steps)),
            "The forget gate's block is right, and the other three have become 0. They should start as they were.",
        ),
        Mistake(
            "gate_for_bias",
            lambda b, left, steps: _set(b, 1, left ** (1 / steps)),
            "You put the gate itself into the bias. The gate will be the sigmoid of it: undo the sigmoid first.",
        ),
        Mistake(
            "one_step_only",
            lambda b, left, steps: _set(b, 1, _keeping(left, 1)),
            "Your gate keeps `left` at a single step. It is multiplied in at every one of `steps` steps, and "
            "next to "
            "nothing is left after them.",
        ),
        Mistake(
            "shared_out",
            lambda b, left, steps: _set(b, 1, _keeping(1 - (1 - left) / steps, 1)),
            "You share the loss out in equal parts. But gates multiply: which number, multiplied by itself "
            "`steps` times, "
            "gives `left`?",
        ),
        Mistake(
            "sign",
            lambda b, left, steps: _set(b, 1, -_keeping(left, steps)),
            "The size is right and the sign is not: your gate is as far shut as it should be open. A gate above "
            "0.5 has a bias above 0.",
        ),
        Mistake(
            "divided",
            lambda b, left, steps: _set(b, 1, _keeping(left / steps, 1)),
            "You divide `left` by the number of steps, so your gate is nearly shut. Gates multiply: which "
            "number, multiplied by itself `steps` times, gives `left`?",
        ),
        Mistake(
            "added",
            lambda b, left, steps: b + _set(np.zeros_like(b), 1, _keeping(left, steps)),
            "You add to the bias that was there, and so each unit gets another one. The block is to be set, "
            "whatever "
            "stood there.",
        ),
    ),
    hints=(
        "Work backwards. After `steps` steps the share `left` is there. How open is the gate, if it is equally "
        "open at "
        "each of them?",
        "The gate is a root of `left`. The bias is the number whose sigmoid is that gate: solve f = 1 / (1 + "
        "e^(−b)) for b.",
        "The inverse of the sigmoid is a logarithm of the fraction f to 1 − f. Write it into the second of four "
        "blocks of a copy: entries H to 2H.",
    ),
    praise="In round numbers: to keep half over n steps, the bias is close to log(n / 0.7). The chrono start "
    "spreads "
    "biases in this way over the units, from short memories to long ones.",
    forbidden=_BY_HAND,
)

# ---------------------------------------------------------------- the GRU beside it


def _gru(x_t, h_prev, p, *, order="rzn", candidate=None, mix=lambda z, n, h: (1 - z) * n + z * h):
    """A step whose candidate comes from (x_n, r, h_n, b_hn), x_n with its bias b; with the blocks in `order`."""
    H = h_prev.shape[1]
    x = dict(zip(order, np.split(x_t @ p["W_x"] + p["b"], 3, axis=1), strict=True))
    h = dict(zip(order, np.split(h_prev @ p["W_h"], 3, axis=1), strict=True))
    r_t, z_t = sigmoid(x["r"] + h["r"]), sigmoid(x["z"] + h["z"])
    if candidate is None:
        n_t = np.tanh(x["n"] + r_t * (h["n"] + p["b_hn"]))
    elif candidate == "early reset":
        n_t = np.tanh(x["n"] + (r_t * h_prev) @ p["W_h"][:, 2 * H :] + p["b_hn"])
    else:
        n_t = candidate(x["n"], r_t, h["n"], p["b_hn"])
    return mix(z_t, n_t, h_prev)


def _gru_cases(rng):
    return [
        Case((normal(rng, B, D), normal(rng, B, H), gru_parameters(rng, D, H)))
        for B, D, H in ((3, 2, 4), (2, 5, 3))
    ]


GRU_STEP = Task(
    name="gru_step",
    title="One step of a GRU",
    points=3,
    minutes=12,
    section="The GRU beside it",
    reference=lambda x_t, h_prev, p: reference_gru_step(x_t, h_prev, p),
    cases=_gru_cases,
    mistakes=(
        Mistake(
            "z_swapped",
            lambda x_t, h_prev, p: _gru(x_t, h_prev, p, mix=lambda z, n, h: z * n + (1 - z) * h),
            "`z_t` and 1 − `z_t` have changed places. Some papers write it your way; in this course, as in "
            "PyTorch, a "
            "gate of 1 keeps.",
        ),
        Mistake(
            "blocks_z_r_n",
            lambda x_t, h_prev, p: _gru(x_t, h_prev, p, order="zrn"),
            "The two gates have changed places: your reset gate decides what is kept, and your update gate what "
            "the "
            "candidate sees. Look at the order of the blocks.",
        ),
        Mistake(
            "reset_before_the_product",
            lambda x_t, h_prev, p: _gru(x_t, h_prev, p, candidate="early reset"),
            "You reset the old state before it meets its matrix. The paper of 2014 does that; here, as in "
            "PyTorch, the "
            "reset gate scales what comes out of the matrix, with `b_hn` added.",
        ),
        Mistake(
            "b_hn_outside",
            lambda x_t, h_prev, p: _gru(x_t, h_prev, p, candidate=lambda x, r, h, b: np.tanh(x + r * h + b)),
            "Nearly: your `b_hn` stands outside of what the reset gate scales. That is why it is kept apart "
            "from `b`.",
        ),
        Mistake(
            "forgot_b_hn",
            lambda x_t, h_prev, p: _gru(x_t, h_prev, p, candidate=lambda x, r, h, b: np.tanh(x + r * h)),
            "`p` holds four arrays, and you use three. The state's share of the candidate has a bias of its own.",
        ),
        Mistake(
            "without_reset",
            lambda x_t, h_prev, p: _gru(x_t, h_prev, p, candidate=lambda x, r, h, b: np.tanh(x + h + b)),
            "The candidate sees all of the old state. One of the two gates is computed for this place, and has "
            "nothing "
            "to do in your step.",
        ),
        Mistake(
            "reset_on_the_input",
            lambda x_t, h_prev, p: _gru(
                x_t, h_prev, p, candidate=lambda x, r, h, b: np.tanh(r * (x + h + b))
            ),
            "Your reset gate scales the input's share of the candidate as well. It decides how much of the old "
            "state is "
            "seen; the new input always is.",
        ),
        Mistake(
            "added_before_the_split",
            lambda x_t, h_prev, p: _gru(x_t, h_prev, p, candidate=lambda x, r, h, b: np.tanh(x + h + r * b)),
            "Your reset gate scales `b_hn` alone. What the old state says to the candidate has been added to "
            "the input's share too early: the two must be kept apart until the reset gate has done its work.",
        ),
        Mistake(
            "candidate_as_gate",
            lambda x_t, h_prev, p: _gru(
                x_t, h_prev, p, candidate=lambda x, r, h, b: sigmoid(x + r * (h + b))
            ),
            "The candidate goes through a sigmoid, as if it were a gate. Then the state could never become "
            "negative.",
        ),
    ),
    hints=(
        "Unlike in the LSTM you cannot add everything up before you split: one of the three blocks needs the "
        "input's "
        "share and the state's share apart.",
        "Split both products into three, in the order r, z, n. Two sums become gates. The third, the candidate, "
        "waits "
        "for the reset gate.",
        "The candidate's pre-activation has two parts. The input's is whole. The state's, with `b_hn` added, is "
        "scaled "
        "by the reset gate. Then mix candidate and old state so that z = 1 changes nothing.",
    ),
    praise="The last line can be written with one product less: go from the candidate towards the old state, by "
    "the share "
    "`z_t` of the difference between the two.",
    forbidden=_BY_HAND,
)

# ---------------------------------------------------------------- a padded batch


def _padded(x, mask, h0, c0, p, *, h_held=True, c_held=True, h_rest=None, c_rest=None):
    """Read a padded batch; at padding, what is held keeps its value, and what has a rest is set to it."""
    h_t, c_t = h0, c0
    for x_t, m_t in zip(x, mask[:, :, None], strict=True):
        h_new, c_new = reference_lstm_step(x_t, h_t, c_t, p)
        h_t = np.where(m_t > 0, h_new, h_t if h_rest is None else h_rest) if h_held else h_new
        c_t = np.where(m_t > 0, c_new, c_t if c_rest is None else c_rest) if c_held else c_new
    return h_t, c_t


def _padded_cases(rng):
    def case(T, D, H, lengths):
        B = len(lengths)
        mask = (np.arange(T)[:, None] < np.array(lengths)).astype(np.float64)
        return Case(
            (normal(rng, T, B, D), mask, normal(rng, B, H), normal(rng, B, H), lstm_parameters(rng, D, H))
        )

    return [case(6, 2, 4, (6, 3, 4)), case(5, 4, 3, (2, 5))]


READ_PADDED = Task(
    name="read_padded",
    title="Find the bug: a padded batch",
    points=3,
    minutes=12,
    section="The same step in code",
    kind="bug",
    reference=lambda x, mask, h0, c0, p: _padded(x, mask, h0, c0, p),
    cases=_padded_cases,
    outputs=("h_T", "c_T"),
    mistakes=(
        Mistake(
            "still_broken",
            lambda x, mask, h0, c0, p: _padded(x, mask, h0, c0, p, h_rest=0.0, c_held=False),
            "This is the broken function, unchanged. Follow the shortest sequence past its end: what becomes of "
            "its h, "
            "and what of its c?",
        ),
        Mistake(
            "cell_runs_on",
            lambda x, mask, h0, c0, p: _padded(x, mask, h0, c0, p, c_held=False),
            "The hidden state waits at the end of its sequence now, but the cell goes on reading padding. The "
            "state of "
            "an LSTM is a pair.",
        ),
        Mistake(
            "both_wiped",
            lambda x, mask, h0, c0, p: _padded(x, mask, h0, c0, p, h_rest=0.0, c_rest=0.0),
            "At padding, both states become 0. To multiply by the mask wipes the board; it should be left as it "
            "was "
            "after the last real step.",
        ),
        Mistake(
            "hidden_wiped",
            lambda x, mask, h0, c0, p: _padded(x, mask, h0, c0, p, h_rest=0.0),
            "The cell waits at the end of its sequence now. The hidden state still becomes 0 there.",
        ),
        Mistake(
            "cell_wiped",
            lambda x, mask, h0, c0, p: _padded(x, mask, h0, c0, p, c_rest=0.0),
            "The hidden state waits now, but the cell becomes 0 at padding. That is wiping the board, not "
            "leaving it alone.",
        ),
        Mistake(
            "back_to_the_start",
            lambda x, mask, h0, c0, p: _padded(x, mask, h0, c0, p, h_rest=h0, c_rest=c0),
            "At padding, both states jump back to where the sequence began. They should stay where its last "
            "real step "
            "has left them.",
        ),
        Mistake(
            "mask_upside_down",
            lambda x, mask, h0, c0, p: _padded(x, 1 - mask, h0, c0, p),
            "Your mask is upside down: the states wait at real steps and go on at padding. 1 marks a real step.",
        ),
        Mistake(
            "input_masked",
            lambda x, mask, h0, c0, p: _padded(x * mask[:, :, None], np.ones_like(mask), h0, c0, p),
            "You set the padding of the input to 0, and the states go on reading those zeros. An input of 0 is "
            "still a "
            "step: the gates and the biases do their work.",
        ),
    ),
    hints=(
        "Choose a sequence of two real steps and three steps of padding. What must be the same after step 2, 3, "
        "4 and 5?",
        "There are two faults. One is about what happens to h at padding; the other is that something has no "
        "mask at all.",
        "At each step, make both new states first. Then choose, row by row, between new and old: `np.where` "
        "with the "
        "mask as a column, or the new one times the mask plus the old one times what the mask lacks to make 1.",
    ),
    praise="That is the same shape of line as in a GRU: a gate which somebody else has set. PyTorch packs the "
    "sequences "
    "instead, and saves the work at padding.",
    forbidden=_BY_HAND,
)

# ---------------------------------------------------------------- the way back


def _undo(
    dh_t,
    dc_t,
    i_t,
    f_t,
    g_t,
    o_t,
    c_t,
    c_prev,
    *,
    road=lambda dc, dh, o, tanh_c: dc + dh * o * (1 - tanh_c**2),
    sigmoid_slope=lambda gate: gate * (1 - gate),
    tanh_slope=lambda g: 1 - g**2,
    order="ifgo",
):
    tanh_c = np.tanh(c_t)
    dc_t = road(dc_t, dh_t, o_t, tanh_c)
    da = {
        "i": dc_t * g_t * sigmoid_slope(i_t),
        "f": dc_t * c_prev * sigmoid_slope(f_t),
        "g": dc_t * i_t * tanh_slope(g_t),
        "o": dh_t * tanh_c * sigmoid_slope(o_t),
    }
    return np.concatenate([da[name] for name in order], axis=1), dc_t * f_t


def _undo_with(**changed):
    return lambda dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev: _undo(
        dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev, **changed
    )


def _undo_c_for_c_prev(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
    (da_t, dc_prev), H = _undo(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev), c_t.shape[1]
    da_t[:, H : 2 * H] *= c_t / c_prev
    return da_t, dc_prev


def _undo_o_without_tanh(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
    (da_t, dc_prev), H = _undo(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev), c_t.shape[1]
    da_t[:, 3 * H :] = dh_t * c_t * o_t * (1 - o_t)
    return da_t, dc_prev


def _undo_gate_not_passed(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
    da_t, dc_prev = _undo(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev)
    return da_t, dc_prev / f_t


def _undo_old_road_only(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
    da_t, _ = _undo(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev)
    return da_t, dc_t * f_t


def _undo_in_rows(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
    da_t, dc_prev = _undo(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev)
    return np.concatenate(np.split(da_t, 4, axis=1)), dc_prev


def _undo_cases(rng):
    def case(B, H):
        i_t, f_t, o_t = rng.uniform(0.15, 0.9, size=(3, B, H))
        g_t, c_prev = np.tanh(normal(rng, B, H)), normal(rng, B, H)
        c_t = f_t * c_prev + i_t * g_t
        return Case((normal(rng, B, H), normal(rng, B, H), i_t, f_t, g_t, o_t, c_t, c_prev))

    return [case(3, 4), case(2, 5)]


UNDO_STEP = Task(
    name="undo_step",
    title="One step back",
    points=5,
    minutes=20,
    section="The way back, by hand",
    reference=_undo_with(),
    cases=_undo_cases,
    outputs=("da_t", "dc_prev"),
    mistakes=(
        Mistake(
            "road_through_h_forgotten",
            _undo_with(road=lambda dc, dh, o, tanh_c: dc),
            "What comes back along the belt is there, but the cell is used twice: it is also shown, in `h_t`. A "
            "second "
            "road leads from `dh_t` to the cell.",
        ),
        Mistake(
            "belt_forgotten",
            _undo_with(road=lambda dc, dh, o, tanh_c: dh * o * (1 - tanh_c**2)),
            "What comes through `h_t` is there, but it has replaced `dc_t`, what comes back along the belt. "
            "Where two "
            "roads meet, gradients are added.",
        ),
        Mistake(
            "tanh_of_the_cell_not_undone",
            _undo_with(road=lambda dc, dh, o, tanh_c: dc + dh * o),
            "On the road from `h_t` to the cell there is a tanh, and its slope is missing.",
        ),
        Mistake(
            "cell_for_its_tanh",
            _undo_with(road=lambda dc, dh, o, tanh_c: dc + dh * o * (1 - np.arctanh(tanh_c) ** 2)),
            "The slope of the tanh at the cell is written with the tanh of the cell, squared. You square the "
            "cell itself.",
        ),
        Mistake(
            "sigmoids_not_undone",
            _undo_with(sigmoid_slope=np.ones_like, tanh_slope=np.ones_like),
            "These are the gradients of the gates and of the candidate themselves. The `a_t` lie before the three "
            "sigmoids and the tanh: four slopes are missing.",
        ),
        Mistake(
            "candidate_as_gate",
            _undo_with(tanh_slope=lambda g: g * (1 - g)),
            "All four slopes are those of a sigmoid. Three gates and a candidate: one of them came out of a tanh.",
        ),
        Mistake(
            "slope_of_a_value",
            _undo_with(
                sigmoid_slope=lambda gate: sigmoid(gate) * (1 - sigmoid(gate)),
                tanh_slope=lambda g: 1 - np.tanh(g) ** 2,
            ),
            "You apply the sigmoids and the tanh once more. `i_t`, `f_t`, `g_t` and `o_t` have been through "
            "them already, "
            "and each slope can be written with that value.",
        ),
        Mistake(
            "blocks_i_f_o_g",
            _undo_with(order="ifog"),
            "All four pieces are right, but two have changed places. They must stand side by side in the order "
            "of the "
            "way forward.",
        ),
        Mistake(
            "one_below_the_other",
            _undo_in_rows,
            "All four pieces are right, but they lie below one another, (4B, H). They must stand side by side, "
            "(B, 4H): join them along the axis of the units.",
        ),
        Mistake(
            "new_cell_for_old",
            _undo_c_for_c_prev,
            "In the forget gate's piece, you multiply with the new cell. A product sends its gradient to a "
            "factor with "
            "the other factor: what did `f_t` multiply on the way forward?",
        ),
        Mistake(
            "shown_without_tanh",
            _undo_o_without_tanh,
            "In the output gate's piece, you multiply with the cell. On the way forward the output gate did not "
            "multiply "
            "the cell as it is.",
        ),
        Mistake(
            "gate_not_passed",
            _undo_gate_not_passed,
            "This is the whole gradient at `c_t`. To get from there to the old cell it must pass a gate.",
        ),
        Mistake(
            "second_road_not_carried",
            _undo_old_road_only,
            "You carry back only what had come along the belt. What came through `h_t` joined it at `c_t`, and "
            "goes on "
            "with it.",
        ),
    ),
    hints=(
        "Write the two forward lines, for c and for h, under one another, and undo the last one first. It has two "
        "factors, so it sends out two gradients.",
        "First make the whole gradient at the cell: what came in as `dc_t`, and what comes through h. From it "
        "come four "
        "products: three for i, f and g, and one for the old cell. Only then the slopes.",
        "Each product sends to one factor the gradient times the other factor. Then i, f and o get the slope "
        "gate times "
        "what it lacks to 1, g gets 1 minus its square, and the four stand side by side: i, f, g, o.",
    ),
    praise="Everything here is elementwise. The matrices come after it, once for all four blocks, and over a whole "
    "sequence the weights' gradients can even wait and be made in a single product at the end.",
    forbidden=_BY_HAND,
)

# ---------------------------------------------------------------- in words

WHAT_IS_SHOWN = Task(
    name="what_is_shown",
    title="What does the output gate do?",
    points=3,
    minutes=10,
    section="Output: what is shown?",
    kind="explanation",
)

TASKS = (
    APPLY_GATE,
    LSTM_STEP,
    WHAT_IS_SHOWN,
    READ_PADDED,
    BELT_SURVIVAL,
    REMEMBERING_BIAS,
    GRU_STEP,
    UNDO_STEP,
)
