"""Chapter 02: a vocabulary, one-hot vectors, what a number invents, padding and masks, the gradient of a look-up."""

from __future__ import annotations

from collections import Counter

import numpy as np

from rnncourse.checks.bank.inputs import normal
from rnncourse.checks.bank.statements import task
from rnncourse.checks.task import ENGINES, Case
from rnncourse.data import one_hot, pad_sequences

# ---------------------------------------------------------------- a vocabulary

_WORDS = ("Doug", "Jane", "Spot", "The", "the", "saw", "ran", "and", "with", ".", "!")


def _text(rng, extra):
    """Return tokens in which every word occurs, some of them more than once, in a random order."""
    last_of_all = rng.permutation(_WORDS).tolist()
    more = [word for word in last_of_all[-3:] for _ in range(extra)]  # the late ones are the frequent ones
    return last_of_all + rng.permutation(more).tolist()


def _text_cases(rng):
    return [Case((_text(rng, extra),)) for extra in (2, 4)]


def _build_vocabulary(tokens):
    return list(dict.fromkeys(tokens))


BUILD_VOCABULARY = task(
    "build_vocabulary", reference=_build_vocabulary, cases=_text_cases, forbidden=("rnncourse.data",)
)


@BUILD_VOCABULARY.mistake
def order_of_a_set(tokens):
    """All words are there, once each, but a set keeps no order: tomorrow Python may list them in another one.
    A net trained with today's list would then read gibberish. Keep the order of the text.
    """
    return list(set(tokens))


@BUILD_VOCABULARY.mistake
def in_alphabetical_order(tokens):
    """Your list is sorted by the alphabet. That would do for a net, but here the words are to stand in the
    order in which they first appear.
    """
    return sorted(set(tokens))


@BUILD_VOCABULARY.mistake
def with_repeats(tokens):
    """Words that come twice in the text stand twice in your list. Then one word has two indices, and nobody
    knows which of them is meant. Each word once.
    """
    return list(tokens)


@BUILD_VOCABULARY.mistake
def only_the_first(tokens):
    """Your list holds the first token and nothing else. A `return` inside of a loop ends the function at the
    first turn; how far is yours indented?
    """
    return tokens[:1]


@BUILD_VOCABULARY.mistake
def small_letters_only(tokens):
    """You have made all letters small. To a computer The and the are two different tokens, and so they are
    here: take the tokens as they come.
    """
    return list(dict.fromkeys(token.lower() for token in tokens))


@BUILD_VOCABULARY.mistake
def most_frequent_first(tokens):
    """The most frequent words come first in your list. That is a good order for leaving out rare words; asked
    for is the order of first appearance.
    """
    return [word for word, _ in Counter(tokens).most_common()]


@BUILD_VOCABULARY.mistake
def words_only(tokens):
    """The full stop and the exclamation mark are missing. A mark is a token like any other: it tells a net
    that a sentence is over.
    """
    return [token for token in dict.fromkeys(tokens) if token.isalpha()]


# ---------------------------------------------------------------- one-hot vectors


def _index_cases(rng):
    return [Case((rng.integers(V, size=(T, B)), V)) for T, B, V in ((4, 3, 7), (5, 2, 6))]


ONE_HOT_VECTORS = task(
    "one_hot_vectors", reference=one_hot, cases=_index_cases, forbidden=("rnncourse.data",)
)


@ONE_HOT_VECTORS.mistake
def every_row_alike(indices, V):
    """Every row of your result is the same: it has a 1 for each index that occurs anywhere. Indexing the last
    axis alone with an array takes those places in all rows. Row by row, only one place is hot.
    """
    x = np.zeros((*indices.shape, V))
    x[:, :, indices] = 1
    return x


@ONE_HOT_VECTORS.mistake
def index_for_the_one(indices, V):
    """Your vectors hold the index itself where the 1 should stand. Then Sunday is six times as large as
    Tuesday, and Monday is nothing at all: the distances that one-hot vectors are there to avoid.
    """
    return one_hot(indices, V) * indices[..., None].astype(np.float32)


@ONE_HOT_VECTORS.mistake
def index_in_every_place(indices, V):
    """Every place of a vector holds the index. `x[t, b]` is the whole vector; only one place of it becomes 1."""
    return np.repeat(indices[..., None], V, axis=-1).astype(float)


@ONE_HOT_VECTORS.mistake
def counts_from_one(indices, V):
    """Every 1 stands one place too far to the left, and index 0 has gone to the end. Indices count from 0:
    the first place belongs to index 0.
    """
    return one_hot((indices - 1) % V, V)


@ONE_HOT_VECTORS.mistake
def bag_of_words(indices, V):
    """You have added up the steps. What is left says which words a sentence holds, and no longer in which
    order. Every step keeps a vector of its own.
    """
    return one_hot(indices, V).sum(axis=0)


@ONE_HOT_VECTORS.mistake
def one_long_list(indices, V):
    """The vectors are right, but they stand in one long list: time and batch have been run together. What
    shape did the indices have?
    """
    return one_hot(indices, V).reshape(-1, V)


@ONE_HOT_VECTORS.mistake
def vocabulary_first(indices, V):
    """The numbers are right, but the vocabulary is your first axis. It belongs at the end: (T, B, V), so that
    `x[t]` is one step.
    """
    return np.moveaxis(one_hot(indices, V), -1, 0)


# ---------------------------------------------------------------- explanation


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


PAD_BATCH = task(
    "pad_batch",
    reference=pad_sequences,
    cases=_sentence_cases,
    outputs=("indices", "mask"),
    forbidden=("rnncourse.data",),
)


@PAD_BATCH.mistake
def batch_first(sequences, padding):
    """Each sentence is a row of your arrays. Time comes first in this course: a sentence is a column, and a
    row holds one step of all sentences.
    """
    indices, mask = pad_sequences(sequences, padding)
    return indices.T.copy(), mask.T.copy()


@PAD_BATCH.mistake
def reshaped_for_transposed(sequences, padding):
    """The shape is right, but the sentences have been torn apart. `reshape` pours the numbers in reading
    order into a new shape; it does not turn rows into columns.
    """
    indices, mask = pad_sequences(sequences, padding)
    return indices.T.reshape(indices.shape), mask.T.reshape(mask.shape)


@PAD_BATCH.mistake
def cut_to_the_shortest(sequences, padding):
    """All sentences are as short as the shortest one, and the rest of them is lost. Fill up the short ones;
    cut none.
    """
    shortest = min(map(len, sequences))
    return pad_sequences([sequence[:shortest] for sequence in sequences], padding)


@PAD_BATCH.mistake
def padding_in_front(sequences, padding):
    """Your padding stands before the sentences. They all begin at the first step here, and the padding comes
    after them.
    """
    indices, mask = pad_sequences([sequence[::-1] for sequence in sequences], padding)
    return indices[::-1].copy(), mask[::-1].copy()


@PAD_BATCH.mistake
def mask_inside_out(sequences, padding):
    """Your mask is 1 at the padding. It marks what is real: 1 at a real token, 0 at padding."""
    indices, mask = pad_sequences(sequences, padding)
    return indices, 1 - mask


@PAD_BATCH.mistake
def mask_from_zeros(sequences, padding):
    """Your mask takes every index 0 for padding, and everything else for a word. Padding has the index that
    the argument `padding` says, and 0 may be a word. The length of a sentence is a safer sign than its
    numbers.
    """
    indices, _ = pad_sequences(sequences, padding)
    return indices, (indices != 0).astype(np.float32)


@PAD_BATCH.mistake
def zero_for_padding(sequences, padding):
    """You fill up with 0. In this vocabulary 0 is a word; the index of the padding comes in as an argument."""
    return pad_sequences(sequences, 0)


# ---------------------------------------------------------------- a mean that flatters


def _loss_cases(rng):
    cases = []
    for lengths in ((5, 2, 3), (3, 6, 1, 4)):
        mask = (np.arange(max(lengths))[:, None] < np.array(lengths)).astype(np.float64)
        cases.append(Case((rng.uniform(0.5, 3, size=mask.shape), mask)))
    return cases


def _honest_loss(losses, mask):
    return (losses * mask).sum() / mask.sum()


HONEST_LOSS = task(
    "honest_loss",
    reference=_honest_loss,
    cases=_loss_cases,
    forbidden=ENGINES,
)


@HONEST_LOSS.mistake
def still_broken(losses, mask):
    """The padding no longer adds anything to the sum, but it still counts in what the sum is divided by:
    `mean` divides by all T times B places. How many of them are real?
    """
    return (losses * mask).mean()


@HONEST_LOSS.mistake
def mask_not_used(losses, mask):
    """The mask is not used at all, so losses at padding count like any others."""
    return losses.mean()


@HONEST_LOSS.mistake
def mean_of_the_sentences(losses, mask):
    """You take the mean of every sentence, and then the mean of those. So a word of a short sentence counts
    more than one of a long sentence. Here every real token counts the same.
    """
    return ((losses * mask).sum(axis=0) / mask.sum(axis=0)).mean()


@HONEST_LOSS.mistake
def one_for_each_sentence(losses, mask):
    """These are the means of the sentences, one number for each, and they are right. Asked for is a single
    number for the whole batch.
    """
    return (losses * mask).sum(axis=0) / mask.sum(axis=0)


@HONEST_LOSS.mistake
def divided_by_the_steps(losses, mask):
    """The sum is right. You divide it by T, the number of steps; but a step holds several sentences, and not
    all of them are still going on.
    """
    return (losses * mask).sum() / len(losses)


@HONEST_LOSS.mistake
def only_summed(losses, mask):
    """This is the sum over all real tokens. It grows with the batch; a mean does not."""
    return (losses * mask).sum()


# ---------------------------------------------------------------- the gradient of a look-up


def _summed(indices, da, V):
    dW = np.zeros((V, da.shape[-1]))
    np.add.at(dW, indices, da)
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


EMBEDDING_GRADIENT = task(
    "embedding_gradient", reference=_summed, cases=_look_up_cases, forbidden=(*ENGINES, "rnncourse.data")
)


@EMBEDDING_GRADIENT.mistake
def the_last_one_wins(indices, da, V):
    """A word that comes several times has kept only one of its gradients. `dW[indices] += da` looks like a
    sum, but NumPy writes to each row once, so the last use wins. Every use has to be added.
    """
    dW = np.zeros((V, da.shape[-1]))
    dW[indices] += da
    return dW


@EMBEDDING_GRADIENT.mistake
def the_last_one_wins_in_a_step(indices, da, V):
    """Nearly: where two sentences have the same word at the same step, only one of their gradients is kept.
    `dW[indices[t]] += da[t]` writes to each row once, however often the row is asked for.
    """
    dW = np.zeros((V, da.shape[-1]))
    for k_t, da_t in zip(indices, da, strict=True):
        dW[k_t] += da_t
    return dW


@EMBEDDING_GRADIENT.mistake
def mean_of_the_uses(indices, da, V):
    """You have taken the mean over the uses of a word. Roads that meet are added: a word that comes five
    times has five times as much to say.
    """
    uses = np.bincount(indices.ravel(), minlength=V)
    return _summed(indices, da, V) / np.maximum(uses, 1)[:, None]


@EMBEDDING_GRADIENT.mistake
def only_the_used_rows(indices, da, V):
    """Your result has a row for each word that occurs, and none for the others. A gradient has the shape of
    its matrix: words that do not occur have a row too, and it is 0.
    """
    return _summed(indices, da, V)[np.unique(indices)]


@EMBEDDING_GRADIENT.mistake
def the_whole_batch(indices, da, V):
    """Every word gets the gradients of all sentences of its step. To each word belongs the gradient of its
    own sentence alone.
    """
    dW = np.zeros((V, da.shape[-1]))
    for k_t, da_t in zip(indices, da, strict=True):
        for k in k_t:
            dW[k] += da_t.sum(axis=0)
    return dW


@EMBEDDING_GRADIENT.mistake
def one_sentence_only(indices, da, V):
    """This is the gradient from the first sentence of the batch alone. Does the loop over the sentences end
    too soon?
    """
    return _summed(indices[:, 0], da[:, 0], V)


@EMBEDDING_GRADIENT.mistake
def divided_by_the_batch(indices, da, V):
    """Your rows are too small by one factor: the number of sentences. If the loss is a mean, that is in `da`
    already. Here the gradients are only added up.
    """
    return _summed(indices, da, V) / indices.shape[1]
