"""Chapter 07: teacher forcing, two scores, which steps count, writing, reading from both ends, beam search."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np

from rnncourse.checks.bank.inputs import normal, rnn_parameters
from rnncourse.checks.bank.statements import task
from rnncourse.checks.task import ENGINES, Case, Named
from rnncourse.in_numpy import rnn_step

# ---------------------------------------------------------------- teacher forcing


def _start_row(y, start):
    return np.full((1, y.shape[1]), start)


def _teacher_inputs(y, start):
    return np.concatenate([_start_row(y, start), y[:-1]])


def _teacher_cases(rng):
    return [Case((rng.integers(V, size=(T, B)), V)) for T, B, V in ((5, 3, 9), (7, 2, 12))]


TEACHER_INPUTS = task("teacher_inputs", reference=_teacher_inputs, cases=_teacher_cases, timed=("result",))


@TEACHER_INPUTS.mistake
def not_shifted(y, start):
    """These are the answers themselves. At every step the net would be told the very letter that it is asked
    for, and would learn to copy. When it writes alone, nobody tells it.
    """
    return y.copy()


@TEACHER_INPUTS.mistake
def start_over_the_first(y, start):
    """The start token took the place of the first answer, and the other answers did not move. From the second
    step on the net is told what it is asked for.
    """
    return np.concatenate([_start_row(y, start), y[1:]])


@TEACHER_INPUTS.mistake
def shifted_the_other_way(y, start):
    """You moved the answers one step towards the beginning: the net is told the letter after the one it is
    asked for. It should be told the one before.
    """
    return np.concatenate([y[1:], _start_row(y, start)])


@TEACHER_INPUTS.mistake
def rolled(y, start):
    """`np.roll` brings the last answer round to the first step. At the first step nothing has been written
    yet. What says so?
    """
    return np.roll(y, 1, axis=0)


@TEACHER_INPUTS.mistake
def one_step_longer(y, start):
    """Your inputs are one step longer than the answers. The last answer is never an input: after it nothing
    more is asked for.
    """
    return np.concatenate([_start_row(y, start), y])


@TEACHER_INPUTS.mistake
def shifted_along_the_batch(y, start):
    """You moved along the second axis, so each sequence is told what its neighbour should write. The first
    axis is time.
    """
    return np.concatenate([np.full((len(y), 1), start), y[:, :-1]], axis=1)


@TEACHER_INPUTS.mistake
def shifted_in_place(y, start):
    """The inputs are right, but `y` has been changed on the way, and the loss still needs it: those are the
    answers. Build a new array instead of writing into the old one.
    """
    y[1:] = y[:-1].copy()
    y[0] = start
    return y


# ---------------------------------------------------------------- two scores, to be mended


def _right(predicted, y):
    return predicted == y


def _letters_right(predicted, y, mask):
    return float((_right(predicted, y) * mask).sum() / mask.sum())


def _whole_right(predicted, y, mask):
    return float((_right(predicted, y) | (mask == 0)).all(axis=0).mean())


def _spelling_scores(predicted, y, mask):
    return _letters_right(predicted, y, mask), _whole_right(predicted, y, mask)


def _score_cases(rng):
    return [_telling_scores(rng, 7, 5), _telling_scores(rng, 8, 7)]


def _telling_scores(rng, T, B):
    """Draw names until every mistake shows: each gives scores of its own."""
    while True:
        case = _scored(rng, T, B)
        answers = [
            _spelling_scores(*case.args),
            *(one.answer(*case.args) for one in SPELLING_SCORES.mistakes),
        ]
        if len({tuple(np.round(one, 9)) for one in answers}) == len(answers):
            return case


def _scored(rng, T, B):
    """Return predictions, answers and mask of names: some are perfect, and of some the padding is predicted too."""
    V, lengths = 9, rng.integers(2, T + 1, size=B)
    mask = (np.arange(T)[:, None] < lengths).astype(float)
    y = rng.integers(1, V, size=(T, B)) * mask.astype(np.int64)
    predicted = y.copy()
    for b, length in enumerate(lengths):
        predicted[rng.permutation(length)[: max(0, rng.integers(-1, 3))], b] = V
        if rng.random() < 0.5:
            predicted[length:, b] = rng.integers(1, V)
    return Case((predicted, y, mask))


SPELLING_SCORES = task(
    "spelling_scores", reference=_spelling_scores, cases=_score_cases, outputs=("letters", "whole")
)


@SPELLING_SCORES.mistake
def divided_by_all_places(predicted, y, mask):
    """Padding is left out of what is counted, but not out of what it is divided by. Even a perfect net could
    not reach 1.
    """
    return (
        float((_right(predicted, y) * mask).sum() / mask.size),
        _whole_right(predicted, y, mask),
    )


@SPELLING_SCORES.mistake
def padding_as_letters(predicted, y, mask):
    """The mean goes over all places of the array, padding among them. Short names then have a say about
    letters that do not exist.
    """
    return (float(_right(predicted, y).mean()), _whole_right(predicted, y, mask))


@SPELLING_SCORES.mistake
def padding_as_right(predicted, y, mask):
    """Every place of padding counts as a right letter here. The more padding, the better the score."""
    return (
        float((_right(predicted, y) | (mask == 0)).mean()),
        _whole_right(predicted, y, mask),
    )


@SPELLING_SCORES.mistake
def mean_of_names(predicted, y, mask):
    """This is the mean over names of the share that is right in each. A letter of a short name then weighs
    more than one of a long name. Asked for is the share of all real letters.
    """
    of_each = (_right(predicted, y) * mask).sum(axis=0) / mask.sum(axis=0)
    return float(of_each.mean()), _whole_right(predicted, y, mask)


@SPELLING_SCORES.mistake
def padding_must_be_right(predicted, y, mask):
    """A name counts as wrong here when the net says something odd after its end. Nobody reads on after the
    end. What should a place of padding say to `all`?
    """
    return (
        _letters_right(predicted, y, mask),
        float(_right(predicted, y).all(axis=0).mean()),
    )


@SPELLING_SCORES.mistake
def padding_counts_as_wrong(predicted, y, mask):
    """The product with the mask makes every place of padding 0, and to `all` a 0 is a wrong letter. So only
    names without any padding can be right.
    """
    return (
        _letters_right(predicted, y, mask),
        float((_right(predicted, y) * mask).all(axis=0).mean()),
    )


@SPELLING_SCORES.mistake
def over_the_batch(predicted, y, mask):
    """You ask at which steps all names are right. Asked for is which names are right at all steps: time is
    the first axis.
    """
    return (
        _letters_right(predicted, y, mask),
        float((_right(predicted, y) | (mask == 0)).all(axis=1).mean()),
    )


@SPELLING_SCORES.mistake
def one_letter_is_enough(predicted, y, mask):
    """A name counts here as soon as one of its letters is right. Asked for are the names that are right to
    the last letter.
    """
    return (
        _letters_right(predicted, y, mask),
        float((_right(predicted, y) * mask).any(axis=0).mean()),
    )


@SPELLING_SCORES.mistake
def still_broken(predicted, y, mask):
    """Both scores are still as they were. Try the example above the answer cell by hand: a perfect answer
    must get 1 and 1, whatever stands in the padding.
    """
    right = predicted == y
    letters = (right * mask).sum() / mask.size
    whole = right.all(axis=0).mean()
    return letters, whole


# ---------------------------------------------------------------- which steps count


def _steps(T):
    return np.arange(T)[:, None]


def _answer_mask(pattern, lengths, T):
    counts = _steps(T) < lengths if pattern == "aligned" else _steps(T) == lengths - 1
    return counts.astype(float)


def _mask_cases(rng):
    few, more = rng.permutation([2, 3, 4, 5]), rng.permutation([2, 3, 4, 5, 6])
    patterns = ("many-to-one", "aligned")
    return [Case((pattern, lengths, T)) for lengths, T in ((few, 7), (more, 8)) for pattern in patterns]


ANSWER_MASK = task("answer_mask", reference=_answer_mask, cases=_mask_cases, timed=("result",))


@ANSWER_MASK.mistake
def last_of_all(pattern, lengths, T):
    """The aligned mask is right. For "many-to-one" you mark the last step of the array, which for most
    sequences is padding. Each sequence ends at a step of its own: `lengths` says where.
    """
    late = np.full_like(lengths, T)
    return _answer_mask(pattern, lengths if pattern == "aligned" else late, T)


@ANSWER_MASK.mistake
def one_late(pattern, lengths, T):
    """For "many-to-one" your mark stands one step too late, on padding. A sequence of 3 words fills the steps
    0, 1 and 2.
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
    """For "aligned" you count every step, padding included. A net would then be rewarded for what it says
    about words that are not there.
    """
    return np.ones((T, len(lengths))) if pattern == "aligned" else _answer_mask(pattern, lengths, T)


@ANSWER_MASK.mistake
def always_aligned(pattern, lengths, T):
    """You mark all real steps for both patterns. "many-to-one" means one answer for a whole sequence: how
    many ones should stand in each column then?
    """
    return _answer_mask("aligned", lengths, T)


@ANSWER_MASK.mistake
def patterns_swapped(pattern, lengths, T):
    """The two patterns have changed places: what you return for "aligned" belongs to "many-to-one"."""
    return _answer_mask("aligned" if pattern == "many-to-one" else "", lengths, T)


# ---------------------------------------------------------------- writing, one token after the other

_WEIGHTS = np.random.default_rng(4)
_E, _W, _S = (3 * _WEIGHTS.normal(size=shape) for shape in ((6, 4), (4, 4), (4, 6)))


def next_scores(token, state):
    """Return the scores (6,) of the next token and the new state (4,), given a token and the old state."""
    state = np.tanh(_E[token] + state @ _W)
    return state @ _S, state


def _written(next_scores, state, start, end, n, carry=True, feed=True):
    """Return all n tokens that are likeliest in turn, whatever `end` says; carry, feed: what goes round."""
    tokens, token, first = [], start, state
    for _ in range(n):
        s, state = next_scores(token if feed else start, state if carry else first)
        token = int(np.argmax(s))
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
    """Two texts that end early, and two that go on until n tokens are written."""
    early = [_greedy_case(rng, 9, lambda tokens: 3 <= len(tokens) <= 6) for _ in range(2)]
    return early + [
        _greedy_case(rng, int(n), lambda tokens, n=n: len(tokens) == n) for n in rng.integers(6, 10, size=2)
    ]


def _greedy_case(rng, n, fits: Callable):
    """Draw states until every mistake shows: the text fits, is no plain repetition, and both loops matter."""
    while True:
        state, (start, end) = normal(rng, 4), (int(k) for k in rng.permutation(6)[:2])
        arguments = (next_scores, state, start, end, n)
        tokens = _greedy_write(*arguments)
        answers = [f(*arguments) for f in (_state_not_carried, _not_fed_back)]
        if fits(tokens) and len(set(tokens)) >= 2 and tokens not in answers and answers[0] != answers[1]:
            return Case((Named("next_scores", next_scores), state, start, end, n))


GREEDY_WRITE = task("greedy_write", reference=_greedy_write, cases=_greedy_cases, forbidden=ENGINES)


@GREEDY_WRITE.mistake
def state_not_carried(next_scores, state, start, end, n):
    """Every step begins with the first `state` again. The decoder then knows its last token and nothing else.
    `next_scores` returns two things; the second is meant for the next call.
    """
    return _state_not_carried(next_scores, state, start, end, n)


@GREEDY_WRITE.mistake
def not_fed_back(next_scores, state, start, end, n):
    """The state is carried on, but the decoder is told `start` at every step. It should be told what it has
    just written.
    """
    return _not_fed_back(next_scores, state, start, end, n)


@GREEDY_WRITE.mistake
def keeps_the_end(next_scores, state, start, end, n):
    """The text is right, and `end` stands at its end. That token says that nothing follows; it is no part of
    the text.
    """
    return _keeps_the_end(next_scores, state, start, end, n)


@GREEDY_WRITE.mistake
def never_stops(next_scores, state, start, end, n, carry=True, feed=True):
    """You always write `n` tokens. The decoder has a way to say that it is done, the token `end`; after it
    nothing should be written.
    """
    return _written(next_scores, state, start, end, n, carry, feed)


@GREEDY_WRITE.mistake
def writes_the_start(next_scores, state, start, end, n):
    """Your list begins with the start token. That is what the decoder is told first, not what it wrote."""
    return [start, *_greedy_write(next_scores, state, start, end, n)]


@GREEDY_WRITE.mistake
def both_ends_kept(next_scores, state, start, end, n):
    """The tokens between are right, and your list holds `start` and `end` as well. Neither of them is part of
    the text: one is what the decoder is told first, the other says that it is done.
    """
    return [start, *_keeps_the_end(next_scores, state, start, end, n)]


@GREEDY_WRITE.mistake
def start_counts(next_scores, state, start, end, n):
    """Where the text does not end by itself, yours is one token short. `n` is the number of tokens that are
    written, and the start token is not one of them.
    """
    return _greedy_write(next_scores, state, start, end, n - 1)


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
    cases = []
    for T, B, D, H_fwd, H_bwd in ((6, 4, 3, 5, 2), (7, 3, 2, 4, 6)):
        lengths = rng.permutation(np.arange(T - B + 1, T + 1))
        x = normal(rng, T, B, D)
        weights = [rnn_parameters(rng, D, H) for H in (H_fwd, H_bwd)]
        cases.append(Case((Named("read", read), *weights, x * _real(x, lengths), lengths)))
    return cases


BOTH_WAYS = task("both_ways", reference=_both_ways, cases=_both_ways_cases, forbidden=ENGINES)


@BOTH_WAYS.mistake
def padding_read_first(read, p_fwd, p_bwd, x, lengths):
    """The forward half is right. The backward reader begins with the padding: the whole array was turned
    round, so that the padding comes first and a state has been built up from it before the first real word.
    Turn round the real steps of each sequence only.
    """
    return _join(x, lengths, read(x, p_fwd), read(x[::-1], p_bwd)[::-1])


@BOTH_WAYS.mistake
def lengths_ignored(read, p_fwd, p_bwd, x, lengths):
    """`lengths` is never used. So the backward reader begins with padding, and the steps of padding hold
    states where zeros are asked for.
    """
    return np.concatenate([read(x, p_fwd), read(x[::-1], p_bwd)[::-1]], axis=2)


@BOTH_WAYS.mistake
def not_turned_back(read, p_fwd, p_bwd, x, lengths):
    """The backward reader read the right words in the right order. But its states still stand in *its* order:
    beside the first word lies what it knew after the last one. Its states have to be turned round as well.
    """
    return _join(x, lengths, read(x, p_fwd), read(_turned(x, lengths), p_bwd))


@BOTH_WAYS.mistake
def array_not_turned_back(read, p_fwd, p_bwd, x, lengths):
    """The forward half is right. In the other half two things are amiss: its reader begins with padding,
    because the whole array was turned round and not the real steps alone; and its states were not turned
    back, so beside the first word lies what it knew at the end.
    """
    return _join(x, lengths, read(x, p_fwd), read(x[::-1], p_bwd))


@BOTH_WAYS.mistake
def array_turned_once(read, p_fwd, p_bwd, x, lengths):
    """The first half is right at the real steps. The second reader begins with padding, its states stand in
    the order in which it read, and the steps of padding are not 0. Begin with a helper that turns round the
    first `lengths[b]` steps of each sequence.
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
    """Both halves are right, and they stand in the wrong order: the forward states come first."""
    return _join(x, lengths, _from_the_end(read, p_bwd, x, lengths), read(x, p_fwd))


@BOTH_WAYS.mistake
def padding_not_zero(read, p_fwd, p_bwd, x, lengths):
    """All real steps are right. At the steps of padding zeros are asked for, so that nobody takes a state
    that is left there for an answer.
    """
    return np.concatenate([read(x, p_fwd), _from_the_end(read, p_bwd, x, lengths)], axis=2)


@BOTH_WAYS.mistake
def one_set_of_weights(read, p_fwd, p_bwd, x, lengths):
    """Both readers use the same weights, `p_fwd`. Two readers have two sets of weights, because they learn
    different things.
    """
    return _join(x, lengths, read(x, p_fwd), _from_the_end(read, p_fwd, x, lengths))


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
# greedy writing agree. The tokens are renamed and all scores moved a little, so that no two checks see the same one.
_GARDEN_PATHS = ((548, 5, 4, 2), (2344, 6, 5, 3))  # seed, V, n, width
_MOVED = 0.01


def _beam_cases(rng):
    return [_beam_case(rng, *path) for path in _GARDEN_PATHS]


def _beam_case(rng, seed, V, n, width):
    s, renamed = np.random.default_rng(seed).normal(size=(V, V)), rng.permutation(V)
    s = (s + _MOVED * rng.uniform(-1, 1, size=s.shape))[np.ix_(renamed, renamed)]
    log_p = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
    return Case((log_p, int(np.flatnonzero(renamed == 0)[0]), n, width))


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
    beginnings are kept, and one that is second now may be first in the end.
    """
    return _beam_search(log_p, start, n, 1)


@BEAM_SEARCH.mistake
def own_best_only(log_p, start, n, width):
    """You keep several beginnings, but each of them goes on with its own likeliest token. All their
    continuations have to compete: two of the best may have the same beginning.
    """
    # Every beam goes on with its own likeliest token, so that all of them stay in the race to the end.
    texts = []
    for first in np.argsort(-log_p[start])[:width]:
        rest, score = _beam_search(log_p, int(first), n - 1, 1)
        texts.append(([int(first), *rest], float(score + log_p[start, first])))
    return max(texts, key=lambda text: text[1])


@BEAM_SEARCH.mistake
def last_step_only(log_p, start, n, width):
    """The beginnings are sorted by their last token alone, and what came before it is forgotten. Sort by the
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
    """You add probabilities. The probability of a text is the product of those of its tokens, and a product
    becomes a sum when the logarithms are added.
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
    """This is the likeliest of all texts, found exactly. It is more than was asked: beam search keeps `width`
    beginnings at every step, drops all others for good, and may miss the best one.
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
    """The start token stands in your text. It is what the first token follows, and no part of the text."""
    tokens, score = _beam_search(log_p, start, n, width)
    return [start, *tokens], score


@BEAM_SEARCH.mistake
def a_probability(log_p, start, n, width):
    """This is the probability of the text itself. Asked for is its logarithm, the sum that you sorted by.
    (For long texts the probability becomes so small that a computer takes it for 0.)
    """
    tokens, score = _beam_search(log_p, start, n, width)
    return tokens, float(np.exp(score))
