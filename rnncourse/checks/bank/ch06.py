"""Chapter 06: a gate, the LSTM step and its backward pass, what survives on the belt, the GRU, padded batches."""

from __future__ import annotations

import numpy as np

from rnncourse.checks.bank.inputs import (
    SAME_SIZES,
    edge,
    gru_parameters,
    lstm_parameters,
    normal,
    padding_mask,
    states,
)
from rnncourse.checks.bank.statements import task
from rnncourse.checks.task import ENGINES, Case
from rnncourse.in_numpy import gru_step as reference_gru_step
from rnncourse.in_numpy import lstm_step as reference_lstm_step
from rnncourse.in_numpy import sigmoid, sigmoid_prime, tanh_prime

# ---------------------------------------------------------------- a gate


def _gate_cases(rng):
    cases = [Case((normal(rng, B, H, scale=2.5), normal(rng, B, H, scale=2.0))) for B, H in ((3, 4), (2, 5))]
    return [
        *cases,
        edge("with a single sequence", normal(rng, 1, 3, scale=1.5), normal(rng, 1, 3, scale=2.0)),
        edge("with as many sequences as units", normal(rng, 3, 3), normal(rng, 3, 3, scale=2.0)),
    ]


def _apply_gate(a, values):
    return sigmoid(a) * values


APPLY_GATE = task("apply_gate", reference=_apply_gate, cases=_gate_cases, forbidden=ENGINES)


@APPLY_GATE.mistake
def without_sigmoid(a, values):
    """You multiply by the pre-activations. They can be 6, or −6; a gate is between 0 and 1. What squeezes any
    number into that range?
    """
    return a * values


@APPLY_GATE.mistake
def threshold(a, values):
    """Your gate is either open or shut. A gate of an LSTM may be 0.3 open, and it has to be: a jump from 0 to
    1 has no slope to learn from.
    """
    return np.where(a > 0, values, 0.0)


@APPLY_GATE.mistake
def upside_down(a, values):
    """Your gate is upside down: a large pre-activation shuts it. In the chapter, 1 means that everything
    passes, even for the gate called the forget gate.
    """
    return (1 - sigmoid(a)) * values


@APPLY_GATE.mistake
def tanh_for_sigmoid(a, values):
    """Your gate is a tanh. It goes down to −1, and there it would let everything pass with the opposite sign."""
    return np.tanh(a) * values


@APPLY_GATE.mistake
def values_squashed(a, values):
    """You multiply first and squash afterward. The gate is squashed; the values are only scaled by it."""
    return sigmoid(a * values)


@APPLY_GATE.mistake
def added(a, values):
    """You add the gate to the values. At a gate of 0 the values must be gone: which operation does that?"""
    return sigmoid(a) + values


@APPLY_GATE.mistake
def shares_over_units(a, values):
    """This is a softmax: if one unit of a row opens, another has to close. Every unit has a gate of its own,
    and all may be open at once.
    """
    return np.exp(a) / np.exp(a).sum(axis=1, keepdims=True) * values


@APPLY_GATE.mistake
def matrix_product(a, values):
    """This is a matrix product. A gate works number by number: the result has the shape of the values."""
    return sigmoid(a) @ values.T


@APPLY_GATE.mistake
def gate_alone(a, values):
    """This is the gate itself. Apply it to the values."""
    return sigmoid(a)


@APPLY_GATE.mistake
def gate_of_the_values(a, values):
    """You made the gate from `values` and applied it to `a`. It is the other way around."""
    return sigmoid(values) * a


@APPLY_GATE.mistake
def values_through_tanh(a, values):
    """The gate is right, but you also send the values through a tanh. They keep their size."""
    return sigmoid(a) * np.tanh(values)


@APPLY_GATE.mistake
def divided(a, values):
    """You divide by the gate. A gate that is half open lets half of the values pass."""
    return values / sigmoid(a)


@APPLY_GATE.mistake
def both_squashed(a, values):
    """You send both through the sigmoid. Only the gate is squashed."""
    return sigmoid(a) * sigmoid(values)


@APPLY_GATE.mistake
def relu_gate(a, values):
    """Your gate is a ReLU. It has no upper limit; a gate is between 0 and 1."""
    return np.maximum(a, 0) * values


@APPLY_GATE.mistake
def sign_of_the_exponent(a, values):
    """There is an exponential, but no sigmoid: it grows without limit. A gate is between 0 and 1."""
    return np.exp(a) * values


# ---------------------------------------------------------------- the LSTM step


def _gates(x_t, h_prev, p, order="ifgo"):
    """Return i_t, f_t, g_t and o_t, each (B, H), of blocks in this `order`."""
    a = dict(zip(order, np.split(x_t @ p["W_x"] + h_prev @ p["W_h"] + p["b"], 4, axis=1), strict=True))
    return sigmoid(a["i"]), sigmoid(a["f"]), np.tanh(a["g"]), sigmoid(a["o"])


def _lstm(i_t, f_t, g_t, o_t, c_prev):
    c_t = f_t * c_prev + i_t * g_t
    return o_t * np.tanh(c_t), c_t


def _lstm_cases(rng):
    drawn = [
        (normal(rng, B, D), normal(rng, B, H), normal(rng, B, H), lstm_parameters(rng, D, H))
        for B, D, H in ((3, 2, 4), (2, 5, 3), (1, 3, 6), (3, 3, 3), (2, 3, 4))
    ]
    *drawn, single, same, (x_t, h_prev, c_prev, p) = drawn
    return [
        *map(Case, drawn),
        edge("with a single sequence", *single),
        edge(SAME_SIZES, *same),
        edge("with a large previous cell state", x_t, h_prev, 20 * c_prev, p),
    ]


LSTM_STEP = task(
    "lstm_step", reference=reference_lstm_step, cases=_lstm_cases, outputs=("h_t", "c_t"), forbidden=ENGINES
)


@LSTM_STEP.mistake
def state_meets_the_weights_of_the_input(x_t, h_prev, c_prev, p):
    """Input and state are joined in one order and their matrices in the other, so the rows of one meet the weights
    of the other. The shapes fit all the same.
    """
    W = np.concatenate([p["W_x"], p["W_h"]])
    a_i, a_f, a_g, a_o = np.split(np.concatenate([h_prev, x_t], axis=1) @ W + p["b"], 4, axis=1)
    return _lstm(sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o), c_prev)


@LSTM_STEP.mistake
def blocks_i_f_o_g(x_t, h_prev, c_prev, p):
    """You swapped the output gate and the candidate. Some books put the three sigmoids next to each other;
    here and in PyTorch the order of the blocks is different. The four equations of the chapter show it.
    """
    return _lstm(*_gates(x_t, h_prev, p, order="ifog"), c_prev)


@LSTM_STEP.mistake
def blocks_f_i_g_o(x_t, h_prev, c_prev, p):
    """You swapped the input gate and the forget gate. The story begins with forgetting, but the blocks of the
    matrices do not.
    """
    return _lstm(*_gates(x_t, h_prev, p, order="figo"), c_prev)


@LSTM_STEP.mistake
def shown_without_tanh(x_t, h_prev, c_prev, p):
    """You show the cell state as it is. It can grow to 7 or to 80; there is one more function between the
    cell state and the output gate.
    """
    i_t, f_t, g_t, o_t = _gates(x_t, h_prev, p)
    c_t = f_t * c_prev + i_t * g_t
    return o_t * c_t, c_t


@LSTM_STEP.mistake
def candidate_as_gate(x_t, h_prev, c_prev, p):
    """All four blocks go through a sigmoid. Only three of them are gates; the candidate must be able to lower
    the cell state, too.
    """
    i_t, f_t, g_t, o_t = np.split(sigmoid(x_t @ p["W_x"] + h_prev @ p["W_h"] + p["b"]), 4, axis=1)
    return _lstm(i_t, f_t, g_t, o_t, c_prev)


@LSTM_STEP.mistake
def forgot_bias(x_t, h_prev, c_prev, p):
    """The input and the previous state are both there. `p` holds three arrays, and you use two."""
    return reference_lstm_step(x_t, h_prev, c_prev, {**p, "b": np.zeros_like(p["b"])})


@LSTM_STEP.mistake
def cell_squashed(x_t, h_prev, c_prev, p):
    """You squash the cell state itself, so `c_t` can never leave the range from −1 to 1. Nothing on the belt
    is squashed: the tanh belongs to what is shown.
    """
    i_t, f_t, g_t, o_t = _gates(x_t, h_prev, p)
    c_t = np.tanh(f_t * c_prev + i_t * g_t)
    return o_t * c_t, c_t


@LSTM_STEP.mistake
def output_gate_on_the_belt(x_t, h_prev, c_prev, p):
    """`h_t` is right, but your output gate also changes the cell state that goes on to the next step. It
    decides what is read aloud; what is on the board stays.
    """
    i_t, f_t, g_t, o_t = _gates(x_t, h_prev, p)
    h_t, c_t = _lstm(i_t, f_t, g_t, o_t, c_prev)
    return h_t, o_t * c_t


@LSTM_STEP.mistake
def forgets_by_f(x_t, h_prev, c_prev, p):
    """You let f say how much is erased. The name suggests it, but the forget gate says how much is kept: at
    1, nothing is forgotten.
    """
    i_t, f_t, g_t, o_t = _gates(x_t, h_prev, p)
    return _lstm(i_t, 1 - f_t, g_t, o_t, c_prev)


@LSTM_STEP.mistake
def coupled(x_t, h_prev, c_prev, p):
    """Whatever you erase is replaced, no more and no less. A GRU works like that. An LSTM has a separate gate
    for what is written.
    """
    _, f_t, g_t, o_t = _gates(x_t, h_prev, p)
    return _lstm(1 - f_t, f_t, g_t, o_t, c_prev)


@LSTM_STEP.mistake
def nothing_forgotten(x_t, h_prev, c_prev, p):
    """You keep the whole previous cell state: this is the LSTM of 1997, before it could forget. One of your
    gates does nothing.
    """
    i_t, _, g_t, o_t = _gates(x_t, h_prev, p)
    return _lstm(i_t, 1.0, g_t, o_t, c_prev)


@LSTM_STEP.mistake
def gates_not_squashed(x_t, h_prev, c_prev, p):
    """Your three gates are the pre-activations themselves. A gate is between 0 and 1: what squeezes any
    number into that range?
    """
    a_i, a_f, a_g, a_o = np.split(x_t @ p["W_x"] + h_prev @ p["W_h"] + p["b"], 4, axis=1)
    return _lstm(a_i, a_f, np.tanh(a_g), a_o, c_prev)


@LSTM_STEP.mistake
def old_cell_shown(x_t, h_prev, c_prev, p):
    """You show the previous cell state. What this step has written should be visible at once, not a step
    later.
    """
    i_t, f_t, g_t, o_t = _gates(x_t, h_prev, p)
    _, c_t = _lstm(i_t, f_t, g_t, o_t, c_prev)
    return o_t * np.tanh(c_prev), c_t


@LSTM_STEP.mistake
def swapped_states(x_t, h_prev, c_prev, p):
    """Both states are right, but in the wrong order. As everywhere in the course, h comes first."""
    return reference_lstm_step(x_t, h_prev, c_prev, p)[::-1]


@LSTM_STEP.mistake
def blocks_o_i_f_g(x_t, h_prev, c_prev, p):
    """You read the blocks as o, i, f, g. Here, as in PyTorch, the output gate is last."""
    return _lstm(*_gates(x_t, h_prev, p, order="oifg"), c_prev)


@LSTM_STEP.mistake
def blocks_f_i_o_g(x_t, h_prev, c_prev, p):
    """You read the blocks as f, i, o, g. Here, as in PyTorch, the order is i, f, g, o."""
    return _lstm(*_gates(x_t, h_prev, p, order="fiog"), c_prev)


@LSTM_STEP.mistake
def blocks_i_g_f_o(x_t, h_prev, c_prev, p):
    """You swapped the forget gate and the candidate. Count the blocks: i is the first, f the next."""
    return _lstm(*_gates(x_t, h_prev, p, order="igfo"), c_prev)


@LSTM_STEP.mistake
def blocks_g_i_o_f(x_t, h_prev, c_prev, p):
    """You read the blocks as g, i, o, f. The order is i, f, g, o."""
    return _lstm(*_gates(x_t, h_prev, p, order="giof"), c_prev)


@LSTM_STEP.mistake
def blocks_f_g_i_o(x_t, h_prev, c_prev, p):
    """You read the blocks as f, g, i, o. The order is i, f, g, o."""
    return _lstm(*_gates(x_t, h_prev, p, order="fgio"), c_prev)


@LSTM_STEP.mistake
def blocks_interleaved(x_t, h_prev, c_prev, p):
    """You take every fourth column. The blocks are next to each other: the first H columns are those of i."""
    a = x_t @ p["W_x"] + h_prev @ p["W_h"] + p["b"]
    return _lstm(sigmoid(a[:, 0::4]), sigmoid(a[:, 1::4]), np.tanh(a[:, 2::4]), sigmoid(a[:, 3::4]), c_prev)


@LSTM_STEP.mistake
def all_through_tanh(x_t, h_prev, c_prev, p):
    """All four blocks go through a tanh. Only the candidate does; a gate is between 0 and 1."""
    a = x_t @ p["W_x"] + h_prev @ p["W_h"] + p["b"]
    return _lstm(*np.split(np.tanh(a), 4, axis=1), c_prev)


@LSTM_STEP.mistake
def nothing_squashed(x_t, h_prev, c_prev, p):
    """None of your four blocks goes through a sigmoid or a tanh. The four equations of the chapter say which
    is which.
    """
    a = x_t @ p["W_x"] + h_prev @ p["W_h"] + p["b"]
    return _lstm(*np.split(a, 4, axis=1), c_prev)


@LSTM_STEP.mistake
def candidate_not_squashed(x_t, h_prev, c_prev, p):
    """Your candidate is the pre-activation itself. It goes through a tanh before the input gate scales it."""
    i_t, f_t, g_t, o_t = _gates(x_t, h_prev, p)
    return _lstm(i_t, f_t, np.arctanh(g_t), o_t, c_prev)


@LSTM_STEP.mistake
def squashed_too_late(x_t, h_prev, c_prev, p):
    """You scale the cell state by the output gate first and apply tanh afterward. The tanh comes first."""
    i_t, f_t, g_t, o_t = _gates(x_t, h_prev, p)
    _, c_t = _lstm(i_t, f_t, g_t, o_t, c_prev)
    return np.tanh(o_t * c_t), c_t


@LSTM_STEP.mistake
def shown_by_sigmoid(x_t, h_prev, c_prev, p):
    """Between the cell state and the output gate you use a sigmoid. What is shown must be able to be
    negative.
    """
    i_t, f_t, g_t, o_t = _gates(x_t, h_prev, p)
    _, c_t = _lstm(i_t, f_t, g_t, o_t, c_prev)
    return o_t * sigmoid(c_t), c_t


@LSTM_STEP.mistake
def everything_shown(x_t, h_prev, c_prev, p):
    """The output gate is missing: you show the whole tanh of the cell state."""
    i_t, f_t, g_t, _ = _gates(x_t, h_prev, p)
    return _lstm(i_t, f_t, g_t, 1.0, c_prev)


@LSTM_STEP.mistake
def everything_written(x_t, h_prev, c_prev, p):
    """The input gate is missing: you write the whole candidate."""
    _, f_t, g_t, o_t = _gates(x_t, h_prev, p)
    return _lstm(1.0, f_t, g_t, o_t, c_prev)


@LSTM_STEP.mistake
def nothing_kept(x_t, h_prev, c_prev, p):
    """The previous cell state is missing. The forget gate says how much of it is kept."""
    i_t, f_t, g_t, o_t = _gates(x_t, h_prev, p)
    return _lstm(i_t, f_t, g_t, o_t, 0 * c_prev)


@LSTM_STEP.mistake
def hidden_state_on_the_belt(x_t, h_prev, c_prev, p):
    """You keep a share of `h_prev`. The belt carries the cell state, `c_prev`."""
    i_t, f_t, g_t, o_t = _gates(x_t, h_prev, p)
    return _lstm(i_t, f_t, g_t, o_t, h_prev)


@LSTM_STEP.mistake
def old_and_new_multiplied(x_t, h_prev, c_prev, p):
    """You multiply what is kept by what is written. Old and new are added."""
    i_t, f_t, g_t, o_t = _gates(x_t, h_prev, p)
    c_t = f_t * c_prev * i_t * g_t
    return o_t * np.tanh(c_t), c_t


@LSTM_STEP.mistake
def gates_by_the_cell(x_t, h_prev, c_prev, p):
    """Your layers read the previous cell state. They read the input and the previous hidden state."""
    return reference_lstm_step(x_t, c_prev, c_prev, p)


@LSTM_STEP.mistake
def without_state(x_t, h_prev, c_prev, p):
    """The previous hidden state is missing: the four layers read the input only."""
    return reference_lstm_step(x_t, 0 * h_prev, c_prev, p)


@LSTM_STEP.mistake
def without_input(x_t, h_prev, c_prev, p):
    """The input is missing: the four layers read the previous hidden state only."""
    return reference_lstm_step(0 * x_t, h_prev, c_prev, p)


@LSTM_STEP.mistake
def output_gate_peeps(x_t, h_prev, c_prev, p):
    """Your output gate looks at the cell state as well. That is an LSTM with peepholes; here the gates read
    only the input and the previous hidden state.
    """
    i_t, f_t, g_t, o_t = _gates(x_t, h_prev, p)
    _, c_t = _lstm(i_t, f_t, g_t, o_t, c_prev)
    a_o = np.log(o_t / (1 - o_t))
    return sigmoid(a_o + c_t) * np.tanh(c_t), c_t


@LSTM_STEP.mistake
def state_added(x_t, h_prev, c_prev, p):
    """You add the previous hidden state to the new cell state. It has its say in the gates and in the
    candidate, and nowhere else.
    """
    i_t, f_t, g_t, o_t = _gates(x_t, h_prev, p)
    _, c_t = _lstm(i_t, f_t, g_t, o_t, c_prev)
    return o_t * np.tanh(c_t + h_prev), c_t + h_prev


@LSTM_STEP.mistake
def two_gates_not_squashed(x_t, h_prev, c_prev, p):
    """The forget gate and the input gate do not go through a sigmoid. Without it, a gate need not lie between
    0 and 1.
    """
    i, f, g, o = np.split(x_t @ p["W_x"] + h_prev @ p["W_h"] + p["b"], 4, axis=1)
    c_t = f * c_prev + i * np.tanh(g)
    return np.tanh(c_t) / (1 + np.exp(-o)), c_t


@LSTM_STEP.mistake
def forget_gate_pushed_open(x_t, h_prev, c_prev, p):
    """You add 1 to what goes into the forget gate. Some libraries do; here the bias in `p` is all there is."""
    H = h_prev.shape[1]
    b = p["b"].copy()
    b[H : 2 * H] += 1
    return reference_lstm_step(x_t, h_prev, c_prev, {**p, "b": b})


@LSTM_STEP.mistake
def sigmoid_before_tanh(x_t, h_prev, c_prev, p):
    """All four blocks go through a sigmoid first, and the candidate then also through the tanh. It gets the tanh
    alone.
    """
    sigmoid = lambda a: 1 / (1 + np.exp(-a))  # noqa: E731
    i, f, g, o = np.split(sigmoid(x_t @ p["W_x"] + h_prev @ p["W_h"] + p["b"]), 4, axis=1)
    c_t = f * c_prev + i * np.tanh(g)
    return o * np.tanh(c_t), c_t


# ---------------------------------------------------------------- the belt


def _survival(f):
    after = np.ones_like(f)
    after[:-1] = np.cumprod(f[:0:-1], axis=0)[::-1]
    return after


def _survival_cases(rng):
    cases = [Case((rng.uniform(0.15, 0.95, size=shape),)) for shape in ((5, 3, 2), (6, 2, 4))]
    return [
        *cases,
        edge("with a single sequence", rng.uniform(0.15, 0.95, size=(4, 1, 3))),
        edge("with a single step", rng.uniform(0.15, 0.95, size=(1, 3, 2))),
        edge(SAME_SIZES, rng.uniform(0.15, 0.95, size=(3, 3, 3))),
    ]


BELT_SURVIVAL = task("belt_survival", reference=_survival, cases=_survival_cases, forbidden=ENGINES)


@BELT_SURVIVAL.mistake
def own_gate_counted(f):
    """One gate too many: you count the gate of step t itself. That gate has done its work before `c_t` is on
    the belt; only later gates can take something away from it.
    """
    return np.cumprod(f[::-1], axis=0)[::-1]


@BELT_SURVIVAL.mistake
def from_the_start(f):
    """Your products run from the first gate to gate t: they say how much of what was on the belt before the
    sequence is left at step t. Return how much of what is on the belt at step t is left at the end.
    """
    return np.cumprod(f, axis=0)


@BELT_SURVIVAL.mistake
def from_the_start_turned_round(f):
    """You multiply from the first gate on and reverse the result. Reverse the gates instead: an early cell
    state passes the late gates, and the last one passes none.
    """
    return np.cumprod(f, axis=0)[::-1]


@BELT_SURVIVAL.mistake
def everything_for_everyone(f):
    """Every step gets the product of all gates. What is put on the belt late passes fewer gates than what was
    there from the beginning.
    """
    return np.broadcast_to(f.prod(axis=0), f.shape).copy()


@BELT_SURVIVAL.mistake
def next_gate_only(f):
    """Each of your steps passes one gate, the next one. The belt runs on to the end, past all the others."""
    return np.concatenate([f[1:], np.ones_like(f[:1])])


@BELT_SURVIVAL.mistake
def wiped_for_kept(f):
    """You multiply what each gate erases. What survives is what each gate lets pass."""
    return _survival(1 - f)


@BELT_SURVIVAL.mistake
def mean_gate(f):
    """You take a power of the mean gate. That is right only if all gates are equal: 0.5 and 1 leave a half,
    and their mean 0.75, twice, leaves 0.56.
    """
    return f.mean(axis=0) ** np.arange(len(f) - 1, -1, -1)[:, None, None]


@BELT_SURVIVAL.mistake
def summed(f):
    """You add up the gates, so the longer the belt is, the more is left. Gates multiply."""
    return np.concatenate([np.cumsum(f[:0:-1], axis=0)[::-1], np.ones_like(f[:1])])


@BELT_SURVIVAL.mistake
def along_the_batch(f):
    """You multiply along the batch. The gates of different sequences have nothing to do with each other; time
    is the first axis.
    """
    after = np.ones_like(f)
    after[:, :-1] = np.cumprod(f[:, :0:-1], axis=1)[:, ::-1]
    return after


@BELT_SURVIVAL.mistake
def along_the_units(f):
    """You multiply along the units. Each unit has a belt of its own; time is the first axis."""
    after = np.ones_like(f)
    after[:, :, :-1] = np.cumprod(f[:, :, :0:-1], axis=2)[:, :, ::-1]
    return after


@BELT_SURVIVAL.mistake
def last_step_lost(f):
    """The entry for the last step is missing. Everything is still there after it, so it is 1."""
    return _survival(f)[:-1]


@BELT_SURVIVAL.mistake
def last_step_zero(f):
    """After the last step nothing is left in your answer. No gate comes after it, so everything is."""
    after = _survival(f)
    after[-1] = 0
    return after


@BELT_SURVIVAL.mistake
def in_reverse_order(f):
    """The right shares in reverse order: step 0 comes first."""
    return _survival(f)[::-1]


@BELT_SURVIVAL.mistake
def share_erased(f):
    """This is the share that has been erased. Return what is left."""
    return 1 - _survival(f)


@BELT_SURVIVAL.mistake
def previous_gates(f):
    """You multiply the gates before step t. Only later gates can take something away from `c_t`."""
    return np.concatenate([np.ones_like(f[:1]), np.cumprod(f[:-1], axis=0)])


@BELT_SURVIVAL.mistake
def one_gate_too_few(f):
    """One gate is missing: the cell state of step t has to pass the gate of step t + 1 as well."""
    return np.concatenate([_survival(f)[1:], np.ones_like(f[:1])])


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

    return [
        case(3, 20),
        case(5, 8),
        edge("with a single unit", *case(1, 12).args),
        edge("with a single step", *case(2, 1).args),
        edge("when little may be left", normal(rng, 8), float(rng.uniform(0.05, 0.1)), 2),
    ]


def _remembering_bias(b, left, steps):
    return _set(b, 1, _keeping(left, steps))


REMEMBERING_BIAS = task("remembering_bias", reference=_remembering_bias, cases=_bias_cases, forbidden=ENGINES)


@REMEMBERING_BIAS.mistake
def input_gate(b, left, steps):
    """The number is right, but it is in the first block, the bias of the input gate. Your network lets
    everything in and keeps forgetting.
    """
    return _set(b, 0, _keeping(left, steps))


@REMEMBERING_BIAS.mistake
def candidate(b, left, steps):
    """The number is right, but it is in the third block. Count: i is the first, f is the next."""
    return _set(b, 2, _keeping(left, steps))


@REMEMBERING_BIAS.mistake
def all_blocks(b, left, steps):
    """You set all four blocks. Only one gate keeps the cell state; the other three biases should stay as they
    are.
    """
    return np.full_like(b, _keeping(left, steps))


@REMEMBERING_BIAS.mistake
def others_lost(b, left, steps):
    """The forget gate's block is right, but the other three have become 0. They should stay as they are."""
    return _set(np.zeros_like(b), 1, _keeping(left, steps))


@REMEMBERING_BIAS.mistake
def gate_for_bias(b, left, steps):
    """You put the gate itself into the bias. The gate is the sigmoid of the bias: undo the sigmoid first."""
    return _set(b, 1, left ** (1 / steps))


@REMEMBERING_BIAS.mistake
def one_step_only(b, left, steps):
    """Your gate keeps `left` at a single step. It is multiplied in at every one of `steps` steps, and almost
    nothing is left after them.
    """
    return _set(b, 1, _keeping(left, 1))


@REMEMBERING_BIAS.mistake
def shared_out(b, left, steps):
    """You divide the loss into equal parts. But gates multiply: which number, multiplied by itself `steps`
    times, gives `left`?
    """
    return _set(b, 1, _keeping(1 - (1 - left) / steps, 1))


@REMEMBERING_BIAS.mistake
def sign(b, left, steps):
    """The size is right and the sign is wrong: your gate is as far shut as it should be open. A gate above
    0.5 has a bias above 0.
    """
    return _set(b, 1, -_keeping(left, steps))


@REMEMBERING_BIAS.mistake
def divided(b, left, steps):
    """You divide `left` by the number of steps, so your gate is nearly shut. Gates multiply: which number,
    multiplied by itself `steps` times, gives `left`?
    """
    return _set(b, 1, _keeping(left / steps, 1))


@REMEMBERING_BIAS.mistake
def added(b, left, steps):
    """You add to the bias that was there, so every unit gets a different one. Set the block, whatever it held
    before.
    """
    return b + _set(np.zeros_like(b), 1, _keeping(left, steps))


@REMEMBERING_BIAS.mistake
def logarithm_only(b, left, steps):
    """The inverse of the sigmoid is the logarithm of a ratio. You take the logarithm of the gate alone."""
    return _set(b, 1, np.log(left ** (1 / steps)))


@REMEMBERING_BIAS.mistake
def sigmoid_again(b, left, steps):
    """You apply the sigmoid to the gate. Undo it instead: the gate is what comes out of the sigmoid."""
    return _set(b, 1, sigmoid(left ** (1 / steps)))


@REMEMBERING_BIAS.mistake
def one_step_less(b, left, steps):
    """You spread the loss over one step too few. There are `steps` gates to pass."""
    return _set(b, 1, _keeping(left, steps - 1))


@REMEMBERING_BIAS.mistake
def power_for_root(b, left, steps):
    """You take a power of `left` instead of a root. After `steps` steps `left` should remain; what does one
    step keep?
    """
    return _set(b, 1, _keeping(left, 1 / steps))


@REMEMBERING_BIAS.mistake
def share_lost(b, left, steps):
    """Your gate loses the share `left`. `left` is what should remain."""
    return _set(b, 1, _keeping(1 - left, steps))


@REMEMBERING_BIAS.mistake
def output_gate(b, left, steps):
    """The number is right, but it is in the last block, the bias of the output gate."""
    return _set(b, 3, _keeping(left, steps))


@REMEMBERING_BIAS.mistake
def first_unit_only(b, left, steps):
    """The number is right, but only the first unit gets it. The block has H entries."""
    b, H = b.copy(), len(b) // 4
    b[H] = _keeping(left, steps)
    return b


@REMEMBERING_BIAS.mistake
def every_fourth_entry(b, left, steps):
    """You set every fourth entry. The blocks are next to each other: the second block is entries H to 2H."""
    b = b.copy()
    b[1::4] = _keeping(left, steps)
    return b


@REMEMBERING_BIAS.mistake
def block_alone(b, left, steps):
    """This is the block of the forget gate alone. Return all 4H entries."""
    return _set(b, 1, _keeping(left, steps))[len(b) // 4 : len(b) // 2]


@REMEMBERING_BIAS.mistake
def ratio_upside_down_root(b, left, steps):
    """You take the ratio first and the root afterward. First find the gate, then undo the sigmoid."""
    return _set(b, 1, np.log((left / (1 - left)) ** (1 / steps)))


@REMEMBERING_BIAS.mistake
def one_step_too_many(b, left, steps):
    """You spread the loss over one step too many. There are `steps` gates to pass."""
    return _remembering_bias(b, left, steps + 1)


@REMEMBERING_BIAS.mistake
def the_usual_one(b, left, steps):
    """You set the bias to 1. That is a common choice, but it does not depend on `left` and `steps`: which gate is
    needed here?
    """
    H = len(b) // 4
    b = b.copy()
    b[H : 2 * H] = 1.0
    return b


@REMEMBERING_BIAS.mistake
def logarithm_to_base_2(b, left, steps):
    """Your logarithm is to base 2. The sigmoid is made with `np.exp`, so its inverse needs `np.log`."""
    H = len(b) // 4
    new = _remembering_bias(b, left, steps)
    new[H : 2 * H] /= np.log(2)
    return new


@REMEMBERING_BIAS.mistake
def logarithm_to_base_10(b, left, steps):
    """Your logarithm is to base 10. The sigmoid is made with `np.exp`, so its inverse needs `np.log`."""
    H = len(b) // 4
    new = _remembering_bias(b, left, steps)
    new[H : 2 * H] /= np.log(10)
    return new


# ---------------------------------------------------------------- the GRU beside it


def _shares(x_t, h_prev, p, order="rzn"):
    """Return r_t, z_t and the candidate's two shares, the input's with b and the state's without b_hn."""
    x = dict(zip(order, np.split(x_t @ p["W_x"] + p["b"], 3, axis=1), strict=True))
    h = dict(zip(order, np.split(h_prev @ p["W_h"], 3, axis=1), strict=True))
    return sigmoid(x["r"] + h["r"]), sigmoid(x["z"] + h["z"]), x["n"], h["n"]


def _gru_cases(rng):
    drawn = [
        (normal(rng, B, D), normal(rng, B, H), gru_parameters(rng, D, H))
        for B, D, H in ((3, 2, 4), (2, 5, 3), (1, 3, 6), (3, 3, 3))
    ]
    *drawn, single, same = drawn
    return [*map(Case, drawn), edge("with a single sequence", *single), edge(SAME_SIZES, *same)]


GRU_STEP = task("gru_step", reference=reference_gru_step, cases=_gru_cases, forbidden=ENGINES)


@GRU_STEP.mistake
def z_swapped(x_t, h_prev, p):
    """You swapped `z_t` and 1 − `z_t`. Some papers write it your way; in this course, as in PyTorch, a gate
    of 1 keeps.
    """
    r_t, z_t, x_n, h_n = _shares(x_t, h_prev, p)
    n_t = np.tanh(x_n + r_t * (h_n + p["b_hn"]))
    return z_t * n_t + (1 - z_t) * h_prev


@GRU_STEP.mistake
def blocks_z_r_n(x_t, h_prev, p):
    """You swapped the two gates: your reset gate decides what is kept, and your update gate decides what the
    candidate sees. Check the order of the blocks.
    """
    r_t, z_t, x_n, h_n = _shares(x_t, h_prev, p, order="zrn")
    n_t = np.tanh(x_n + r_t * (h_n + p["b_hn"]))
    return (1 - z_t) * n_t + z_t * h_prev


@GRU_STEP.mistake
def reset_before_the_product(x_t, h_prev, p):
    """You reset the previous state before it is multiplied by its matrix. The paper of 2014 does that; here,
    as in PyTorch, the reset gate scales what comes out of the matrix, with `b_hn` added.
    """
    r_t, z_t, x_n, _ = _shares(x_t, h_prev, p)
    n_t = np.tanh(x_n + np.split((r_t * h_prev) @ p["W_h"], 3, axis=1)[2] + p["b_hn"])
    return (1 - z_t) * n_t + z_t * h_prev


@GRU_STEP.mistake
def b_hn_outside(x_t, h_prev, p):
    """Almost: your `b_hn` is outside of what the reset gate scales. That is why it is kept separate from `b`."""
    r_t, z_t, x_n, h_n = _shares(x_t, h_prev, p)
    n_t = np.tanh(x_n + r_t * h_n + p["b_hn"])
    return (1 - z_t) * n_t + z_t * h_prev


@GRU_STEP.mistake
def forgot_b_hn(x_t, h_prev, p):
    """`p` holds four arrays, and you use three. The previous state's part of the candidate has a bias of its
    own.
    """
    r_t, z_t, x_n, h_n = _shares(x_t, h_prev, p)
    n_t = np.tanh(x_n + r_t * h_n)
    return (1 - z_t) * n_t + z_t * h_prev


@GRU_STEP.mistake
def without_reset(x_t, h_prev, p):
    """The candidate sees all of the previous state. One of the two gates belongs there, and in your step it
    does nothing.
    """
    _, z_t, x_n, h_n = _shares(x_t, h_prev, p)
    n_t = np.tanh(x_n + h_n + p["b_hn"])
    return (1 - z_t) * n_t + z_t * h_prev


@GRU_STEP.mistake
def reset_on_the_input(x_t, h_prev, p):
    """Your reset gate also scales the input's part of the candidate. It decides how much of the previous
    state is seen; the new input is always seen in full.
    """
    r_t, z_t, x_n, h_n = _shares(x_t, h_prev, p)
    n_t = np.tanh(r_t * (x_n + h_n + p["b_hn"]))
    return (1 - z_t) * n_t + z_t * h_prev


@GRU_STEP.mistake
def added_before_the_split(x_t, h_prev, p):
    """Your reset gate scales `b_hn` alone. You added the previous state's part of the candidate to the
    input's part too early: keep the two separate until the reset gate has done its work.
    """
    r_t, z_t, x_n, h_n = _shares(x_t, h_prev, p)
    n_t = np.tanh(x_n + h_n + r_t * p["b_hn"])
    return (1 - z_t) * n_t + z_t * h_prev


@GRU_STEP.mistake
def candidate_as_gate(x_t, h_prev, p):
    """The candidate goes through a sigmoid, as if it were a gate. Then the state could never become negative."""
    r_t, z_t, x_n, h_n = _shares(x_t, h_prev, p)
    n_t = sigmoid(x_n + r_t * (h_n + p["b_hn"]))
    return (1 - z_t) * n_t + z_t * h_prev


@GRU_STEP.mistake
def blocks_n_r_z(x_t, h_prev, p):
    """You read the blocks as n, r, z. Here, as in PyTorch, they come in another order: look at the names in
    the equations of the chapter.
    """
    r_t, z_t, x_n, h_n = _shares(x_t, h_prev, p, order="nrz")
    n_t = np.tanh(x_n + r_t * (h_n + p["b_hn"]))
    return (1 - z_t) * n_t + z_t * h_prev


@GRU_STEP.mistake
def blocks_n_z_r(x_t, h_prev, p):
    """You read the blocks in reverse, as n, z, r. Look at the order in the task."""
    r_t, z_t, x_n, h_n = _shares(x_t, h_prev, p, order="nzr")
    n_t = np.tanh(x_n + r_t * (h_n + p["b_hn"]))
    return (1 - z_t) * n_t + z_t * h_prev


@GRU_STEP.mistake
def blocks_r_n_z(x_t, h_prev, p):
    """The first block is in its place, but you swapped the update gate and the candidate."""
    r_t, z_t, x_n, h_n = _shares(x_t, h_prev, p, order="rnz")
    n_t = np.tanh(x_n + r_t * (h_n + p["b_hn"]))
    return (1 - z_t) * n_t + z_t * h_prev


@GRU_STEP.mistake
def blocks_z_n_r(x_t, h_prev, p):
    """You read the blocks as z, n, r. Look at the order in the task."""
    r_t, z_t, x_n, h_n = _shares(x_t, h_prev, p, order="znr")
    n_t = np.tanh(x_n + r_t * (h_n + p["b_hn"]))
    return (1 - z_t) * n_t + z_t * h_prev


@GRU_STEP.mistake
def reset_upside_down(x_t, h_prev, p):
    """Your reset gate is upside down. At 1 the candidate sees all of the previous state."""
    r_t, z_t, x_n, h_n = _shares(x_t, h_prev, p)
    n_t = np.tanh(x_n + (1 - r_t) * (h_n + p["b_hn"]))
    return (1 - z_t) * n_t + z_t * h_prev


@GRU_STEP.mistake
def update_gate_for_reset(x_t, h_prev, p):
    """The update gate scales what the candidate sees. That is the work of the reset gate."""
    _, z_t, x_n, h_n = _shares(x_t, h_prev, p)
    n_t = np.tanh(x_n + z_t * (h_n + p["b_hn"]))
    return (1 - z_t) * n_t + z_t * h_prev


@GRU_STEP.mistake
def reset_gate_for_update(x_t, h_prev, p):
    """The reset gate decides what is kept. That is the work of the update gate."""
    r_t, _, x_n, h_n = _shares(x_t, h_prev, p)
    n_t = np.tanh(x_n + r_t * (h_n + p["b_hn"]))
    return (1 - r_t) * n_t + r_t * h_prev


@GRU_STEP.mistake
def candidate_not_squashed(x_t, h_prev, p):
    """Nothing squeezes your candidate into the range from −1 to 1. Which function is missing?"""
    r_t, z_t, x_n, h_n = _shares(x_t, h_prev, p)
    n_t = x_n + r_t * (h_n + p["b_hn"])
    return (1 - z_t) * n_t + z_t * h_prev


@GRU_STEP.mistake
def candidate_returned(x_t, h_prev, p):
    """This is the candidate. The new state is a mixture of the candidate and the previous state."""
    r_t, _, x_n, h_n = _shares(x_t, h_prev, p)
    return np.tanh(x_n + r_t * (h_n + p["b_hn"]))


@GRU_STEP.mistake
def nothing_kept(x_t, h_prev, p):
    """The candidate's share is right, but nothing of the previous state is kept."""
    r_t, z_t, x_n, h_n = _shares(x_t, h_prev, p)
    n_t = np.tanh(x_n + r_t * (h_n + p["b_hn"]))
    return (1 - z_t) * n_t


@GRU_STEP.mistake
def all_of_the_candidate(x_t, h_prev, p):
    """You add the whole candidate. What is kept and what is new must sum to one whole."""
    r_t, z_t, x_n, h_n = _shares(x_t, h_prev, p)
    n_t = np.tanh(x_n + r_t * (h_n + p["b_hn"]))
    return n_t + z_t * h_prev


@GRU_STEP.mistake
def all_of_the_old(x_t, h_prev, p):
    """You add the whole previous state. What is kept and what is new must sum to one whole."""
    r_t, z_t, x_n, h_n = _shares(x_t, h_prev, p)
    n_t = np.tanh(x_n + r_t * (h_n + p["b_hn"]))
    return (1 - z_t) * n_t + h_prev


@GRU_STEP.mistake
def gates_as_tanh(x_t, h_prev, p):
    """Your two gates go through a tanh. A gate is between 0 and 1."""
    x_r, x_z, x_n = np.split(x_t @ p["W_x"] + p["b"], 3, axis=1)
    h_r, h_z, h_n = np.split(h_prev @ p["W_h"], 3, axis=1)
    r_t, z_t = np.tanh(x_r + h_r), np.tanh(x_z + h_z)
    n_t = np.tanh(x_n + r_t * (h_n + p["b_hn"]))
    return (1 - z_t) * n_t + z_t * h_prev


@GRU_STEP.mistake
def gates_not_squashed(x_t, h_prev, p):
    """Your two gates are the pre-activations themselves. A gate is between 0 and 1: what squeezes any number
    into that range?
    """
    x_r, x_z, x_n = np.split(x_t @ p["W_x"] + p["b"], 3, axis=1)
    h_r, h_z, h_n = np.split(h_prev @ p["W_h"], 3, axis=1)
    r_t, z_t = x_r + h_r, x_z + h_z
    n_t = np.tanh(x_n + r_t * (h_n + p["b_hn"]))
    return (1 - z_t) * n_t + z_t * h_prev


@GRU_STEP.mistake
def bias_twice(x_t, h_prev, p):
    """`b` is added twice, to the input's part and to the state's part. `p` has one bias for both, and `b_hn`
    for the candidate.
    """
    r_t, z_t, x_n, h_n = _shares(x_t, h_prev, {**p, "b": 2 * p["b"]})
    b_n = np.split(p["b"], 3)[2]
    n_t = np.tanh(x_n - b_n + r_t * (h_n + b_n + p["b_hn"]))
    return (1 - z_t) * n_t + z_t * h_prev


@GRU_STEP.mistake
def forgot_b(x_t, h_prev, p):
    """`b` is missing. `p` holds four arrays, and you use three."""
    r_t, z_t, x_n, h_n = _shares(x_t, h_prev, {**p, "b": 0 * p["b"]})
    n_t = np.tanh(x_n + r_t * (h_n + p["b_hn"]))
    return (1 - z_t) * n_t + z_t * h_prev


@GRU_STEP.mistake
def gates_without_state(x_t, h_prev, p):
    """Your gates see the input only. They depend on the previous state as well."""
    x_r, x_z, x_n = np.split(x_t @ p["W_x"] + p["b"], 3, axis=1)
    h_n = np.split(h_prev @ p["W_h"], 3, axis=1)[2]
    r_t, z_t = sigmoid(x_r), sigmoid(x_z)
    n_t = np.tanh(x_n + r_t * (h_n + p["b_hn"]))
    return (1 - z_t) * n_t + z_t * h_prev


@GRU_STEP.mistake
def gates_without_input(x_t, h_prev, p):
    """Your gates see the previous state only. They depend on the input as well."""
    x_n = np.split(x_t @ p["W_x"] + p["b"], 3, axis=1)[2]
    h_r, h_z, h_n = np.split(h_prev @ p["W_h"], 3, axis=1)
    r_t, z_t = sigmoid(h_r), sigmoid(h_z)
    n_t = np.tanh(x_n + r_t * (h_n + p["b_hn"]))
    return (1 - z_t) * n_t + z_t * h_prev


@GRU_STEP.mistake
def candidate_without_input(x_t, h_prev, p):
    """Your candidate does not see the input. It is made from the input and from what the reset gate lets
    through.
    """
    r_t, z_t, _, h_n = _shares(x_t, h_prev, p)
    n_t = np.tanh(r_t * (h_n + p["b_hn"]))
    return (1 - z_t) * n_t + z_t * h_prev


@GRU_STEP.mistake
def reset_on_the_raw_state(x_t, h_prev, p):
    """The reset gate scales the previous state itself, without its matrix. It scales what comes out of the
    matrix, with `b_hn` added.
    """
    r_t, z_t, x_n, _ = _shares(x_t, h_prev, p)
    n_t = np.tanh(x_n + r_t * (h_prev + p["b_hn"]))
    return (1 - z_t) * n_t + z_t * h_prev


@GRU_STEP.mistake
def both_gates_by_reset(x_t, h_prev, p):
    """The candidate is scaled by the reset gate a second time. In the last line only the update gate mixes."""
    r_t, z_t, x_n, h_n = _shares(x_t, h_prev, p)
    n_t = np.tanh(x_n + r_t * (h_n + p["b_hn"]))
    return (1 - z_t) * r_t * n_t + z_t * h_prev


@GRU_STEP.mistake
def reset_in_what_is_kept(x_t, h_prev, p):
    """The reset gate also scales what is kept of the previous state. It belongs in the candidate only."""
    H = h_prev.shape[1]
    a, u = x_t @ p["W_x"] + p["b"], h_prev @ p["W_h"]
    r, z = (1 / (1 + np.exp(-(a + u)[:, k * H : (k + 1) * H])) for k in (0, 1))
    n = np.tanh(a[:, 2 * H :] + r * (u[:, 2 * H :] + p["b_hn"]))
    return (1 - z) * n + z * r * h_prev


@GRU_STEP.mistake
def bias_reset_too(x_t, h_prev, p):
    """The bias of the third block is added a second time, inside what the reset gate scales. Only the
    previous state times its matrix, plus `b_hn`, belongs there.
    """
    H = h_prev.shape[1]
    a, u = x_t @ p["W_x"] + p["b"], h_prev @ p["W_h"]
    r, z = (1 / (1 + np.exp(-(a + u)[:, k * H : (k + 1) * H])) for k in (0, 1))
    n = np.tanh(a[:, 2 * H :] + r * (u[:, 2 * H :] + p["b"][2 * H :] + p["b_hn"]))
    return (1 - z) * n + z * h_prev


@GRU_STEP.mistake
def reset_on_the_input_alone(x_t, h_prev, p):
    """Your reset gate scales the input's part of the candidate. It belongs to the state's part."""
    H = h_prev.shape[1]
    a, u = x_t @ p["W_x"] + p["b"], h_prev @ p["W_h"]
    r, z = (1 / (1 + np.exp(-(a + u)[:, k * H : (k + 1) * H])) for k in (0, 1))
    n = np.tanh(r * a[:, 2 * H :] + u[:, 2 * H :] + p["b_hn"])
    return (1 - z) * n + z * h_prev


@GRU_STEP.mistake
def state_seen_twice(x_t, h_prev, p):
    """The candidate sees the previous state twice: once in full, and once more through the reset gate. Keep the input's
    part and the state's part of the third block separate.
    """
    H = h_prev.shape[1]
    a, u = x_t @ p["W_x"] + p["b"], h_prev @ p["W_h"]
    r, z = (1 / (1 + np.exp(-(a + u)[:, k * H : (k + 1) * H])) for k in (0, 1))
    n = np.tanh((a + u)[:, 2 * H :] + r * (u[:, 2 * H :] + p["b_hn"]))
    return (1 - z) * n + z * h_prev


# ---------------------------------------------------------------- a padded batch


def _padded(x, mask, h0, c0, p, *, h_held=True, c_held=True, h_rest=None, c_rest=None):
    """Read a padded batch; at padding, a state that is held keeps its value, or takes its rest value if it has one."""
    h_t, c_t = h0, c0
    for x_t, m_t in zip(x, mask[:, :, None], strict=True):
        h_new, c_new = reference_lstm_step(x_t, h_t, c_t, p)
        h_t = np.where(m_t > 0, h_new, h_t if h_rest is None else h_rest) if h_held else h_new
        c_t = np.where(m_t > 0, c_new, c_t if c_rest is None else c_rest) if c_held else c_new
    return h_t, c_t


def _padded_cases(rng):
    def arguments(T, D, H, lengths):
        B = len(lengths)
        x, mask = normal(rng, T, B, D), padding_mask(T, lengths)
        return x, mask, normal(rng, B, H), normal(rng, B, H), lstm_parameters(rng, D, H)

    zeros = arguments(4, 3, 2, (4, 2))
    zeros[0][1] = 0.0
    # In the second case, the last step is padding in all sequences.
    return [
        Case(arguments(7, 2, 5, (7, 3, 0, 4))),
        Case(arguments(6, 4, 3, (2, 5))),
        edge("when two sequences are equally long", *arguments(5, 4, 2, (4, 2, 4))),
        edge("with a single sequence", *arguments(5, 2, 3, (4,))),
        edge("with a single step", *arguments(1, 2, 4, (1, 0, 1))),
        edge("without padding", *arguments(4, 3, 2, (4, 4, 4))),
        edge("when a real input is all zeros", *zeros),
        edge(SAME_SIZES, *arguments(4, 4, 4, (3, 1, 4, 2))),
    ]


READ_PADDED = task(
    "read_padded", reference=_padded, cases=_padded_cases, outputs=("h_T", "c_T"), forbidden=ENGINES
)


@READ_PADDED.mistake
def still_broken(x, mask, h0, c0, p):
    """This is the broken function, unchanged. Follow the shortest sequence past its end: what happens to its
    h, and what to its c?
    """
    return _padded(x, mask, h0, c0, p, h_rest=0.0, c_held=False)


@READ_PADDED.mistake
def cell_runs_on(x, mask, h0, c0, p):
    """The hidden state now waits at the end of its sequence, but the cell state goes on reading padding. The
    state of an LSTM is a pair.
    """
    return _padded(x, mask, h0, c0, p, c_held=False)


@READ_PADDED.mistake
def both_wiped(x, mask, h0, c0, p):
    """At padding, both states become 0. Multiplying by the mask erases the board; it should stay as it was
    after the last real step.
    """
    return _padded(x, mask, h0, c0, p, h_rest=0.0, c_rest=0.0)


@READ_PADDED.mistake
def hidden_wiped(x, mask, h0, c0, p):
    """The cell state now waits at the end of its sequence. The hidden state still becomes 0 there."""
    return _padded(x, mask, h0, c0, p, h_rest=0.0)


@READ_PADDED.mistake
def cell_wiped(x, mask, h0, c0, p):
    """The hidden state now waits, but the cell state becomes 0 at padding. That erases the board instead of
    leaving it alone.
    """
    return _padded(x, mask, h0, c0, p, c_rest=0.0)


@READ_PADDED.mistake
def back_to_the_start(x, mask, h0, c0, p):
    """At padding, both states jump back to where the sequence began. They should stay where its last real
    step left them.
    """
    return _padded(x, mask, h0, c0, p, h_rest=h0, c_rest=c0)


@READ_PADDED.mistake
def mask_upside_down(x, mask, h0, c0, p):
    """Your mask is upside down: the states wait at real steps and change at padding. 1 marks a real step."""
    return _padded(x, 1 - mask, h0, c0, p)


@READ_PADDED.mistake
def input_masked(x, mask, h0, c0, p):
    """You set the padding of the input to 0, and the states go on reading those zeros. An input of 0 is still
    a step: the gates and the biases do their work.
    """
    return _padded(x * mask[:, :, None], np.ones_like(mask), h0, c0, p)


@READ_PADDED.mistake
def mask_ignored(x, mask, h0, c0, p):
    """`mask` is never used: the states go on through the padding."""
    return _padded(x, np.ones_like(mask), h0, c0, p)


@READ_PADDED.mistake
def stops_with_the_shortest(x, mask, h0, c0, p):
    """You stop reading as soon as one sequence is over. The others have more steps."""
    steps = int(mask.sum(axis=0).min())
    return _padded(x[:steps], mask[:steps], h0, c0, p)


@READ_PADDED.mistake
def last_index_of_nothing(x, mask, h0, c0, p):
    """Nearly: with a sequence of nothing but padding, the index of its last real step is −1, and that is the
    last step of the array. Such a sequence should end as it began.
    """
    h, c, states = h0, c0, []
    for x_t in x:
        h, c = reference_lstm_step(x_t, h, c, p)
        states.append((h, c))
    last, rows = mask.sum(axis=0).astype(int) - 1, np.arange(mask.shape[1])
    return tuple(np.stack(some)[last, rows] for some in zip(*states, strict=True))


@READ_PADDED.mistake
def new_added_to_old(x, mask, h0, c0, p):
    """You add the new states to the previous ones. At a real step the new state replaces the previous one."""
    h, c = h0, c0
    for x_t, m_t in zip(x, mask[:, :, None], strict=True):
        h_new, c_new = reference_lstm_step(x_t, h, c, p)
        h, c = h + m_t * h_new, c + m_t * c_new
    return h, c


@READ_PADDED.mistake
def hidden_state_runs_on(x, mask, h0, c0, p):
    """The cell state waits at the end of its sequence, but the hidden state goes on reading padding."""
    return _padded(x, mask, h0, c0, p, h_held=False)


@READ_PADDED.mistake
def starts_from_zero(x, mask, h0, c0, p):
    """Your states start at 0. Start from `h0` and `c0`."""
    return _padded(x, mask, 0 * h0, 0 * c0, p)


@READ_PADDED.mistake
def one_step_short(x, mask, h0, c0, p):
    """You leave out the last step. A sequence that fills the array has a real step there."""
    return _padded(x[:-1], mask[:-1], h0, c0, p)


# ---------------------------------------------------------------- the backward pass of a step


def _undo(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
    d_cell = _to_the_cell(dh_t, dc_t, o_t, c_t)
    return _to_a(dh_t, d_cell, i_t, f_t, g_t, o_t, c_t, c_prev), d_cell * f_t


def _to_the_cell(dh_t, dc_t, o_t, c_t):
    """Return the whole gradient at c_t: along the belt and through h_t."""
    return dc_t + dh_t * o_t * (1 - np.tanh(c_t) ** 2)


def _to_a(dh_t, d_cell, i_t, f_t, g_t, o_t, c_t, c_prev):
    """Return da_t (B, 4H) from the gradients at h_t and c_t."""
    slopes = [i_t * (1 - i_t), f_t * (1 - f_t), 1 - g_t**2, o_t * (1 - o_t)]
    return np.concatenate(_to_the_gates(dh_t, d_cell, i_t, g_t, c_t, c_prev), axis=1) * np.concatenate(
        slopes, axis=1
    )


def _to_the_gates(dh_t, d_cell, i_t, g_t, c_t, c_prev):
    """Return the gradients at i_t, f_t, g_t and o_t."""
    return [d_cell * g_t, d_cell * c_prev, d_cell * i_t, dh_t * np.tanh(c_t)]


def _undo_cases(rng):
    def arguments(B, H):
        i_t, f_t, o_t = rng.uniform(0.15, 0.9, size=(3, B, H))
        g_t, c_t, c_prev = states(rng, B, H), states(rng, B, H), normal(rng, B, H)
        return normal(rng, B, H), normal(rng, B, H), i_t, f_t, g_t, o_t, c_t, c_prev

    return [
        Case(arguments(3, 4)),
        Case(arguments(2, 5)),
        edge("with a single sequence", *arguments(1, 3)),
        edge("with as many sequences as units", *arguments(3, 3)),
        edge("with a single unit", *arguments(3, 1)),
    ]


UNDO_STEP = task(
    "undo_step", reference=_undo, cases=_undo_cases, outputs=("da_t", "dc_prev"), forbidden=ENGINES
)


@UNDO_STEP.mistake
def road_through_h_forgotten(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
    """What comes back along the belt is there, but the cell state is used twice: it is also shown, in `h_t`.
    A second path leads from `dh_t` to the cell state.
    """
    d_cell = dc_t
    return _to_a(dh_t, d_cell, i_t, f_t, g_t, o_t, c_t, c_prev), d_cell * f_t


@UNDO_STEP.mistake
def belt_forgotten(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
    """What comes through `h_t` is there, but it has replaced `dc_t`, which comes back along the belt. Where
    two paths meet, gradients are added.
    """
    d_cell = dh_t * o_t * (1 - np.tanh(c_t) ** 2)
    return _to_a(dh_t, d_cell, i_t, f_t, g_t, o_t, c_t, c_prev), d_cell * f_t


@UNDO_STEP.mistake
def tanh_of_the_cell_not_undone(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
    """There is a tanh on the path from `h_t` to the cell state, and its slope is missing."""
    d_cell = dc_t + dh_t * o_t
    return _to_a(dh_t, d_cell, i_t, f_t, g_t, o_t, c_t, c_prev), d_cell * f_t


@UNDO_STEP.mistake
def cell_for_its_tanh(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
    """The slope of the tanh at the cell state uses the tanh of the cell state, squared. You square the cell
    state itself.
    """
    d_cell = dc_t + dh_t * o_t * (1 - c_t**2)
    return _to_a(dh_t, d_cell, i_t, f_t, g_t, o_t, c_t, c_prev), d_cell * f_t


@UNDO_STEP.mistake
def sigmoids_not_undone(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
    """These are the gradients of the gates and of the candidate. The `a_t` come before the three sigmoids and
    the tanh: four slopes are missing.
    """
    d_cell = _to_the_cell(dh_t, dc_t, o_t, c_t)
    d_gates = np.concatenate(_to_the_gates(dh_t, d_cell, i_t, g_t, c_t, c_prev), axis=1)
    return d_gates, d_cell * f_t


@UNDO_STEP.mistake
def candidate_as_gate(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
    """All four slopes are those of a sigmoid. Of the three gates and the candidate, one came out of a tanh."""
    d_cell = _to_the_cell(dh_t, dc_t, o_t, c_t)
    d_gates = np.concatenate(_to_the_gates(dh_t, d_cell, i_t, g_t, c_t, c_prev), axis=1)
    slopes = [one * (1 - one) for one in (i_t, f_t, g_t, o_t)]
    return d_gates * np.concatenate(slopes, axis=1), d_cell * f_t


@UNDO_STEP.mistake
def slope_of_a_value(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
    """You apply the sigmoids and the tanh once more. `i_t`, `f_t`, `g_t` and `o_t` have been through them
    already, and each slope can be written with that value.
    """
    d_cell = _to_the_cell(dh_t, dc_t, o_t, c_t)
    d_gates = np.concatenate(_to_the_gates(dh_t, d_cell, i_t, g_t, c_t, c_prev), axis=1)
    slopes = [sigmoid_prime(i_t), sigmoid_prime(f_t), tanh_prime(g_t), sigmoid_prime(o_t)]
    return d_gates * np.concatenate(slopes, axis=1), d_cell * f_t


@UNDO_STEP.mistake
def blocks_i_f_o_g(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
    """All four pieces are right, but two are swapped. They must be in the same order as in the forward pass."""
    da_t, dc_prev = _undo(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev)
    da_i, da_f, da_g, da_o = np.split(da_t, 4, axis=1)
    return np.concatenate([da_i, da_f, da_o, da_g], axis=1), dc_prev


@UNDO_STEP.mistake
def one_below_the_other(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
    """All four pieces are right, but they are stacked on top of one another, (4B, H). Join them along the
    axis of the units, to get (B, 4H).
    """
    da_t, dc_prev = _undo(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev)
    return np.concatenate(np.split(da_t, 4, axis=1)), dc_prev


@UNDO_STEP.mistake
def new_cell_for_old(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
    """In the forget gate's piece you multiply by the new cell state. A product sends to each factor the
    gradient times the other factor: what did `f_t` multiply in the forward pass?
    """
    (da_t, dc_prev), H = _undo(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev), c_t.shape[1]
    da_t[:, H : 2 * H] *= c_t / c_prev
    return da_t, dc_prev


@UNDO_STEP.mistake
def shown_without_tanh(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
    """In the output gate's piece you multiply by the cell state. In the forward pass the output gate did not
    multiply the cell state itself.
    """
    (da_t, dc_prev), H = _undo(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev), c_t.shape[1]
    da_t[:, 3 * H :] = dh_t * c_t * o_t * (1 - o_t)
    return da_t, dc_prev


@UNDO_STEP.mistake
def cell_computed_again(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
    """You compute the cell state again instead of using the `c_t` you were given. The backward pass takes the
    values as they are; the random ones in the check do not come from any network.
    """
    return _undo(dh_t, dc_t, i_t, f_t, g_t, o_t, f_t * c_prev + i_t * g_t, c_prev)


@UNDO_STEP.mistake
def gate_not_passed(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
    """This is the whole gradient at `c_t`. On its way to the previous cell state it must pass a gate."""
    da_t, dc_prev = _undo(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev)
    return da_t, dc_prev / f_t


@UNDO_STEP.mistake
def second_road_not_carried(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
    """You carry back only what came along the belt. What came through `h_t` joined it at `c_t`, and goes on
    with it.
    """
    da_t, _ = _undo(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev)
    return da_t, dc_t * f_t


@UNDO_STEP.mistake
def output_gate_forgotten_on_the_way(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
    """On the path from `h_t` to the cell state, the gradient must pass the output gate as well."""
    d_cell = dc_t + dh_t * (1 - np.tanh(c_t) ** 2)
    return _to_a(dh_t, d_cell, i_t, f_t, g_t, o_t, c_t, c_prev), d_cell * f_t


@UNDO_STEP.mistake
def own_factor(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
    """A product sends to each factor the gradient times the *other* factor. In the pieces of i and g you
    multiply by the factor itself.
    """
    d_cell = _to_the_cell(dh_t, dc_t, o_t, c_t)
    da_t, H = _to_a(dh_t, d_cell, i_t, f_t, g_t, o_t, c_t, c_prev), c_t.shape[1]
    da_t[:, :H] = d_cell * i_t * i_t * (1 - i_t)
    da_t[:, 2 * H : 3 * H] = d_cell * g_t * (1 - g_t**2)
    return da_t, d_cell * f_t


@UNDO_STEP.mistake
def gate_for_the_previous_cell(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
    """In the forget gate's piece you multiply by the gate itself. What did `f_t` multiply in the forward
    pass?
    """
    (da_t, dc_prev), H = _undo(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev), c_t.shape[1]
    da_t[:, H : 2 * H] *= f_t / c_prev
    return da_t, dc_prev


@UNDO_STEP.mistake
def cell_gradient_at_the_output_gate(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
    """The output gate's piece comes from `h_t` alone: use `dh_t` there, not the gradient at the cell state."""
    d_cell = _to_the_cell(dh_t, dc_t, o_t, c_t)
    da_t, H = _to_a(dh_t, d_cell, i_t, f_t, g_t, o_t, c_t, c_prev), c_t.shape[1]
    da_t[:, 3 * H :] = d_cell * np.tanh(c_t) * o_t * (1 - o_t)
    return da_t, d_cell * f_t


@UNDO_STEP.mistake
def back_through_the_input_gate(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
    """To get to the previous cell state you pass the input gate. On the belt it is the forget gate."""
    d_cell = _to_the_cell(dh_t, dc_t, o_t, c_t)
    return _to_a(dh_t, d_cell, i_t, f_t, g_t, o_t, c_t, c_prev), d_cell * i_t


@UNDO_STEP.mistake
def slope_of_tanh_not_squared(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
    """The slope of the candidate's tanh has a square in it."""
    d_cell = _to_the_cell(dh_t, dc_t, o_t, c_t)
    da_t, H = _to_a(dh_t, d_cell, i_t, f_t, g_t, o_t, c_t, c_prev), c_t.shape[1]
    da_t[:, 2 * H : 3 * H] = d_cell * i_t * (1 - g_t)
    return da_t, d_cell * f_t


@UNDO_STEP.mistake
def blocks_f_i_g_o(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
    """All four pieces are right, but those of f and i are swapped. The order is i, f, g, o."""
    da_t, dc_prev = _undo(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev)
    da_i, da_f, da_g, da_o = np.split(da_t, 4, axis=1)
    return np.concatenate([da_f, da_i, da_g, da_o], axis=1), dc_prev


@UNDO_STEP.mistake
def outputs_swapped(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
    """Both outputs are right, but in the wrong order: `da_t` comes first."""
    return _undo(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev)[::-1]


@UNDO_STEP.mistake
def nothing_through_the_gates(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
    """You add `dh_t` to the gradient at `c_t` as it is. Between `h_t` and `c_t` are the output gate and a tanh, so
    `dh_t` reaches `c_t` with one more factor and one slope.
    """
    d_cell = dc_t + dh_t
    return _to_a(dh_t, d_cell, i_t, f_t, g_t, o_t, c_t, c_prev), d_cell * f_t


# ---------------------------------------------------------------- in words
