"""Chapter 07: teacher forcing, two scores, which steps count, writing, attention, both directions, beam search."""

from __future__ import annotations

from itertools import product

import numpy as np

from rnncourse.checks.bank.inputs import SAME_SIZES, edge, normal, rnn_parameters
from rnncourse.checks.bank.statements import task
from rnncourse.checks.task import ENGINES, Case, Named
from rnncourse.in_numpy import log_softmax, rnn_step

# ---------------------------------------------------------------- teacher forcing


def _start_row(y, start):
    return np.full((1, y.shape[1]), start)


def _teacher_inputs(y, start):
    return np.concatenate([_start_row(y, start), y[:-1]])


def _teacher_cases(rng):
    """The start token comes right after the letters, long after them, and at the edge before them all."""
    cases = [Case((rng.integers(V, size=(T, B)), start)) for T, B, V, start in ((5, 3, 9, 9), (7, 2, 12, 20))]
    return [
        *cases,
        edge("with a single name and `start=0`", rng.integers(1, 8, size=(4, 1)), 0),
        edge("with names of a single letter", rng.integers(8, size=(1, 4)), 8),
        edge("with as many steps as names", rng.integers(8, size=(4, 4)), 8),
    ]


TEACHER_INPUTS = task("teacher_inputs", reference=_teacher_inputs, cases=_teacher_cases, timed=("result",))


@TEACHER_INPUTS.mistake
def not_shifted(y, start):
    """These are the targets themselves. At every step the network would be told the very letter it should
    predict, and it would learn to copy. When it writes alone, nobody tells it.
    """
    return y.copy()


@TEACHER_INPUTS.mistake
def start_at_every_step(y, start):
    """The network reads `start` at every step. From the second step on it reads the target of the step before. If
    you copy row by row within one array, each row is overwritten before it is copied.
    """
    return np.full_like(y, start)


@TEACHER_INPUTS.mistake
def start_over_the_first(y, start):
    """The start token replaced the first target, and the other targets did not move. From the second step on,
    the network is told what it should predict.
    """
    return np.concatenate([_start_row(y, start), y[1:]])


@TEACHER_INPUTS.mistake
def shifted_the_other_way(y, start):
    """You moved the targets one step toward the beginning: the network is told the letter after the one it
    should predict. It should be told the one before.
    """
    return np.concatenate([y[1:], _start_row(y, start)])


@TEACHER_INPUTS.mistake
def rolled(y, start):
    """`np.roll` brings the last target around to the first step. At the first step nothing has been written
    yet. What says so?
    """
    return np.roll(y, 1, axis=0)


@TEACHER_INPUTS.mistake
def one_step_longer(y, start):
    """Your inputs are one step longer than the targets. The last target is never an input: nothing comes
    after it.
    """
    return np.concatenate([_start_row(y, start), y])


@TEACHER_INPUTS.mistake
def shifted_along_the_batch(y, start):
    """You moved along the second axis, so each sequence is told what its neighbor should write. The first
    axis is time.
    """
    return np.concatenate([np.full((len(y), 1), start), y[:, :-1]], axis=1)


@TEACHER_INPUTS.mistake
def shifted_in_place(y, start):
    """The inputs are right, but you changed `y`, and the loss still needs it: it holds the targets. Build a
    new array instead of writing into the old one.
    """
    y[1:] = y[:-1].copy()
    y[0] = start
    return y


@TEACHER_INPUTS.mistake
def rolled_as_one_row(y, start):
    """`np.roll` without an axis treats the array as one long row, so the letters slip into other names. Move
    along the first axis, time.
    """
    inputs = np.roll(y, 1)
    inputs[0] = start
    return inputs


# ---------------------------------------------------------------- two broken scores


def _right(predicted, y):
    return predicted == y


def _letters_right(predicted, y, mask):
    return float((_right(predicted, y) * mask).sum() / mask.sum())


def _whole_right(predicted, y, mask):
    return float((_right(predicted, y) | (mask == 0)).all(axis=0).mean())


def _spelling_scores(predicted, y, mask):
    return _letters_right(predicted, y, mask), _whole_right(predicted, y, mask)


# of each name: its length, how many of its letters are wrong, whether its padding was predicted as such
_SOME = ((6, 0, True), (5, 0, False), (4, 1, True), (3, 0, True), (4, 2, False), (6, 1, True))
_FIRST_WRONG, _SWAPPED, _LAST_WRONG = 2, 4, 5
"""Which of them has only its first letter wrong, which its two wrong letters swapped, which only its last wrong."""


def _score_cases(rng):
    def right_but_for_one(T, B):
        y = rng.integers(1, 9, size=(T, B))
        predicted = y.copy()
        predicted[-1, 0] += 1
        return predicted, y, np.ones((T, B))

    return [
        _unguessable(rng, 6, 13),
        _unguessable(rng, 8, 11),
        edge("without padding", *right_but_for_one(12, 4)),
        edge("with a single name", *right_but_for_one(5, 1)),
        edge("with names of a single letter", *right_but_for_one(1, 4)),
    ]


def _unguessable(rng, T, B):
    """Return a case in which no token can be taken for padding, whatever the mask says."""
    while True:
        case = _scored(rng, T, B)
        predicted, y, mask = case.args
        guessed = [_whole_right(predicted, y, y != token) for token in range(9)]
        if _whole_right(predicted, y, mask) not in guessed:
            return case


def _names(rng, T, B):
    """Return what is in `_SOME`, and B names in all: neither score can be guessed.

    There are not as many names without an error as there are names whose padding was predicted, or names in which
    nothing is predicted as token 0; and where token 0 is taken for padding, not as many names gain by it as lose.
    """
    while True:
        drawn = [(int(rng.integers(1, T + 1)), int(rng.integers(3)), bool(rng.integers(2))) for _ in range(B)]
        names = [*_SOME, *((length, min(wrong, length - 1), padding) for length, wrong, padding in drawn)][:B]
        passing = [fine or length == T for length, _, fine in names]
        faultless = [wrong == 0 for _, wrong, _ in names]
        gain = sum(
            all_right and not one for one, all_right in zip(faultless[2::3], passing[2::3], strict=True)
        )
        lose = sum(one and not all_right for one, all_right in zip(faultless, passing, strict=True))
        if sum(faultless) not in (sum(passing), len(names[2::3])) and gain != lose:
            return names


def _scored(rng, T, B):
    """Return predictions, answers and mask of B names in an order drawn by rng. Padding holds any letters but 0."""
    V, sequences = 9, _names(rng, T, B)
    y, mask = rng.integers(1, V, size=(T, B)), np.zeros((T, B))
    predicted = np.zeros_like(y)
    for b, k in enumerate(rng.permutation(B)):
        length, wrong, padding_right = sequences[k]
        order = rng.permutation(length)
        if k in (_FIRST_WRONG, _LAST_WRONG):
            order = np.arange(length) if k == _FIRST_WRONG else np.arange(length)[::-1]
        mask[:length, b] = 1
        # token 0 is a letter like any other: now at the wrong places, now at a right one
        y[order[:wrong] if k % 3 == 2 else order[wrong : wrong + 1], b] = 0
        predicted[:, b] = y[:, b]
        predicted[order[:wrong], b] = V
        if k == _SWAPPED:
            y[order[1], b] = y[order[0], b] % (V - 1) + 1
            predicted[order[:2], b] = y[order[1::-1], b]
        if not padding_right:
            predicted[length:, b] = y[length:, b] % (V - 1) + 1
    return Case((predicted, y, mask))


SPELLING_SCORES = task(
    "spelling_scores", reference=_spelling_scores, cases=_score_cases, outputs=("letters", "whole")
)


@SPELLING_SCORES.mistake
def divided_by_all_places(predicted, y, mask):
    """Padding is not counted, but it is still in what you divide by. Even a perfect network could not reach
    1.
    """
    return (
        float((_right(predicted, y) * mask).sum() / mask.size),
        _whole_right(predicted, y, mask),
    )


@SPELLING_SCORES.mistake
def padding_as_letters(predicted, y, mask):
    """Your mean runs over the whole array, padding included. Then short names are judged by letters that do
    not exist.
    """
    return (float(_right(predicted, y).mean()), _whole_right(predicted, y, mask))


@SPELLING_SCORES.mistake
def padding_as_right(predicted, y, mask):
    """You count all padding as correct letters. The more padding, the better the score."""
    return (
        float((_right(predicted, y) | (mask == 0)).mean()),
        _whole_right(predicted, y, mask),
    )


@SPELLING_SCORES.mistake
def mean_of_names(predicted, y, mask):
    """You take the share of correct letters in each name and average those shares. Then a letter of a short
    name weighs more than one of a long name. Take the share of all real letters.
    """
    of_each = (_right(predicted, y) * mask).sum(axis=0) / mask.sum(axis=0)
    return float(of_each.mean()), _whole_right(predicted, y, mask)


@SPELLING_SCORES.mistake
def padding_must_be_right(predicted, y, mask):
    """You count a name as wrong when the network says something odd after its end. Nobody reads what comes
    after the end. What should `all` see at padding?
    """
    return (
        _letters_right(predicted, y, mask),
        float(_right(predicted, y).all(axis=0).mean()),
    )


@SPELLING_SCORES.mistake
def padding_counts_as_wrong(predicted, y, mask):
    """A name with padding never counts as correct in your answer. Multiplying by the mask, for example, turns all
    padding into 0, and to `all` a 0 is a wrong letter.
    """
    return (
        _letters_right(predicted, y, mask),
        float((_right(predicted, y) * mask).all(axis=0).mean()),
    )


@SPELLING_SCORES.mistake
def over_the_batch(predicted, y, mask):
    """You find the steps at which all names are correct. Find the names that are correct at all steps: time
    is the first axis.
    """
    return (
        _letters_right(predicted, y, mask),
        float((_right(predicted, y) | (mask == 0)).all(axis=1).mean()),
    )


@SPELLING_SCORES.mistake
def one_letter_is_enough(predicted, y, mask):
    """You count a name as soon as one of its letters is correct. Count the names that are correct to the last
    letter.
    """
    return (
        _letters_right(predicted, y, mask),
        float((_right(predicted, y) * mask).any(axis=0).mean()),
    )


@SPELLING_SCORES.mistake
def still_broken(predicted, y, mask):
    """Both scores are unchanged. Work through the example above the answer cell by hand: a perfect answer
    must get 1 and 1, whatever is in the padding.
    """
    right = predicted == y
    letters = (right * mask).sum() / mask.size
    whole = right.all(axis=0).mean()
    return letters, whole


@SPELLING_SCORES.mistake
def mean_of_step_scores(predicted, y, mask):
    """You take the share of correct letters at each step and average those shares. Then a letter counts more
    where few names are still going on. Take the share of all real letters.
    """
    right = (predicted == y) * mask
    return (right.sum(axis=1) / mask.sum(axis=1)).mean(), _whole_right(predicted, y, mask)


@SPELLING_SCORES.mistake
def last_letter_only(predicted, y, mask):
    """A name counts as correct when its last letter is. All its letters have to be."""
    ends = mask.sum(axis=0).astype(int) - 1
    names = np.arange(y.shape[1])
    whole = (predicted == y)[ends, names].mean()
    return _letters_right(predicted, y, mask), whole


@SPELLING_SCORES.mistake
def half_is_enough(predicted, y, mask):
    """A name counts as correct when more than half of its letters are. All of them have to be."""
    share = ((predicted == y) * mask).sum(axis=0) / mask.sum(axis=0)
    return _letters_right(predicted, y, mask), (share > 0.5).mean()


@SPELLING_SCORES.mistake
def share_in_each_name(predicted, y, mask):
    """The second number is the mean share of correct letters in a name. Return the share of names that are correct to
    the last letter.
    """
    share = ((predicted == y) * mask).sum(axis=0) / mask.sum(axis=0)
    return _letters_right(predicted, y, mask), share.mean()


@SPELLING_SCORES.mistake
def errors_counted(predicted, y, mask):
    """You count the letters that are wrong. The scores are shares of what is right."""
    return 1 - _letters_right(predicted, y, mask), _whole_right(predicted, y, mask)


# ---------------------------------------------------------------- which steps count


def _steps(T):
    return np.arange(T)[:, None]


def _answer_mask(pattern, lengths, T):
    counts = _steps(T) < lengths if pattern == "aligned" else _steps(T) == lengths - 1
    return counts.astype(float)


def _mask_cases(rng):
    few, more = rng.permutation(np.arange(1, 7)), rng.permutation(np.arange(2, 10))
    patterns = ("many-to-one", "aligned")
    cases = [Case((pattern, lengths, T)) for lengths, T in ((few, 7), (more, 12)) for pattern in patterns]
    return [
        *cases,
        edge("when two sentences are equally long", "many-to-one", rng.permutation([3, 5, 3]), 7),
        edge("with a single sentence", "aligned", rng.integers(2, 5, size=1), 6),
        edge("when all sentences are equally long", "many-to-one", np.array([2, 2, 2]), 4),
        edge("without padding", "aligned", np.array([3, 3]), 3),
        edge("with sentences of a single word", "many-to-one", np.array([1, 1, 1]), 2),
    ]


ANSWER_MASK = task("answer_mask", reference=_answer_mask, cases=_mask_cases, timed=("result",))


@ANSWER_MASK.mistake
def last_of_all(pattern, lengths, T):
    """The aligned mask is right. For "many-to-one" you mark the last step of the array, which is padding for
    most sequences. Each sequence has its own last step: `lengths` says where.
    """
    late = np.full_like(lengths, T)
    return _answer_mask(pattern, lengths if pattern == "aligned" else late, T)


@ANSWER_MASK.mistake
def one_late(pattern, lengths, T):
    """For "many-to-one" your mark is one step too late, on padding. A sequence of 3 words fills steps 0, 1
    and 2.
    """
    return _answer_mask(pattern, lengths if pattern == "aligned" else lengths + 1, T)


@ANSWER_MASK.mistake
def one_too_many(pattern, lengths, T):
    """In the aligned mask every sequence is one step too long: its first step of padding counts as well.
    Steps are counted from 0.
    """
    return _answer_mask(pattern, lengths + 1 if pattern == "aligned" else lengths, T)


@ANSWER_MASK.mistake
def padding_counted(pattern, lengths, T):
    """For "aligned" you count every step, padding included. A network would then be rewarded for what it says
    about words that are not there.
    """
    return np.ones((T, len(lengths))) if pattern == "aligned" else _answer_mask(pattern, lengths, T)


@ANSWER_MASK.mistake
def always_aligned(pattern, lengths, T):
    """You mark all real steps for both patterns. "many-to-one" means one answer for a whole sequence: how
    many ones should there be in each column?
    """
    return _answer_mask("aligned", lengths, T)


@ANSWER_MASK.mistake
def patterns_swapped(pattern, lengths, T):
    """You swapped the two patterns: what you return for "aligned" belongs to "many-to-one"."""
    return _answer_mask("aligned" if pattern == "many-to-one" else "", lengths, T)


# ---------------------------------------------------------------- writing, one token after the other

_WEIGHTS = np.random.default_rng(3)
_E, _W, _S = (1.5 * _WEIGHTS.normal(size=shape) for shape in ((10, 6), (6, 6), (6, 10)))


def next_scores(token, state):
    """Return the logits (10,) of the next token and the new state (6,) from a token and the previous state."""
    state = np.tanh(_E[token] + state @ _W)
    return state @ _S, state


def _written(next_scores, state, start, end, n, carry=True, feed=True):
    """Return all n tokens that are likeliest in turn, whatever `end` says; carry, feed: what is used again."""
    tokens, token, first = [], start, state
    for _ in range(n):
        s, state = next_scores(token if feed else start, state if carry else first)
        token = int(s.argmax())
        tokens.append(token)
    return tokens


def _until_end(tokens, end):
    return tokens[: tokens.index(end)] if end in tokens else tokens


def _greedy_write(next_scores, state, start, end, n):
    return _until_end(_written(next_scores, state, start, end, n), end)


def _keeps_the_end(next_scores, state, start, end, n):
    tokens = _written(next_scores, state, start, end, n)
    return tokens[: tokens.index(end) + 1] if end in tokens else tokens


def _state_not_carried(next_scores, state, start, end, n):
    return _until_end(_written(next_scores, state, start, end, n, carry=False), end)


def _not_fed_back(next_scores, state, start, end, n):
    return _until_end(_written(next_scores, state, start, end, n, feed=False), end)


def _greedy_cases(rng):
    """Two texts that end early, one that goes on until n tokens are written, and one that is over at once.

    Token 0 is a token like any other: now it is the end, now it is written in the middle of a text.
    """
    early = _greedy_case(rng, 12, least=4, most=7, end=0)
    full = _greedy_case(rng, 11, least=11, most=11)
    short = _greedy_case(rng, 14, least=3, most=6)
    return [early, full, short, _over_at_once(rng, 13)]


def _greedy_case(rng, n, least, most, end=None):
    """Draw states until every mistake shows: the text has `least` to `most` tokens, and both loops matter.

    Three of its tokens at least are different. The token after the n-th is not `end`, and the text begins in another
    way without the state or from another token. A long text is not what drawing would give either, holds `start`, goes
    on after a 0 in another way than after nothing, and ends some time after n. end: None to draw it as well.
    """
    for drawn in _suitable_texts(rng, n, least, most, end):
        arguments = (next_scores, *drawn, n)
        tokens = _greedy_write(*arguments)
        if len(set(tokens)) < 3 or _written(*arguments[:-1], n + 1)[n] == drawn[-1]:
            continue
        others = _greedy_others(*arguments, long=least == n)
        if all(tokens != other for other in others) and _mistakes_differ(*arguments):
            return Case((Named("next_scores", next_scores), *drawn, n))


def _suitable_texts(rng, n, least, most, end):
    """Yield state, start and end of texts of `least` to `most` tokens, drawn many at a time because few are suitable.

    A text of n tokens holds `start` and ends later, within 5 n tokens.
    """
    long = least == n
    while True:
        states = normal(rng, 50, 6)
        starts, ends = rng.permuted(np.tile(np.arange(10), (50, 1)), axis=1)[:, :2].T
        if end is not None:
            ends[:] = end
        written = np.stack(_written_at_once(states, starts, 5 * n if long else n))
        is_end = written == ends
        lengths = np.where(is_end.any(axis=0), np.minimum(is_end.argmax(axis=0), n), -1)
        suits = (least <= lengths) & (lengths <= most) & (starts != ends)
        if long:
            suits &= (written[:n] == starts).any(axis=0)
        for k in np.flatnonzero(suits):
            yield states[k].copy(), int(starts[k]), int(ends[k])


def _written_at_once(states, tokens, n):
    """Return the n tokens (B,) that are likeliest in turn, for B texts at once."""
    written = []
    for _ in range(n):
        s, states = next_scores(tokens, states)
        tokens = s.argmax(axis=1)
        written.append(tokens)
    return written


def _greedy_others(next_scores, state, start, end, n, long):
    """Yield what mistakes would write instead of the right text; long: also those that only a long text can show."""
    yield _state_not_carried(next_scores, state, start, end, n)
    yield _not_fed_back(next_scores, state, start, end, n)
    for token in {0, end} - {start}:
        yield _greedy_write(next_scores, state, token, end, n)
    if long:
        yield _greedy_write(_zero_for_nothing(start), state, start, end, n)
        for u in (0.2, 0.4, 0.6, 0.8):
            yield _until_end(_drawn_tokens(state, start, n, u), end)


def _mistakes_differ(next_scores, state, start, end, n):
    """Return whether a state that is not carried and a token that is not fed back can be told apart."""
    arguments = (next_scores, state, start, end, n)
    return _state_not_carried(*arguments) != _not_fed_back(*arguments)


def _zero_for_nothing(start):
    """Return a step that treats token 0 as no token, and reads `start` in its place."""
    return lambda token, state: next_scores(token or start, state)


def _drawn_tokens(state, start, n, u):
    """Return n tokens drawn with the same random number u at each step, instead of the likeliest."""
    tokens, token = [], start
    for _ in range(n):
        s, state = next_scores(token, state)
        p = np.cumsum(np.exp(s - s.max()))
        token = int(np.searchsorted(p, u * p[-1]))
        tokens.append(token)
    return tokens


def _over_at_once(rng, n):
    """Draw a state whose likeliest first token is taken for `end`."""
    while True:
        state, start = normal(rng, 6), int(rng.integers(10))
        end = _written(next_scores, state, start, -1, 1)[0]
        if end != start:
            return Case(
                (Named("next_scores", next_scores), state, start, end, n),
                about="when the first token is `end`",
            )


GREEDY_WRITE = task("greedy_write", reference=_greedy_write, cases=_greedy_cases, forbidden=ENGINES)


@GREEDY_WRITE.mistake
def state_not_carried(next_scores, state, start, end, n):
    """Every step begins with the first `state` again, so the decoder knows its last token and nothing else.
    `next_scores` returns two things; the second is meant for the next call.
    """
    return _state_not_carried(next_scores, state, start, end, n)


@GREEDY_WRITE.mistake
def not_fed_back(next_scores, state, start, end, n):
    """The state is carried on, but the decoder reads `start` at every step. It should read what it has just
    written.
    """
    return _not_fed_back(next_scores, state, start, end, n)


@GREEDY_WRITE.mistake
def keeps_the_end(next_scores, state, start, end, n):
    """The text is right, but it still has `end` at its end. That token says that nothing follows; it is not
    part of the text.
    """
    return _keeps_the_end(next_scores, state, start, end, n)


@GREEDY_WRITE.mistake
def never_stops(next_scores, state, start, end, n, carry=True, feed=True):
    """You always write `n` tokens. The decoder has a way to say that it is done, the token `end`; nothing
    should be written after it.
    """
    return _written(next_scores, state, start, end, n, carry, feed)


@GREEDY_WRITE.mistake
def writes_the_start(next_scores, state, start, end, n):
    """Your list begins with the start token. The decoder reads that token first; it did not write it."""
    return [start, *_greedy_write(next_scores, state, start, end, n)]


@GREEDY_WRITE.mistake
def both_ends_kept(next_scores, state, start, end, n):
    """The tokens between them are right, but your list also holds `start` and `end`. Neither is part of the
    text.
    """
    return [start, *_keeps_the_end(next_scores, state, start, end, n)]


@GREEDY_WRITE.mistake
def start_counts(next_scores, state, start, end, n):
    """Where the text does not end by itself, yours is one token short. All `n` tokens are written then: the start
    token is not one of them, and the last one is left out only if it is `end`.
    """
    return _greedy_write(next_scores, state, start, end, n - 1)


@GREEDY_WRITE.mistake
def end_left_out_only(next_scores, state, start, end, n):
    """You leave `end` out of the list and go on writing after it. `end` says that the text is over."""
    return [token for token in _written(next_scores, state, start, end, n) if token != end]


@GREEDY_WRITE.mistake
def one_too_many(next_scores, state, start, end, n):
    """Where the text does not end by itself, yours is one token too long. Check the limit before a token is added:
    with n = 2 there are at most two.
    """
    return _greedy_write(next_scores, state, start, end, n + 1)


@GREEDY_WRITE.mistake
def no_limit(next_scores, state, start, end, n):
    """A text that does not end by itself goes on and on. Stop after `n` tokens."""
    return _greedy_write(next_scores, state, start, end, 5 * n)


@GREEDY_WRITE.mistake
def input_kept(next_scores, state, start, end, n):
    """You keep the token that goes in, not the one that comes out: the list begins with `start`, and the last
    token is missing.
    """
    return [start, *_greedy_write(next_scores, state, start, end, n)][:-1]


@GREEDY_WRITE.mistake
def input_kept_before_the_question(next_scores, state, start, end, n):
    """You keep the token that goes in, not the one that comes out, so the list begins with `start`."""
    return [start, *_greedy_write(next_scores, state, start, end, n)][:n]


@GREEDY_WRITE.mistake
def least_likely(next_scores, state, start, end, n):
    """You take the token with the lowest logit. The likeliest token has the highest."""
    return _until_end(_written(lambda *now: _negated(next_scores(*now)), state, start, end, n), end)


def _negated(step):
    return -step[0], step[1]


@GREEDY_WRITE.mistake
def from_token_0(next_scores, state, start, end, n):
    """You begin with token 0. The first token that the decoder reads is `start`."""
    return _greedy_write(next_scores, state, 0, end, n)


@GREEDY_WRITE.mistake
def from_a_blank_state(next_scores, state, start, end, n):
    """You begin with a state of zeros. `state` is what the encoder has understood: begin with that."""
    return _greedy_write(next_scores, 0 * state, start, end, n)


@GREEDY_WRITE.mistake
def first_lost(next_scores, state, start, end, n):
    """The first token is missing. `start` is not in the list of what was written, so nothing has to be cut off."""
    return _greedy_write(next_scores, state, start, end, n)[1:]


@GREEDY_WRITE.mistake
def last_lost(next_scores, state, start, end, n):
    """The last token is missing. `end` never gets into the list if you ask before you append, and then nothing has
    to be cut off.
    """
    return _greedy_write(next_scores, state, start, end, n)[:-1]


@GREEDY_WRITE.mistake
def last_token_only(next_scores, state, start, end, n):
    """This is one token. Return the list of all of them."""
    return (_greedy_write(next_scores, state, start, end, n) or [end])[-1]


@GREEDY_WRITE.mistake
def only_the_first_step(next_scores, state, start, end, n):
    """You return after the first token. Is your `return` inside the loop?"""
    return _greedy_write(next_scores, state, start, end, 1)


@GREEDY_WRITE.mistake
def stops_before_a_repeat(next_scores, state, start, end, n):
    """You stop when a token repeats the one before it. Texts may repeat themselves; only `end` ends them."""
    tokens = _greedy_write(next_scores, state, start, end, n)
    same = (k + 1 for k in range(len(tokens) - 1) if tokens[k] == tokens[k + 1])
    return tokens[: next(same, max(len(tokens) - 1, 0))]


@GREEDY_WRITE.mistake
def end_is_skipped(next_scores, state, start, end, n):
    """When `end` is the likeliest, you leave it out and go on writing. It says that the text is over."""
    tokens, token = [], start
    for _ in range(20 * n):
        s, state = next_scores(token, state)
        token = int(np.argmax(s))
        tokens += [token] * (token != end)
        if len(tokens) == n:
            break
    return tokens


@GREEDY_WRITE.mistake
def end_is_ruled_out(next_scores, state, start, end, n):
    """You never let the decoder choose `end`, so it always writes n tokens. With `end` it says that it is done."""
    tokens, token = [], start
    for _ in range(n):
        s, state = next_scores(token, state)
        token = int(np.argmax(np.where(np.arange(len(s)) == end, -np.inf, s)))
        tokens.append(token)
    return tokens


@GREEDY_WRITE.mistake
def second_likeliest(next_scores, state, start, end, n):
    """You take the second highest logit. The likeliest token has the highest."""
    tokens, token = [], start
    for _ in range(n):
        s, state = next_scores(token, state)
        token = int(np.argsort(s)[-2])
        if token == end:
            break
        tokens.append(token)
    return tokens


@GREEDY_WRITE.mistake
def zero_is_the_end(next_scores, state, start, end, n):
    """You stop at token 0. The token that ends a text is the argument `end`."""
    return _until_end(_written(next_scores, state, start, end, n), 0)


@GREEDY_WRITE.mistake
def filled_up(next_scores, state, start, end, n):
    """You pad the text with `end` until it has n tokens. Return the tokens that were written, and no more."""
    tokens = _greedy_write(next_scores, state, start, end, n)
    return tokens + [end] * (n - len(tokens))


# ---------------------------------------------------------------- attention


def softmax(s, axis=-1):
    """Return probabilities along the last axis of s."""
    e = np.exp(s - s.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _scaled(q, k):
    return q @ k.T / np.sqrt(k.shape[1])


def _masked(scores, mask):
    return np.where(mask > 0, scores, -np.inf)


def _looked_up(weights, v):
    return weights @ v, weights


def _attend(q, k, v, mask):
    return _looked_up(softmax(_masked(_scaled(q, k), mask)), v)


def _attention_cases(rng):
    """Padding lies in the middle as well, and its keys fit the queries well: to look at it would show.

    At the edge, one query fits no key: a number that is low elsewhere would be the largest of its scores.
    """
    cases = []
    for N, T, H, D in ((3, 6, 4, 5), (5, 7, 9, 2)):
        # The last step is a real one, so that no padding is at the end alone.
        mask = np.append(rng.permutation(np.repeat([1.0, 0.0], (T - 3, 2))), 1.0)
        k = normal(rng, T, H) * np.where(mask > 0, 1.0, 2.0)[:, None]
        cases.append(Case((normal(rng, N, H), k, normal(rng, T, D), mask)))
    q, mask = np.stack([normal(rng, 3), rng.uniform(-240, -200, size=3)]), np.array([1.0, 0, 1, 0, 1])
    k = rng.uniform(0.8, 0.9, size=(5, 3)) * rng.permutation([1.0, 1.4, 1.8, 2.2, 2.6])[:, None]
    zero = normal(rng, 4, 2)
    zero[1] = 0.0
    return [
        *cases,
        edge("when all scores of a query are far below 0", q, k, normal(rng, 5, 4), mask),
        edge("with a single query", normal(rng, 1, 3), normal(rng, 5, 3), normal(rng, 5, 4), mask),
        edge("without padding", *(normal(rng, n, 3) for n in (2, 4, 4)), np.ones(4)),
        edge(
            "with a single real step", *(normal(rng, n, 3) for n in (2, 4, 4)), rng.permutation(np.eye(4)[0])
        ),
        edge(
            "with keys of a single number",
            normal(rng, 3, 1),
            normal(rng, 4, 1),
            normal(rng, 4, 2),
            np.ones(4),
        ),
        edge("when a key is all zeros", normal(rng, 3, 2), zero, normal(rng, 4, 3), np.array([1.0, 1, 1, 0])),
        edge(SAME_SIZES, *normal(rng, 3, 4, 4), rng.permutation([1.0, 0.0, 1.0, 1.0])),
    ]


ATTENTION = task(
    "attention",
    reference=_attend,
    cases=_attention_cases,
    outputs=("context", "weights"),
    forbidden=ENGINES,
)


@ATTENTION.mistake
def softmax_over_the_queries(q, k, v, mask):
    """Your softmax runs over the queries, so each step is shared out among them, and padding gives 0/0. Each query
    shares itself out among the steps: the weights of a row sum to 1.
    """
    scores = np.where(mask > 0, q @ k.T / np.sqrt(k.shape[1]), -np.inf)
    return _looked_up(softmax(scores.T).T, v)


@ATTENTION.mistake
def summed_over_the_queries(q, k, v, mask):
    """The exponentials are right, but you divide them by sums over the queries, and at padding by 0. Each query
    shares itself out among the steps: the weights of a row sum to 1.
    """
    scores = _masked(_scaled(q, k), mask)
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return _looked_up(e / e.sum(axis=0), v)


@ATTENTION.mistake
def not_scaled(q, k, v, mask):
    """The scores are not divided by anything. Dot products of long vectors are large, and the softmax then nearly
    picks a single step.
    """
    return _looked_up(softmax(_masked(q @ k.T, mask)), v)


@ATTENTION.mistake
def divided_by_the_size(q, k, v, mask):
    """You divide the scores by the size of the keys. Divide by its square root."""
    return _looked_up(softmax(_masked(q @ k.T / k.shape[1], mask)), v)


@ATTENTION.mistake
def scaled_by_the_steps(q, k, v, mask):
    """You divide by the root of the number of steps. A dot product has as many terms as a key has entries."""
    return _looked_up(softmax(_masked(q @ k.T / np.sqrt(len(k)), mask)), v)


@ATTENTION.mistake
def scaled_by_the_values(q, k, v, mask):
    """You divide by the root of the size of the values. The scores are dot products of queries and keys."""
    return _looked_up(softmax(_masked(q @ k.T / np.sqrt(v.shape[1]), mask)), v)


@ATTENTION.mistake
def scaled_up(q, k, v, mask):
    """You multiply by the root where you should divide. The scores should become smaller."""
    return _looked_up(softmax(_masked(q @ k.T * np.sqrt(k.shape[1]), mask)), v)


@ATTENTION.mistake
def mask_ignored(q, k, v, mask):
    """`mask` is never used, so some weight goes to padding."""
    return _looked_up(softmax(_scaled(q, k)), v)


@ATTENTION.mistake
def mask_after_softmax(q, k, v, mask):
    """Padding has weight 0, but the weights of a row no longer sum to 1: part of them was spent on padding and is
    lost. Mask before the softmax.
    """
    return _looked_up(softmax(_scaled(q, k)) * mask, v)


@ATTENTION.mistake
def scores_times_mask(q, k, v, mask):
    """You set the scores of padding to 0. The exponential of 0 is 1, so padding still gets weight. Which score has
    an exponential of 0?
    """
    return _looked_up(softmax(_scaled(q, k) * mask), v)


@ATTENTION.mistake
def one_taken_off(q, k, v, mask):
    """You make the scores of padding only a little smaller, so padding still gets some weight."""
    return _looked_up(softmax(_scaled(q, k) - (1 - mask)), v)


@ATTENTION.mistake
def mask_upside_down(q, k, v, mask):
    """Your mask is upside down: only padding gets weight. 1 marks a real step."""
    return _looked_up(softmax(_masked(_scaled(q, k), 1 - mask)), v)


@ATTENTION.mistake
def values_masked_only(q, k, v, mask):
    """You set the values of padding to 0. It still takes its share of the weights."""
    return _looked_up(softmax(_scaled(q, k)), v * mask[:, None])[0], softmax(_scaled(q, k))


@ATTENTION.mistake
def keys_masked_only(q, k, v, mask):
    """You set the keys of padding to 0. That makes their scores 0, and the exponential of 0 is 1."""
    return _looked_up(softmax(_scaled(q, k * mask[:, None])), v * mask[:, None])


@ATTENTION.mistake
def softmax_over_queries(q, k, v, mask):
    """Your columns sum to 1. A softmax for each query runs over the steps: every row should sum to 1."""
    return _looked_up(softmax(_scaled(q, k), axis=0) * mask, v)


@ATTENTION.mistake
def keys_averaged(q, k, v, mask):
    """The weights are right, but you average the keys. The keys say where to look, the values what is there."""
    _, weights = _attend(q, k, v, mask)
    return weights @ k, weights


@ATTENTION.mistake
def divided_by_the_steps(q, k, v, mask):
    """The weights are right. A weighted sum needs no further division: the weights sum to 1 already."""
    context, weights = _attend(q, k, v, mask)
    return context / len(k), weights


@ATTENTION.mistake
def plain_mean(q, k, v, mask):
    """All your weights are equal. They should depend on how well a key fits the query."""
    return _looked_up(np.ones((len(q), 1)) * mask / mask.sum(), v)


@ATTENTION.mistake
def best_step_only(q, k, v, mask):
    """Each of your queries takes the value of one step, the one that fits best. Attention is a mixture of all real
    steps.
    """
    best = _masked(_scaled(q, k), mask).argmax(axis=1)
    return _looked_up(np.eye(len(k))[best], v)


@ATTENTION.mistake
def without_exponentials(q, k, v, mask):
    """You divide the scores by their sum. Scores can be negative, weights cannot: which function do they need
    first?
    """
    scores = _scaled(q, k) * mask
    return _looked_up(scores / scores.sum(axis=1, keepdims=True), v)


@ATTENTION.mistake
def scores_for_weights(q, k, v, mask):
    """You use the scores as weights. They can be negative, and they do not sum to 1."""
    return _looked_up(_scaled(q, k) * mask, v)


@ATTENTION.mistake
def scores_returned(q, k, v, mask):
    """The context is right, but the second output holds the scores. Return the weights that you averaged with."""
    context, _ = _attend(q, k, v, mask)
    return context, _scaled(q, k)


@ATTENTION.mistake
def weights_transposed(q, k, v, mask):
    """The context is right, but the weights are transposed: a row for each query, a column for each step."""
    context, weights = _attend(q, k, v, mask)
    return context, weights.T


@ATTENTION.mistake
def weights_first(q, k, v, mask):
    """Both outputs are right, but in the wrong order. The context comes first."""
    return _attend(q, k, v, mask)[::-1]


@ATTENTION.mistake
def all_scores_at_once(q, k, v, mask):
    """All your weights together sum to 1. Each query has weights of its own: every row should sum to 1."""
    e = np.exp(_masked(_scaled(q, k), mask))
    return _looked_up(e / e.sum(), v)


@ATTENTION.mistake
def root_of_the_queries(q, k, v, mask):
    """You divide by the root of the number of queries. A dot product has as many terms as a key has entries."""
    s = np.where(mask == 1, q @ k.T / np.sqrt(len(q)), -np.inf)
    e = np.exp(s - s.max(axis=1, keepdims=True))
    w = e / e.sum(axis=1, keepdims=True)
    return w @ v, w


@ATTENTION.mistake
def cosines(q, k, v, mask):
    """You divide by the lengths of the query and the key, so your scores are cosines. The formula divides by √H
    alone.
    """
    lengths = np.linalg.norm(q, axis=1, keepdims=True) * np.linalg.norm(k, axis=1)
    s = np.where(mask == 1, q @ k.T / lengths, -np.inf)
    e = np.exp(s - s.max(axis=1, keepdims=True))
    w = e / e.sum(axis=1, keepdims=True)
    return w @ v, w


@ATTENTION.mistake
def padding_nearly_shut_out(q, k, v, mask):
    """Padding still gets a little weight: its scores are low, but not low enough. Which score has an exponential of
    exactly 0?
    """
    return _looked_up(softmax(np.where(mask == 1, _scaled(q, k), -10.0)), v)


@ATTENTION.mistake
def low_but_not_the_lowest(q, k, v, mask):
    """The score that you give to padding is low, but for another query the real scores may be lower still, and then
    padding gets all the weight. Which score has an exponential of exactly 0, however low the others are?
    """
    return _looked_up(softmax(np.where(mask == 1, _scaled(q, k), -100.0)), v)


# ---------------------------------------------------------------- reading from both ends


def read(x, p):
    """Return all states (T, B, H) of a plain RNN that reads x (T, B, D) from the first step to the last."""
    h_t, h = np.zeros((x.shape[1], len(p["W_hh"]))), []
    for x_t in x:
        h_t = rnn_step(x_t, h_t, p)
        h.append(h_t)
    return np.stack(h)


def _real(x, lengths):
    return (_steps(len(x)) < lengths)[:, :, None]


def _turned(x, lengths):
    """Return x (T, B, D) with the real steps of every sequence in reverse order, and its padding where it was."""
    steps = _steps(len(x))
    return np.take_along_axis(x, np.where(steps < lengths, lengths - 1 - steps, steps)[:, :, None], axis=0)


def _join(x, lengths, forward, backward):
    return np.concatenate([forward, backward], axis=2) * _real(x, lengths)


def _from_the_end(read, p_bwd, x, lengths):
    return _turned(read(_turned(x, lengths), p_bwd), lengths)


def _both_ways(read, p_fwd, p_bwd, x, lengths):
    return _join(x, lengths, read(x, p_fwd), _from_the_end(read, p_bwd, x, lengths))


def _both_ways_cases(rng):
    def arguments(T, B, D, H_fwd, H_bwd, lengths):
        lengths, x = rng.permutation(lengths), normal(rng, T, B, D)
        weights = [rnn_parameters(rng, D, H) for H in (H_fwd, H_bwd)]
        return Named("read", read), *weights, x * _real(x, lengths), lengths

    zeros = arguments(6, 3, 4, 2, 5, (5, 3, 4))
    zeros[3][1] = 0.0
    return [
        Case(arguments(6, 4, 3, 5, 2, (3, 4, 5, 6))),
        Case(arguments(7, 3, 2, 4, 6, (5, 6, 7))),
        edge("when two sentences are equally long", *arguments(5, 3, 4, 2, 6, (4, 3, 4))),
        edge("when a real word is all zeros", *zeros),
        edge("with a single sentence", *arguments(5, 1, 2, 3, 4, (4,))),
        edge("without padding", *arguments(4, 3, 2, 3, 5, (4, 4, 4))),
        edge(SAME_SIZES, *arguments(4, 4, 4, 4, 4, (4, 1, 3, 2))),
    ]


BOTH_WAYS = task("both_ways", reference=_both_ways, cases=_both_ways_cases, forbidden=ENGINES)


@BOTH_WAYS.mistake
def padding_read_first(read, p_fwd, p_bwd, x, lengths):
    """The forward half is right. Your backward reader begins with the padding, because you reversed the whole
    array. Reverse only the real steps of each sequence.
    """
    return _join(x, lengths, read(x, p_fwd), read(x[::-1], p_bwd)[::-1])


@BOTH_WAYS.mistake
def lengths_ignored(read, p_fwd, p_bwd, x, lengths):
    """You never use `lengths`. So the backward reader begins with padding, and the steps of padding hold
    states instead of zeros.
    """
    return np.concatenate([read(x, p_fwd), read(x[::-1], p_bwd)[::-1]], axis=2)


@BOTH_WAYS.mistake
def not_turned_back(read, p_fwd, p_bwd, x, lengths):
    """The backward reader read the right words in the right order. But its states are still in *its* order:
    beside the first word is what it knew after the last one. Its states have to be reversed, too.
    """
    return _join(x, lengths, read(x, p_fwd), read(_turned(x, lengths), p_bwd))


@BOTH_WAYS.mistake
def array_not_turned_back(read, p_fwd, p_bwd, x, lengths):
    """The forward half is right. The other half has two bugs: you reversed the whole array instead of the
    real steps, so its reader begins with padding, and its states were not reversed back.
    """
    return _join(x, lengths, read(x, p_fwd), read(x[::-1], p_bwd))


@BOTH_WAYS.mistake
def array_turned_once(read, p_fwd, p_bwd, x, lengths):
    """The first half is right at the real steps. The second reader begins with padding, its states are in the
    order in which it read, and the steps of padding are not 0. Begin with a helper that reverses the first
    `lengths[b]` steps of each sequence.
    """
    return np.concatenate([read(x, p_fwd), read(x[::-1], p_bwd)], axis=2)


@BOTH_WAYS.mistake
def both_read_forward(read, p_fwd, p_bwd, x, lengths):
    """Both halves have read from the beginning to the end. The second reader should begin with the last real
    word.
    """
    return _join(x, lengths, read(x, p_fwd), read(x, p_bwd))


@BOTH_WAYS.mistake
def backward_half_first(read, p_fwd, p_bwd, x, lengths):
    """Both halves are right, but in the wrong order: the forward states come first."""
    return _join(x, lengths, _from_the_end(read, p_bwd, x, lengths), read(x, p_fwd))


@BOTH_WAYS.mistake
def padding_not_zero(read, p_fwd, p_bwd, x, lengths):
    """All real steps are right. Set the steps of padding to 0, so that nobody mistakes a state left there for
    an answer.
    """
    return np.concatenate([read(x, p_fwd), _from_the_end(read, p_bwd, x, lengths)], axis=2)


@BOTH_WAYS.mistake
def one_set_of_weights(read, p_fwd, p_bwd, x, lengths):
    """Both readers use the same weights, `p_fwd`. Two readers have two sets of weights, because they learn
    different things.
    """
    return _join(x, lengths, read(x, p_fwd), _from_the_end(read, p_fwd, x, lengths))


@BOTH_WAYS.mistake
def weights_swapped(read, p_fwd, p_bwd, x, lengths):
    """Both readers read in the right order, but with each other's weights: `p_fwd` belongs to the one that reads
    forward.
    """
    return _join(x, lengths, read(x, p_bwd), _from_the_end(read, p_fwd, x, lengths))


@BOTH_WAYS.mistake
def both_from_the_end(read, p_fwd, p_bwd, x, lengths):
    """Both halves have read from the end to the beginning. The first reader should begin with the first word."""
    return _join(x, lengths, _from_the_end(read, p_fwd, x, lengths), _from_the_end(read, p_bwd, x, lengths))


@BOTH_WAYS.mistake
def states_turned_only(read, p_fwd, p_bwd, x, lengths):
    """The second reader has read forward, and its states were reversed afterward. Reverse what it reads as well."""
    return _join(x, lengths, read(x, p_fwd), _turned(read(x, p_bwd), lengths))


@BOTH_WAYS.mistake
def batch_reversed(read, p_fwd, p_bwd, x, lengths):
    """You reversed the batch, so the second reader reads the sentences of the neighbors. Time is the first axis."""
    return _join(x, lengths, read(x, p_fwd), read(x[:, ::-1], p_bwd)[:, ::-1][:, ::-1])


@BOTH_WAYS.mistake
def features_reversed(read, p_fwd, p_bwd, x, lengths):
    """You reversed the features of each word. Time is the first axis, and it is the order of the words that
    changes.
    """
    return _join(x, lengths, read(x, p_fwd), read(x[:, :, ::-1], p_bwd))


@BOTH_WAYS.mistake
def last_word_not_read(read, p_fwd, p_bwd, x, lengths):
    """The second reader does not begin with the last real word: it leaves that word where it is and begins
    with the one before it. A sentence of three words fills steps 0, 1 and 2.
    """
    return _join(x, lengths, read(x, p_fwd), _from_the_end(read, p_bwd, x, lengths - 1))


@BOTH_WAYS.mistake
def one_step_of_padding(read, p_fwd, p_bwd, x, lengths):
    """The second reader begins with one step of padding: you reverse one step too many. A sentence of three
    words fills steps 0, 1 and 2.
    """
    one_more = np.minimum(lengths + 1, len(x))
    return _join(x, lengths, read(x, p_fwd), _from_the_end(read, p_bwd, x, one_more))


@BOTH_WAYS.mistake
def mask_too_long(read, p_fwd, p_bwd, x, lengths):
    """The states are right, but the first step of padding is not 0. Steps are counted from 0."""
    return _join(x, lengths + 1, read(x, p_fwd), _from_the_end(read, p_bwd, x, lengths))


@BOTH_WAYS.mistake
def mask_too_short(read, p_fwd, p_bwd, x, lengths):
    """The states are right, but those at the last real word were set to 0. Steps are counted from 0."""
    return _join(x, lengths - 1, read(x, p_fwd), _from_the_end(read, p_bwd, x, lengths))


@BOTH_WAYS.mistake
def forward_padding_left(read, p_fwd, p_bwd, x, lengths):
    """In the backward half, padding is 0 as it should be. In the forward half it still holds states."""
    backward = _from_the_end(read, p_bwd, x, lengths) * _real(x, lengths)
    return np.concatenate([read(x, p_fwd), backward], axis=2)


@BOTH_WAYS.mistake
def backward_padding_left(read, p_fwd, p_bwd, x, lengths):
    """In the forward half, padding is 0 as it should be. In the backward half it still holds states."""
    forward = read(x, p_fwd) * _real(x, lengths)
    return np.concatenate([forward, _from_the_end(read, p_bwd, x, lengths)], axis=2)


@BOTH_WAYS.mistake
def same_summary_everywhere(read, p_fwd, p_bwd, x, lengths):
    """Every word gets the same backward state, the one of the whole sentence. At each word we want what the
    second reader knows when it gets there.
    """
    summary = _from_the_end(read, p_bwd, x, lengths)[:1]
    return _join(x, lengths, read(x, p_fwd), np.repeat(summary, len(x), axis=0))


@BOTH_WAYS.mistake
def forward_only(read, p_fwd, p_bwd, x, lengths):
    """This is the forward half alone. The states of the second reader belong beside it, along the last axis."""
    return read(x, p_fwd) * _real(x, lengths)


# ---------------------------------------------------------------- beam search


def _beams(score, start, n, width, rank):
    """Return the beams (tokens, steps' scores) after n tokens, the best first; rank: what they are sorted by."""
    beams = [((start,), ())]
    for _ in range(n):
        longer = [
            ((*tokens, k), (*scores, score[tokens[-1], k]))
            for (tokens, scores), k in product(beams, range(len(score)))
        ]
        beams = sorted(longer, key=lambda beam: rank(beam[1]), reverse=True)[:width]
    return beams


def _told(beam):
    tokens, scores = beam
    return [int(k) for k in tokens[1:]], float(sum(scores))


def _beam_search(log_p, start, n, width):
    return _told(_beams(log_p, start, n, width, sum)[0])


# Seeds of tables on which the mistakes lead to texts of their own, found by search: on most tables beam search and
# greedy decoding agree. The tokens are renamed and all logits moved a little, so that no two checks see the same one.
_GARDEN_PATHS = (  # seed, V, n, width, found
    (19866, 6, 4, 3, (1, 3, 0)),
    (20809, 7, 5, 2, (1, 4, 5, 6, 2)),
    (11360, 8, 4, 3, (2, 1, 5)),
)
_MOVED = 0.003


def _beam_cases(rng):
    return [
        *(_beam_case(rng, *path) for path in _GARDEN_PATHS),
        _late_bloomer(rng),
        edge("with `width=1`", _log_table(rng, 6), 2, 4, 1),
        edge("with `n=1`", _log_table(rng, 6), 4, 1, 3),
        edge("when `width` is larger than V", _WIDE, 0, 3, 5),
    ]


_WIDE = np.log(
    [[0.42, 0.04, 0.23, 0.31], [0.78, 0.03, 0.18, 0.01], [0.05, 0.36, 0.56, 0.03], [0.57, 0.4, 0.02, 0.01]]
)
"""To keep only V texts misses the best: its first two tokens are the fifth of all pairs."""


def _log_table(rng, V):
    """Return log-probabilities (V, V) of the next token, by token."""
    return log_softmax(normal(rng, V, V))


def _late_bloomer(rng):
    """Return a table on which the best text of two tokens begins with the last of the four beginnings that are kept."""
    V, width = 7, 4
    start, *first = rng.permutation(V)
    s = normal(rng, V, V, scale=0.1)
    s[start, first[:width]] += np.array([2.0, 1.8, 1.6, 1.4])
    s[first[width - 1], first[-1]] += 5.0
    about = "when the best text begins with the last of the beginnings that are kept"
    return edge(about, log_softmax(s), int(start), 2, width)


def _beam_case(rng, seed, V, n, width, found):
    s, renamed = np.random.default_rng(seed).normal(size=(V, V)), _renamed(rng, V, (0, n, width), found)
    s = (s + _MOVED * rng.uniform(-1, 1, size=s.shape))[np.ix_(renamed, renamed)]
    log_p = log_softmax(s)
    return Case((log_p, int(np.flatnonzero(renamed == 0)[0]), n, width))


def _renamed(rng, V, avoided, found):
    """Return new names of the tokens: `start`, the first, is none of the numbers that are avoided, and the text that
    is found holds the first and the last of the new names.
    """
    while True:
        renamed = rng.permutation(V)
        start = int(np.flatnonzero(renamed == 0)[0])
        if start not in avoided and renamed[0] in found and renamed[-1] in found:
            return renamed


BEAM_SEARCH = task(
    "beam_search",
    reference=_beam_search,
    cases=_beam_cases,
    outputs=("tokens", "log_p"),
    forbidden=ENGINES,
)


@BEAM_SEARCH.mistake
def greedy(log_p, start, n, width):
    """This is the greedy text: one beginning, always with its likeliest next token. `width` says how many
    beginnings are kept; one that is second now may be first in the end.
    """
    return _beam_search(log_p, start, n, 1)


@BEAM_SEARCH.mistake
def own_best_only(log_p, start, n, width):
    """You keep several beginnings, but each goes on with its own likeliest token only. All continuations have
    to compete: two of the best may have the same beginning.
    """
    # Every beam goes on with its own likeliest token, so that all of them stay in the race to the end.
    texts = []
    for first in np.argsort(-log_p[start])[:width]:
        rest, score = _beam_search(log_p, int(first), n - 1, 1)
        texts.append(([int(first), *rest], float(score + log_p[start, first])))
    return max(texts, key=lambda text: text[1])


@BEAM_SEARCH.mistake
def last_step_only(log_p, start, n, width):
    """You sort the beginnings by their last token alone and forget what came before it. Sort by the
    log-probability of the whole text so far.
    """
    return _told(_beams(log_p, start, n, width, lambda scores: scores[-1])[0])


@BEAM_SEARCH.mistake
def worst_kept(log_p, start, n, width):
    """You keep the least likely beginnings. `sorted` and `np.argsort` begin with the smallest;
    log-probabilities are below 0, and the likeliest is the one nearest to 0.
    """
    return _told(_beams(log_p, start, n, width, lambda scores: -sum(scores))[0])


@BEAM_SEARCH.mistake
def probabilities_added(log_p, start, n, width):
    """You add probabilities. The probability of a text is the product of those of its tokens; a product
    becomes a sum when you add logarithms.
    """
    return _told(_beams(np.exp(log_p), start, n, width, sum)[0])


@BEAM_SEARCH.mistake
def logs_multiplied(log_p, start, n, width):
    """You multiply log-probabilities. Probabilities are multiplied; their logarithms are added. (And a sum
    begins with 0, not with 1.)
    """
    tokens, scores = _beams(log_p, start, n, width, np.prod)[0]
    return [int(k) for k in tokens[1:]], float(np.prod(scores))


@BEAM_SEARCH.mistake
def every_text(log_p, start, n, width):
    """This is the likeliest of all texts, found exactly. Beam search does less: it keeps `width` beginnings
    at every step, drops all others for good, and may miss the best one.
    """
    # The likeliest text of all, found exactly: for every last token, the best way to it.
    best = {int(k): ([int(k)], log_p[start, k]) for k in range(len(log_p))}
    for _ in range(n - 1):
        ways = {k: [([*tokens, k], s + log_p[j, k]) for j, (tokens, s) in best.items()] for k in best}
        best = {k: max(found, key=lambda way: way[1]) for k, found in ways.items()}
    tokens, s = max(best.values(), key=lambda way: way[1])
    return tokens, float(s)


@BEAM_SEARCH.mistake
def writes_the_start(log_p, start, n, width):
    """Your text contains the start token. The first token follows it; it is not part of the text."""
    tokens, score = _beam_search(log_p, start, n, width)
    return [start, *tokens], score


@BEAM_SEARCH.mistake
def a_probability(log_p, start, n, width):
    """This is the probability of the text itself. Return its logarithm, the sum that you sorted by. (For long
    texts the probability becomes so small that a computer rounds it to 0.)
    """
    tokens, score = _beam_search(log_p, start, n, width)
    return tokens, float(np.exp(score))


@BEAM_SEARCH.mistake
def start_at_every_step(log_p, start, n, width):
    """Every token is taken as the one after `start`. Look into the row of the last token of each beginning."""
    return _beam_search(np.repeat(log_p[[start]], len(log_p), axis=0), start, n, width)


@BEAM_SEARCH.mistake
def starts_at_token_0(log_p, start, n, width):
    """Your first token follows token 0. It should follow `start`."""
    return _beam_search(log_p, 0, n, width)


@BEAM_SEARCH.mistake
def table_transposed(log_p, start, n, width):
    """You read the table by columns. `log_p[a, b]` says how likely b is after a: the row is the token before."""
    return _beam_search(log_p.T, start, n, width)


@BEAM_SEARCH.mistake
def one_token_short(log_p, start, n, width):
    """Your text is one token short. `start` is not one of the n tokens."""
    return _beam_search(log_p, start, n - 1, width)


@BEAM_SEARCH.mistake
def one_token_more(log_p, start, n, width):
    """Your text is one token too long. How many times does your loop run?"""
    return _beam_search(log_p, start, n + 1, width)


@BEAM_SEARCH.mistake
def one_beam_less(log_p, start, n, width):
    """You keep one beginning fewer than `width`. A slice already stops one before its end."""
    return _beam_search(log_p, start, n, width - 1)


@BEAM_SEARCH.mistake
def one_beam_more(log_p, start, n, width):
    """You keep one beginning more than `width`, and so you find a text that should have been dropped."""
    return _beam_search(log_p, start, n, width + 1)


@BEAM_SEARCH.mistake
def last_of_the_kept(log_p, start, n, width):
    """The search is right, but at the end you return the least likely of the texts that were kept."""
    return _told(_beams(log_p, start, n, width, sum)[-1])


@BEAM_SEARCH.mistake
def all_beams(log_p, start, n, width):
    """You return all the texts that were kept. Return the best one: a single list of tokens, and one number."""
    told = [_told(beam) for beam in _beams(log_p, start, n, width, sum)]
    return [tokens for tokens, _ in told], [score for _, score in told]


@BEAM_SEARCH.mistake
def mean_per_token(log_p, start, n, width):
    """The text is right, and the number is the mean per token. Return the sum, the log-probability of the text."""
    tokens, score = _beam_search(log_p, start, n, width)
    return tokens, score / n


@BEAM_SEARCH.mistake
def first_step_not_counted(log_p, start, n, width):
    """The probability of the first token is missing from the sum. That token follows `start`."""
    tokens, scores = _beams(log_p, start, n, width, lambda scores: sum(scores[1:]))[0]
    return [int(k) for k in tokens[1:]], float(sum(scores[1:]))


@BEAM_SEARCH.mistake
def first_step_not_added(log_p, start, n, width):
    """The text is right, but the log-probability of its first token is missing from the sum."""
    tokens, score = _beam_search(log_p, start, n, width)
    return tokens, float(score - log_p[start, tokens[0]])


@BEAM_SEARCH.mistake
def last_step_not_added(log_p, start, n, width):
    """The text is right, but the log-probability of its last token is missing from the sum."""
    tokens, score = _beam_search(log_p, start, n, width)
    return tokens, float(score - log_p[[start, *tokens][-2], tokens[-1]])


@BEAM_SEARCH.mistake
def last_step_returned(log_p, start, n, width):
    """The text is right, but the number is that of its last token alone. Add up the log-probabilities of all n."""
    tokens, _ = _beam_search(log_p, start, n, width)
    return tokens, float(log_p[[start, *tokens][-2], tokens[-1]])


@BEAM_SEARCH.mistake
def sign_turned(log_p, start, n, width):
    """The sign of the log-probability is wrong: the logarithm of a number below 1 is negative."""
    tokens, score = _beam_search(log_p, start, n, width)
    return tokens, -score


@BEAM_SEARCH.mistake
def one_beginning_first(log_p, start, n, width):
    """After the first step you keep a single beginning. Keep `width` of them from the first step on."""
    first = int(np.argmax(log_p[start]))
    tokens, score = _beam_search(log_p, first, n - 1, width)
    return [first, *tokens], float(log_p[start, first] + score)


@BEAM_SEARCH.mistake
def no_repeats(log_p, start, n, width):
    """You never write a token twice. A text may repeat a token."""
    beams = [((start,), ())]
    for _ in range(n):
        grown = [
            ((*tokens, k), (*scores, score))
            for tokens, scores in beams
            for k, score in enumerate(log_p[tokens[-1]])
            if k not in tokens[1:]
        ]
        beams = sorted(grown, key=lambda beam: sum(beam[1]), reverse=True)[:width]
    return _told(beams[0])


@BEAM_SEARCH.mistake
def tokens_backward(log_p, start, n, width):
    """The right tokens, in reverse order. The first token of the text comes first."""
    tokens, score = _beam_search(log_p, start, n, width)
    return tokens[::-1], score


@BEAM_SEARCH.mistake
def logs_taken_again(log_p, start, n, width):
    """You take the logarithm of `log_p`, which holds logarithms already. The logarithm of a negative number is
    not a number.
    """
    tokens, _ = _beam_search(log_p, start, n, width)
    return tokens, float("nan")


@BEAM_SEARCH.mistake
def best_of_each(log_p, start, n, width):
    """You extend each beginning by its `width` best tokens and keep all results, so their number grows with every step.
    All results together compete, and only `width` of them are kept.
    """
    beams = [([], 0.0)]
    for _ in range(n):
        beams = [
            ([*tokens, int(b)], total + log_p[last, b])
            for tokens, total in beams
            for last in [tokens[-1] if tokens else start]
            for b in np.argsort(-log_p[last])[:width]
        ]
    return max(beams, key=lambda beam: beam[1])
