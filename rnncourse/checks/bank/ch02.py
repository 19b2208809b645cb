"""Chapter 02: a vocabulary, one-hot vectors, what a number invents, padding and masks, the gradient of a look-up."""

from __future__ import annotations

from collections import Counter

import numpy as np

from rnncourse.checks.bank.inputs import normal
from rnncourse.checks.task import Case, Mistake, Task
from rnncourse.data import one_hot, pad_sequences

NO_DATA = ("rnncourse.data",)

# ---------------------------------------------------------------- a vocabulary

_WORDS = ("Doug", "Jane", "Spot", "The", "the", "saw", "ran", "and", "with", ".", "!")


def _text(rng, extra):
    """Return tokens in which every word occurs, some of them more than once, in a random order."""
    last_of_all = rng.permutation(_WORDS).tolist()
    more = [word for word in last_of_all[-3:] for _ in range(extra)]  # the late ones are the frequent ones
    return last_of_all + rng.permutation(more).tolist()


def _text_cases(rng):
    return [Case((_text(rng, extra),)) for extra in (2, 4)]


BUILD_VOCABULARY = Task(
    name="build_vocabulary",
    title="A list of all words",
    points=2,
    minutes=8,
    section="A book of five words",
    reference=lambda tokens: list(dict.fromkeys(tokens)),
    cases=_text_cases,
    mistakes=(
        Mistake(
            "order_of_a_set",
            lambda tokens: list(set(tokens)),
            "All words are there, once each, but a set keeps no order: tomorrow Python may list them in another one. A "
            "net trained with today's list would then read gibberish. Keep the order of the text.",
        ),
        Mistake(
            "in_alphabetical_order",
            lambda tokens: sorted(set(tokens)),
            "Your list is sorted by the alphabet. That would do for a net, but here the words are to stand in the "
            "order in which they first appear.",
        ),
        Mistake(
            "with_repeats",
            lambda tokens: list(tokens),
            "Words that come twice in the text stand twice in your list. Then one word has two indices, and nobody "
            "knows which of them is meant. Each word once.",
        ),
        Mistake(
            "only_the_first",
            lambda tokens: tokens[:1],
            "Your list holds the first token and nothing else. A `return` inside of a loop ends the function at the "
            "first turn; how far is yours indented?",
        ),
        Mistake(
            "small_letters_only",
            lambda tokens: list(dict.fromkeys(token.lower() for token in tokens)),
            "You have made all letters small. To a computer The and the are two different tokens, and so they are "
            "here: take the tokens as they come.",
        ),
        Mistake(
            "most_frequent_first",
            lambda tokens: [word for word, _ in Counter(tokens).most_common()],
            "The most frequent words come first in your list. That is a good order for leaving out rare words; asked "
            "for is the order of first appearance.",
        ),
        Mistake(
            "words_only",
            lambda tokens: [token for token in dict.fromkeys(tokens) if token.isalpha()],
            "The full stop and the exclamation mark are missing. A mark is a token like any other: it tells a net that "
            "a sentence is over.",
        ),
    ),
    hints=(
        "Read the tokens one after the other, as you would with a pencil: at each one, ask whether you have it on your "
        "list already.",
        "Begin with an empty list. For each token there are two cases, and in one of them nothing has to be done.",
        "`token in words` says whether a list holds a token, and `append` puts it at the end. Give the list back after "
        "the loop, not in it.",
    ),
    praise="`dict.fromkeys(tokens)` does it in one line: a dictionary keeps its keys in the order in which they came. "
    "It is also much faster for a long text, because it need not search a list.",
    forbidden=NO_DATA,
)

# ---------------------------------------------------------------- one-hot vectors


def _index_cases(rng):
    return [Case((rng.integers(V, size=(T, B)), V)) for T, B, V in ((4, 3, 7), (5, 2, 6))]


def _index_for_the_one(indices, V):
    return one_hot(indices, V) * indices[..., None].astype(np.float32)


def _every_row_alike(indices, V):
    x = np.zeros((*indices.shape, V))
    x[:, :, indices] = 1
    return x


def _vocabulary_first(indices, V):
    return np.moveaxis(one_hot(indices, V), -1, 0)


ONE_HOT_VECTORS = Task(
    name="one_hot_vectors",
    title="From indices to vectors",
    points=3,
    minutes=12,
    section="Tuesday has no size",
    reference=lambda indices, V: one_hot(indices, V),
    cases=_index_cases,
    mistakes=(
        Mistake(
            "every_row_alike",
            _every_row_alike,
            "Every row of your result is the same: it has a 1 for each index that occurs anywhere. Indexing the last "
            "axis alone with an array takes those places in all rows. Row by row, only one place is hot.",
        ),
        Mistake(
            "index_for_the_one",
            _index_for_the_one,
            "Your vectors hold the index itself where the 1 should stand. Then Sunday is six times as large as "
            "Tuesday, and Monday is nothing at all: the distances that one-hot vectors are there to avoid.",
        ),
        Mistake(
            "index_in_every_place",
            lambda indices, V: np.repeat(indices[..., None], V, axis=-1).astype(float),
            "Every place of a vector holds the index. `x[t, b]` is the whole vector; only one place of it becomes 1.",
        ),
        Mistake(
            "counts_from_one",
            lambda indices, V: one_hot((indices - 1) % V, V),
            "Every 1 stands one place too far to the left, and index 0 has gone to the end. Indices count from 0: the "
            "first place belongs to index 0.",
        ),
        Mistake(
            "bag_of_words",
            lambda indices, V: one_hot(indices, V).sum(axis=0),
            "You have added up the steps. What is left says which words a sentence holds, and no longer in which "
            "order. Every step keeps a vector of its own.",
        ),
        Mistake(
            "one_long_list",
            lambda indices, V: one_hot(indices, V).reshape(-1, V),
            "The vectors are right, but they stand in one long list: time and batch have been run together. What shape "
            "did the indices have?",
        ),
        Mistake(
            "vocabulary_first",
            _vocabulary_first,
            "The numbers are right, but the vocabulary is your first axis. It belongs at the end: (T, B, V), so that "
            "`x[t]` is one step.",
        ),
    ),
    hints=(
        "Begin with the smallest case: one index, one vector of zeros, one place set to 1. That is the cell with "
        "Tuesday in the chapter.",
        "There are T times B vectors, and each is handled like that one. Make an array of zeros with the shape that is "
        "asked for, and go through it with two loops.",
        "`x[t, b]` is the vector of step t in sentence b. If you would rather have no loop, think of a table with V "
        "rows whose row k is the vector of index k, and of looking up many rows at once.",
    ),
    praise="`np.eye(V)[indices]` looks up a row of the unit matrix for every index, whatever the shape of `indices`. "
    "Comparing with all numbers at once works as well: `indices[..., None] == np.arange(V)`.",
    forbidden=NO_DATA,
)

# ---------------------------------------------------------------- explanation

WHY_NOT_ONE_TWO_THREE = Task(
    name="why_not_one_two_three",
    title="Colours and sizes",
    points=3,
    minutes=10,
    section="Why not 1, 2, 3?",
    kind="explanation",
)

# ---------------------------------------------------------------- padding


def _sentence_cases(rng):
    return [
        Case((_sentences(rng, lengths), padding)) for lengths, padding in (((3, 6, 2, 4), 8), ((4, 2, 5), 9))
    ]


def _sentences(rng, lengths):
    """Return lists of indices from 0 to 7; the index 0 occurs, and is a word like any other."""
    sentences = [rng.integers(8, size=n).tolist() for n in lengths]
    for sentence in sentences[:2]:
        sentence[int(rng.integers(len(sentence)))] = 0
    return sentences


def _batch_first(sequences, padding):
    indices, mask = pad_sequences(sequences, padding)
    return indices.T.copy(), mask.T.copy()


def _to_the_shortest(sequences, padding):
    shortest = min(map(len, sequences))
    return pad_sequences([sequence[:shortest] for sequence in sequences], padding)


def _in_front(sequences, padding):
    indices, mask = pad_sequences([sequence[::-1] for sequence in sequences], padding)
    return indices[::-1].copy(), mask[::-1].copy()


def _mask_from_zeros(sequences, padding):
    indices, _ = pad_sequences(sequences, padding)
    return indices, (indices != 0).astype(np.float32)


def _reshaped(sequences, padding):
    indices, mask = pad_sequences(sequences, padding)
    return indices.T.reshape(indices.shape), mask.T.reshape(mask.shape)


def _inverted(sequences, padding):
    indices, mask = pad_sequences(sequences, padding)
    return indices, 1 - mask


PAD_BATCH = Task(
    name="pad_batch",
    title="Sentences side by side",
    points=3,
    minutes=15,
    section="Sentences of different length",
    reference=lambda sequences, padding: pad_sequences(sequences, padding),
    cases=_sentence_cases,
    outputs=("indices", "mask"),
    mistakes=(
        Mistake(
            "batch_first",
            _batch_first,
            "Each sentence is a row of your arrays. Time comes first in this course: a sentence is a column, and a row "
            "holds one step of all sentences.",
        ),
        Mistake(
            "reshaped_for_transposed",
            _reshaped,
            "The shape is right, but the sentences have been torn apart. `reshape` pours the numbers in reading order "
            "into a new shape; it does not turn rows into columns.",
        ),
        Mistake(
            "cut_to_the_shortest",
            _to_the_shortest,
            "All sentences are as short as the shortest one, and the rest of them is lost. Fill up the short ones; cut "
            "none.",
        ),
        Mistake(
            "padding_in_front",
            _in_front,
            "Your padding stands before the sentences. They all begin at the first step here, and the padding comes "
            "after them.",
        ),
        Mistake(
            "mask_inside_out",
            _inverted,
            "Your mask is 1 at the padding. It marks what is real: 1 at a real token, 0 at padding.",
        ),
        Mistake(
            "mask_from_zeros",
            _mask_from_zeros,
            "Your mask takes every index 0 for padding, and everything else for a word. Padding has the index that the "
            "argument `padding` says, and 0 may be a word. The length of a sentence is a safer sign than its numbers.",
        ),
        Mistake(
            "zero_for_padding",
            lambda sequences, padding: pad_sequences(sequences, 0),
            "You fill up with 0. In this vocabulary 0 is a word; the index of the padding comes in as an argument.",
        ),
    ),
    hints=(
        "T is the length of the longest sentence, B the number of sentences. With these two you can make both arrays "
        "before you look at a single word.",
        "Begin with an array that is padding everywhere and a mask that is 0 everywhere. Then write each sentence over "
        "the top of its column, and put a 1 wherever you wrote.",
        "`np.full((T, B), padding)` makes the first array. A slice up to `len(sentence)` along the first axis, in "
        "column b, is where sentence b goes, in both arrays.",
    ),
    praise="The mask needs no loop: with the lengths in an array, `np.arange(T)[:, None] < lengths` compares every "
    "step with every length at once.",
    forbidden=NO_DATA,
)

# ---------------------------------------------------------------- a mean that flatters


def _loss_cases(rng):
    cases = []
    for lengths in ((5, 2, 3), (3, 6, 1, 4)):
        mask = (np.arange(max(lengths))[:, None] < np.array(lengths)).astype(np.float64)
        cases.append(Case((rng.uniform(0.5, 3, size=mask.shape), mask)))
    return cases


HONEST_LOSS = Task(
    name="honest_loss",
    title="Find the bug: a loss that flatters",
    points=2,
    minutes=8,
    section="The loss is a mean, too",
    kind="bug",
    reference=lambda losses, mask: (losses * mask).sum() / mask.sum(),
    cases=_loss_cases,
    mistakes=(
        Mistake(
            "still_broken",
            lambda losses, mask: (losses * mask).mean(),
            "The padding no longer adds anything to the sum, but it still counts in what the sum is divided by: `mean` "
            "divides by all T times B places. How many of them are real?",
        ),
        Mistake(
            "mask_not_used",
            lambda losses, mask: losses.mean(),
            "The mask is not used at all, so losses at padding count like any others.",
        ),
        Mistake(
            "mean_of_the_sentences",
            lambda losses, mask: ((losses * mask).sum(axis=0) / mask.sum(axis=0)).mean(),
            "You take the mean of every sentence, and then the mean of those. So a word of a short sentence counts "
            "more than one of a long sentence. Here every real token counts the same.",
        ),
        Mistake(
            "one_for_each_sentence",
            lambda losses, mask: (losses * mask).sum(axis=0) / mask.sum(axis=0),
            "These are the means of the sentences, one number for each, and they are right. Asked for is a single "
            "number for the whole batch.",
        ),
        Mistake(
            "divided_by_the_steps",
            lambda losses, mask: (losses * mask).sum() / len(losses),
            "The sum is right. You divide it by T, the number of steps; but a step holds several sentences, and "
            "not all of them are still going on.",
        ),
        Mistake(
            "only_summed",
            lambda losses, mask: (losses * mask).sum(),
            "This is the sum over all real tokens. It grows with the batch; a mean does not.",
        ),
    ),
    hints=(
        "Work it out by hand for the example above. Which numbers did you add, and by what did you divide?",
        "The sum in the broken function is right: padding is multiplied by 0. Look at what happens to the sum.",
        "The mask is 1 at each real token and 0 elsewhere. So it can also tell you how many real tokens there are.",
    ),
    praise="`np.average(losses, weights=mask)` is the same thing: the mask is a weight that is either 0 or 1.",
    forbidden=("rnncourse.in_numpy", "rnncourse.in_torch"),
)

# ---------------------------------------------------------------- the gradient of a look-up


def _summed(indices, da, V):
    dW = np.zeros((V, da.shape[-1]))
    np.add.at(dW, indices, da)
    return dW


def _last_wins(indices, da, V):
    dW = np.zeros((V, da.shape[-1]))
    dW[indices] += da
    return dW


def _last_wins_in_a_step(indices, da, V):
    dW = np.zeros((V, da.shape[-1]))
    for k_t, da_t in zip(indices, da, strict=True):
        dW[k_t] += da_t
    return dW


def _mean_of_the_uses(indices, da, V):
    uses = np.bincount(indices.ravel(), minlength=V)
    return _summed(indices, da, V) / np.maximum(uses, 1)[:, None]


def _whole_batch(indices, da, V):
    dW = np.zeros((V, da.shape[-1]))
    for k_t, da_t in zip(indices, da, strict=True):
        for k in k_t:
            dW[k] += da_t.sum(axis=0)
    return dW


def _look_up_cases(rng):
    """Twelve and ten tokens; some words never come, others come twice, in one of the steps side by side."""
    cases = []
    for T, B, H, V in ((4, 3, 2, 7), (5, 2, 3, 6)):
        words = rng.permutation(V)[: V - 3]
        indices = rng.choice(words, size=(T, B))
        indices[-1, 1] = indices[-1, 0]
        cases.append(Case((indices, normal(rng, T, B, H), V)))
    return cases


EMBEDDING_GRADIENT = Task(
    name="embedding_gradient",
    title="What comes back to a row",
    points=4,
    minutes=15,
    section="What comes back: the gradient",
    reference=_summed,
    cases=_look_up_cases,
    mistakes=(
        Mistake(
            "the_last_one_wins",
            _last_wins,
            "A word that comes several times has kept only one of its gradients. `dW[indices] += da` looks like a sum, "
            "but NumPy writes to each row once, so the last use wins. Every use has to be added.",
        ),
        Mistake(
            "the_last_one_wins_in_a_step",
            _last_wins_in_a_step,
            "Nearly: where two sentences have the same word at the same step, only one of their gradients is kept. "
            "`dW[indices[t]] += da[t]` writes to each row once, however often the row is asked for.",
        ),
        Mistake(
            "mean_of_the_uses",
            _mean_of_the_uses,
            "You have taken the mean over the uses of a word. Roads that meet are added: a word that comes five times "
            "has five times as much to say.",
        ),
        Mistake(
            "only_the_used_rows",
            lambda indices, da, V: _summed(indices, da, V)[np.unique(indices)],
            "Your result has a row for each word that occurs, and none for the others. A gradient has the shape of its "
            "matrix: words that do not occur have a row too, and it is 0.",
        ),
        Mistake(
            "the_whole_batch",
            _whole_batch,
            "Every word gets the gradients of all sentences of its step. To each word belongs the gradient of its own "
            "sentence alone.",
        ),
        Mistake(
            "one_sentence_only",
            lambda indices, da, V: _summed(indices[:, 0], da[:, 0], V),
            "This is the gradient from the first sentence of the batch alone. Does the loop over the sentences end too "
            "soon?",
        ),
        Mistake(
            "divided_by_the_batch",
            lambda indices, da, V: _summed(indices, da, V) / indices.shape[1],
            "Your rows are too small by one factor: the number of sentences. If the loss is a mean, that is in `da` "
            "already. Here the gradients are only added up.",
        ),
    ),
    hints=(
        "Go through the tokens with your finger: which row did this token take on the way forward? Its gradient goes "
        "back to that row.",
        "Begin with zeros of the shape (V, H). For each step and each sentence, add one row of `da` to one row of "
        "`dW`.",
        "Two loops, over t and b, and one line inside. If you would rather have no loops: with one-hot vectors it is a "
        "product of two matrices, once time and batch are run together; and NumPy has `np.add.at`.",
    ),
    praise="`np.add.at(dW, indices, da)` adds every use without a loop. It is what an embedding layer does on the way "
    "back, and it never makes a one-hot vector.",
    forbidden=(*NO_DATA, "torch"),
)

TASKS = (
    BUILD_VOCABULARY,
    ONE_HOT_VECTORS,
    WHY_NOT_ONE_TWO_THREE,
    PAD_BATCH,
    HONEST_LOSS,
    EMBEDDING_GRADIENT,
)
