"""Chapter 02: a vocabulary, one-hot vectors, what a number invents, padding and masks, the gradient of a look-up."""

from __future__ import annotations

from collections import Counter

import numpy as np

from rnncourse.checks.bank.inputs import SAME_SIZES, edge, normal, padding_mask
from rnncourse.checks.bank.statements import task
from rnncourse.checks.task import ENGINES, Case
from rnncourse.data import one_hot, pad_sequences

# ---------------------------------------------------------------- a vocabulary

_WORDS = ("Doug", "Jane", "Spot", "The", "the", "saw", "ran", "and", "with", ".", "!", "jane")


def _text(rng, n, extra):
    """Return tokens with n different words; the late ones are frequent, and the last token occurs once.

    One word is part of another that occurs before it.
    """
    always = ("The", "the", ".")
    others = rng.permutation([word for word in _WORDS if word not in always])[: n - len(always)]
    words = rng.permutation([*always, *others])
    *some, last = words.tolist()
    some.insert(max(some.index(word) for word in ("The", "the") if word in some) + 1, "he")
    more = [word for word in some[-3:] for _ in range(extra)]
    return [*some, *rng.permutation(more).tolist(), some[0], last]


def _text_cases(rng):
    long = ["Mr.", "Mr", "sentence", "sentences", "internationally", "internationalism", "Mr."]
    return [
        *(Case((_text(rng, n, extra),)) for n, extra in ((9, 2), (8, 4), (6, 3))),
        edge("with a single token", ["Doug"]),
        edge("when one token begins like another", [long[k] for k in rng.permutation(len(long))]),
    ]


def _build_vocabulary(tokens):
    return list(dict.fromkeys(tokens))


BUILD_VOCABULARY = task(
    "build_vocabulary", reference=_build_vocabulary, cases=_text_cases, forbidden=("rnncourse.data",)
)


@BUILD_VOCABULARY.mistake
def looked_up_in_a_text(tokens):
    """You look for each token in a text of all tokens so far, not in a list. In a text, a token is also found
    inside a longer one.
    """
    words = []
    for token in tokens:
        if token not in " ".join(words):
            words.append(token)
    return words


@BUILD_VOCABULARY.mistake
def order_of_a_set(tokens):
    """All words are there, once each, but a set has no order: tomorrow Python may list them differently, and a
    network trained with today's list would read gibberish. Keep the order of the text.
    """
    return list(set(tokens))


@BUILD_VOCABULARY.mistake
def in_alphabetical_order(tokens):
    """Your list is sorted alphabetically. A network would not mind, but the task wants the words in the order in
    which they first appear.
    """
    return sorted(set(tokens))


@BUILD_VOCABULARY.mistake
def with_repeats(tokens):
    """Words that occur twice in the text are in your list twice. Then one word has two indices, and nobody knows
    which of them is meant. List each word once.
    """
    return list(tokens)


@BUILD_VOCABULARY.mistake
def neighbors_only(tokens):
    """You leave out a word only if it follows itself directly. Words that occur again later are in your list
    twice: compare with all words listed so far.
    """
    return [token for before, token in zip([None, *tokens], tokens, strict=False) if token != before]


@BUILD_VOCABULARY.mistake
def only_the_first(tokens):
    """Your list has the first token and nothing else. A `return` inside a loop ends the function the first time
    around; how far is yours indented?
    """
    return tokens[:1]


@BUILD_VOCABULARY.mistake
def last_token_missed(tokens):
    """The last token of the text is missing. Does your loop end one token too early?"""
    return list(dict.fromkeys(tokens[:-1]))


@BUILD_VOCABULARY.mistake
def first_token_missed(tokens):
    """The first token of the text is missing or comes too late. Does your loop begin one token too late?"""
    return list(dict.fromkeys(tokens[1:]))


@BUILD_VOCABULARY.mistake
def lower_case_only(tokens):
    """You have lower-cased the text. To a computer The and the are two different tokens, and so they are here:
    take the tokens as they come.
    """
    return list(dict.fromkeys(token.lower() for token in tokens))


@BUILD_VOCABULARY.mistake
def most_frequent_first(tokens):
    """The most frequent words come first in your list. That is useful for leaving out rare words, but this task
    wants the order of first appearance.
    """
    return [word for word, _ in Counter(tokens).most_common()]


@BUILD_VOCABULARY.mistake
def order_of_the_last_appearance(tokens):
    """Your words are in the order of their *last* appearance. A word that is listed already keeps its place."""
    return list(dict.fromkeys(tokens[::-1]))[::-1]


@BUILD_VOCABULARY.mistake
def last_first(tokens):
    """Your list is in reverse: the word that appears last comes first."""
    return list(dict.fromkeys(tokens))[::-1]


@BUILD_VOCABULARY.mistake
def read_backwards(tokens):
    """You read the text from its end. Begin with the first token."""
    return list(dict.fromkeys(tokens[::-1]))


@BUILD_VOCABULARY.mistake
def words_only(tokens):
    """The punctuation marks are missing. A mark is a token like any other: it tells a network that a sentence is
    over.
    """
    return [token for token in dict.fromkeys(tokens) if token.isalpha()]


@BUILD_VOCABULARY.mistake
def words_that_occur_once(tokens):
    """Words that occur several times are missing from your list. Each different word belongs in it, once."""
    return [token for token in tokens if tokens.count(token) == 1]


@BUILD_VOCABULARY.mistake
def how_many(tokens):
    """This is the number of different words, or a table of counts. Return the words themselves, in a list."""
    return len(set(tokens))


# ---------------------------------------------------------------- one-hot vectors


def _indices(rng, T, B, V):
    """Return indices in which 0, V - 1 and one repeat in a step occur."""
    indices = rng.integers(V, size=(T, B))
    indices[-1, :2] = V - 1
    indices[rng.integers(T - 1), 0] = 0
    return indices


def _index_cases(rng):
    lacking = rng.integers(1, 4, size=(3, 5))
    lacking[0, 1] = 3
    return [
        Case((_indices(rng, 4, 3, 7), 7)),
        Case((_indices(rng, 5, 2, 6), 6)),
        Case((lacking, 8), about="where some of the V indices never occur"),
        edge("with a single step", rng.permutation(6)[None, :4], 6),
        edge("with a single sentence", rng.permutation(6)[:4, None], 6),
        edge(SAME_SIZES, rng.integers(4, size=(4, 4)), 4),
    ]


ONE_HOT_VECTORS = task(
    "one_hot_vectors", reference=one_hot, cases=_index_cases, forbidden=("rnncourse.data",)
)


@ONE_HOT_VECTORS.mistake
def every_row_alike(indices, V):
    """All your vectors are the same: each has a 1 for every index that occurs anywhere. Either they are one
    and the same row, or an index of the last axis alone has set those places in all of them. Each vector has one
    place of its own.
    """
    x = np.zeros((*indices.shape, V))
    x[:, :, indices] = 1
    return x


@ONE_HOT_VECTORS.mistake
def every_sentence_alike(indices, V):
    """Within a step, all your vectors are the same: each has a 1 for every word of that step. Each sentence has
    its own word.
    """
    return np.repeat(one_hot(indices, V).max(axis=1, keepdims=True), indices.shape[1], axis=1)


@ONE_HOT_VECTORS.mistake
def index_for_the_one(indices, V):
    """Your vectors contain the index itself where a 1 should be. Then Sunday is six times as large as Tuesday,
    and Monday is nothing at all: the very distances that one-hot vectors avoid.
    """
    return one_hot(indices, V) * indices[..., None].astype(np.float32)


@ONE_HOT_VECTORS.mistake
def index_in_every_place(indices, V):
    """Every entry of a vector is the index. `x[t, b]` is a whole vector, and only one of its entries becomes 1."""
    return np.repeat(indices[..., None], V, axis=-1).astype(float)


@ONE_HOT_VECTORS.mistake
def counts_from_one(indices, V):
    """Every 1 is one place too far to the left, and index 0 has wrapped around to the end. Indices count from 0:
    the first place belongs to index 0.
    """
    return one_hot((indices - 1) % V, V)


@ONE_HOT_VECTORS.mistake
def one_place_too_far(indices, V):
    """Every 1 is one place too far to the right. Indices count from 0: the first place belongs to index 0."""
    return one_hot((indices + 1) % V, V)


@ONE_HOT_VECTORS.mistake
def right_to_left(indices, V):
    """You count the places from the right. Index 0 belongs to the first place, on the left."""
    return one_hot(V - 1 - indices, V)


@ONE_HOT_VECTORS.mistake
def ones_and_zeros_swapped(indices, V):
    """Your vectors are 0 at the index and 1 everywhere else. Swap the two."""
    return 1 - one_hot(indices, V)


@ONE_HOT_VECTORS.mistake
def ones_up_to_the_index(indices, V):
    """Your vectors are 1 at the index and everywhere before it. Only one entry of each vector is 1."""
    return (np.arange(V) <= indices[..., None]).astype(float)


@ONE_HOT_VECTORS.mistake
def ones_before_the_index(indices, V):
    """Your vectors are 1 before the index and 0 from there on. Only the entry at the index is 1."""
    return (np.arange(V) < indices[..., None]).astype(float)


@ONE_HOT_VECTORS.mistake
def as_long_as_needed(indices, V):
    """Your vectors are as long as the largest index needs. Their length is `V`, also where the last words of the
    vocabulary do not occur.
    """
    return one_hot(indices, int(indices.max()) + 1)


@ONE_HOT_VECTORS.mistake
def bag_of_words(indices, V):
    """You have added up the steps. What is left says which words a sentence has, but no longer in which
    order. Every step keeps a vector of its own.
    """
    return one_hot(indices, V).sum(axis=0)


@ONE_HOT_VECTORS.mistake
def bag_of_the_step(indices, V):
    """You have added up the sentences of each step. Every sentence keeps a vector of its own."""
    return one_hot(indices, V).sum(axis=1)


@ONE_HOT_VECTORS.mistake
def one_long_list(indices, V):
    """The vectors are right, but they are in one long list: time and batch have been run together. What was the
    shape of the indices?
    """
    return one_hot(indices, V).reshape(-1, V)


@ONE_HOT_VECTORS.mistake
def vocabulary_first(indices, V):
    """The numbers are right, but the vocabulary is your first axis. It belongs at the end: (T, B, V), so that
    `x[t]` is one step.
    """
    return np.moveaxis(one_hot(indices, V), -1, 0)


@ONE_HOT_VECTORS.mistake
def vocabulary_in_the_middle(indices, V):
    """The numbers are right, but the vocabulary is your second axis. It belongs at the end: (T, B, V)."""
    return np.moveaxis(one_hot(indices, V), -1, 1)


@ONE_HOT_VECTORS.mistake
def batch_first(indices, V):
    """The vectors are right, but the sentences come first. Time is the first axis, as in `indices`."""
    return one_hot(indices, V).swapaxes(0, 1).copy()


@ONE_HOT_VECTORS.mistake
def one_sentence(indices, V):
    """These are the vectors of the first sentence only. There are B sentences side by side."""
    return one_hot(indices[:, 0], V)


# ---------------------------------------------------------------- explanation


# ---------------------------------------------------------------- padding


def _sentence_cases(rng):
    """At the edge, some sentences have the same length and two are the same, or there is only one."""
    same = _sentences(rng, (3, 4, 4, 1))
    return [
        *(
            Case((_sentences(rng, lengths), padding))
            for lengths, padding in (((3, 6, 2, 4), 8), ((7, 2, 5), 9), ((2, 4, 3, 1, 5), 0))
        ),
        edge("when two sentences have the same length, or are the same", [same[1].copy(), *same], 9),
        edge("with a single sentence", _sentences(rng, (4,)), 8),
        edge("with indices above 255", [[300, 2, 7], [5, 260]], 1),
        edge("with sentences of a single token", [[int(k)] for k in rng.permutation(7)[:3]], 8),
    ]


def _sentences(rng, lengths):
    """Return lists of indices from 0 to 7; the index 0 occurs, and is a word like any other."""
    sentences = [rng.integers(1, 8, size=n).tolist() for n in lengths]
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
    """Each sentence is a row of your arrays. Time comes first in this course: a sentence is a column, and a row
    is one step of all sentences.
    """
    indices, mask = pad_sequences(sequences, padding)
    return indices.T.copy(), mask.T.copy()


@PAD_BATCH.mistake
def mask_batch_first(sequences, padding):
    """The indices are right. In your mask, each sentence is a row; time comes first there too."""
    indices, mask = pad_sequences(sequences, padding)
    return indices, mask.T.copy()


@PAD_BATCH.mistake
def reshaped_for_transposed(sequences, padding):
    """The shape is right, but the sentences have been torn apart. `reshape` pours the numbers into a new shape
    in reading order; it does not turn rows into columns.
    """
    indices, mask = pad_sequences(sequences, padding)
    return indices.T.reshape(indices.shape), mask.T.reshape(mask.shape)


@PAD_BATCH.mistake
def cut_to_the_shortest(sequences, padding):
    """All sentences are cut to the length of the shortest, and the rest is lost. Pad the short ones; cut
    none.
    """
    shortest = min(map(len, sequences))
    return pad_sequences([sequence[:shortest] for sequence in sequences], padding)


@PAD_BATCH.mistake
def cut_to_the_first(sequences, padding):
    """You take the length of the first sentence for all. T is the length of the longest one."""
    T = len(sequences[0])
    indices, mask = pad_sequences([sequence[:T] for sequence in sequences], padding)
    return indices, mask


@PAD_BATCH.mistake
def one_row_too_many(sequences, padding):
    """Your arrays have one row too many, and it is padding everywhere. T is the length of the longest sentence."""
    indices, mask = pad_sequences(sequences, padding)
    return np.pad(indices, ((0, 1), (0, 0)), constant_values=padding), np.pad(mask, ((0, 1), (0, 0)))


@PAD_BATCH.mistake
def padding_in_front(sequences, padding):
    """Your padding comes before the sentences. Here they all begin at the first step, and the padding comes
    after them.
    """
    indices, mask = pad_sequences([sequence[::-1] for sequence in sequences], padding)
    return indices[::-1].copy(), mask[::-1].copy()


@PAD_BATCH.mistake
def mask_inverted(sequences, padding):
    """Your mask is 1 at the padding. It marks what is real: 1 at a real token, 0 at padding."""
    indices, mask = pad_sequences(sequences, padding)
    return indices, 1 - mask


@PAD_BATCH.mistake
def mask_of_ones(sequences, padding):
    """Your mask is 1 everywhere. It is 0 where a sentence is over."""
    indices, mask = pad_sequences(sequences, padding)
    return indices, np.ones_like(mask)


@PAD_BATCH.mistake
def mask_one_too_long(sequences, padding):
    """Your mask counts the first row of padding of each sentence as real. A sentence of 2 tokens has them at
    steps 0 and 1.
    """
    indices, mask = pad_sequences(sequences, padding)
    lengths = np.array([len(sequence) for sequence in sequences])
    return indices, (np.arange(len(mask))[:, None] <= lengths).astype(np.float32)


@PAD_BATCH.mistake
def mask_one_too_short(sequences, padding):
    """Your mask leaves out the last token of each sentence. A sentence of 2 tokens has them at steps 0 and 1."""
    indices, mask = pad_sequences(sequences, padding)
    lengths = np.array([len(sequence) for sequence in sequences])
    return indices, (np.arange(len(mask))[:, None] < lengths - 1).astype(np.float32)


@PAD_BATCH.mistake
def mask_from_zeros(sequences, padding):
    """Your mask takes every index 0 for padding, and everything else for a word. The padding index is the
    argument `padding`, and 0 may be a word. The length of a sentence is a safer sign than its numbers.
    """
    indices, _ = pad_sequences(sequences, padding)
    return indices, (indices != 0).astype(np.float32)


@PAD_BATCH.mistake
def mask_from_the_padding(sequences, padding):
    """Your mask takes every index equal to `padding` for padding. The same index may also be a word. The length
    of a sentence is a safer sign than its numbers.
    """
    indices, _ = pad_sequences(sequences, padding)
    return indices, (indices != padding).astype(np.float32)


@PAD_BATCH.mistake
def zero_for_padding(sequences, padding):
    """You pad with 0. In this vocabulary 0 is a word; the index of the padding is an argument."""
    return pad_sequences(sequences, 0)


@PAD_BATCH.mistake
def last_word_for_padding(sequences, padding):
    """You pad each sentence with its own last word. Pad with the index `padding`."""
    T = max(map(len, sequences))
    longer = [[*sequence, *[sequence[-1]] * (T - len(sequence))] for sequence in sequences]
    return pad_sequences(longer, padding)[0], pad_sequences(sequences, padding)[1]


@PAD_BATCH.mistake
def swapped(sequences, padding):
    """The indices and the mask are in the wrong order. Return the indices first."""
    return pad_sequences(sequences, padding)[::-1]


@PAD_BATCH.mistake
def lengths_for_the_mask(sequences, padding):
    """You return the lengths instead of the mask. The mask has a number for every place: 1 at a token, 0 at
    padding.
    """
    return pad_sequences(sequences, padding)[0], np.array([len(sequence) for sequence in sequences], float)


# ---------------------------------------------------------------- a mean that flatters


def _loss_cases(rng):
    """In the second case one real token has a loss of 0, and some masked losses are very large."""
    cases = []
    for lengths in ((5, 2, 3), (3, 6, 1, 4), (4, 2)):
        mask = padding_mask(max(lengths), lengths)
        cases.append(Case((rng.uniform(0.5, 3, size=mask.shape), mask)))
    losses, mask = cases[1].args
    losses[0, int(rng.integers(4))] = 0.0
    losses[mask == 0] *= 1000
    mask = padding_mask(4, rng.permutation([4, 1, 3, 2]))
    return [
        *cases,
        edge("without padding", rng.uniform(0.5, 3, size=(3, 2)), np.ones((3, 2))),
        edge("with large losses", rng.uniform(20, 40, size=(3, 2)), np.array([[1.0, 1], [1, 1], [0, 1]])),
        edge(SAME_SIZES, rng.uniform(0.5, 3, size=(4, 4)), mask),
    ]


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
    """The padding adds nothing to the sum anymore, but it still counts in what the sum is divided by: `mean`
    divides by all T times B places. How many of them are real?
    """
    return (losses * mask).mean()


@HONEST_LOSS.mistake
def mask_not_used(losses, mask):
    """The mask is not used at all, so losses at padding count like any others."""
    return losses.mean()


@HONEST_LOSS.mistake
def padding_in_the_sum(losses, mask):
    """You divide by the number of real tokens, but the losses at padding are still in the sum."""
    return losses.sum() / mask.sum()


@HONEST_LOSS.mistake
def only_the_padding(losses, mask):
    """This is the mean loss at the padding. The mask is 1 at real tokens."""
    return (losses * (1 - mask)).sum() / (1 - mask).sum()


@HONEST_LOSS.mistake
def divided_by_the_padding(losses, mask):
    """The sum is right, but you divide it by the number of padded places. How many places are real?"""
    return (losses * mask).sum() / (1 - mask).sum()


@HONEST_LOSS.mistake
def losses_that_are_not_zero(losses, mask):
    """You count the places where something other than 0 is left. A real token may have a loss of exactly 0, and
    it counts as well. The mask knows what is real.
    """
    return (losses * mask).sum() / np.count_nonzero(losses * mask)


@HONEST_LOSS.mistake
def mean_of_the_sentences(losses, mask):
    """You take the mean of every sentence, and then the mean of those. So a token of a short sentence counts
    more than one of a long sentence. Here every real token counts the same.
    """
    return ((losses * mask).sum(axis=0) / mask.sum(axis=0)).mean()


@HONEST_LOSS.mistake
def mean_of_the_steps(losses, mask):
    """You take the mean of every step, and then the mean of those. So a token counts more where few sentences
    are still going on. Here every real token counts the same.
    """
    return ((losses * mask).sum(axis=1) / mask.sum(axis=1)).mean()


@HONEST_LOSS.mistake
def one_for_each_sentence(losses, mask):
    """These are the means of the sentences, one number each, and they are right. Return a single number for the
    whole batch.
    """
    return (losses * mask).sum(axis=0) / mask.sum(axis=0)


@HONEST_LOSS.mistake
def one_for_each_step(losses, mask):
    """These are the means of the steps, one number each. Return a single number for the whole batch."""
    return (losses * mask).sum(axis=1) / mask.sum(axis=1)


@HONEST_LOSS.mistake
def divided_by_the_steps(losses, mask):
    """The sum is right. You divide it by T, the number of steps; but a step has several sentences, and not all
    of them are still going on.
    """
    return (losses * mask).sum() / len(losses)


@HONEST_LOSS.mistake
def divided_by_the_sentences(losses, mask):
    """The sum is right. You divide it by B, the number of sentences. How many real tokens are there?"""
    return (losses * mask).sum() / losses.shape[1]


@HONEST_LOSS.mistake
def only_summed(losses, mask):
    """This is the sum over all real tokens. It grows with the batch; a mean does not."""
    return (losses * mask).sum()


@HONEST_LOSS.mistake
def masked_losses(losses, mask):
    """These are the losses with padding set to 0. Return one number, their mean over the real tokens."""
    return losses * mask


@HONEST_LOSS.mistake
def real_losses(losses, mask):
    """These are the losses of the real tokens, all of them. Return one number, their mean."""
    return losses[mask == 1]


@HONEST_LOSS.mistake
def upside_down(losses, mask):
    """Your fraction is upside down: the number of tokens is divided by the sum of their losses."""
    return mask.sum() / (losses * mask).sum()


# ---------------------------------------------------------------- the gradient of a look-up


def _summed(indices, da, V):
    dW = np.zeros((V, da.shape[-1]))
    np.add.at(dW, indices, da)
    return dW


def _look_up_cases(rng):
    """Some words never occur, among them the last of the vocabulary, and in the second case word 0, which does occur in
    the third. One word occurs twice in a step. At the edge there is a single unit.
    """
    cases = []
    for T, B, H, V, least, last in ((4, 3, 2, 7, 0, 6), (5, 2, 3, 6, 1, 6), (3, 4, 5, 8, 0, 7)):
        words = least + rng.permutation(last - least)[: V - 3]
        indices = rng.choice(words, size=(T, B))
        indices[-1, 1] = indices[-1, 0]
        cases.append(Case((indices, normal(rng, T, B, H), V)))
    cases[1].args[0][0] = 5
    cases[2].args[0][0, 0] = 0
    return [
        *cases,
        edge("with a single unit", rng.integers(7, size=(5, 4)), normal(rng, 5, 4, 1), 7),
        edge("with a single step", rng.integers(7, size=(1, 4)), normal(rng, 1, 4, 3), 7),
        edge("with a single sentence", rng.integers(9, size=(5, 1)), normal(rng, 5, 1, 4), 9),
        edge(SAME_SIZES, rng.integers(4, size=(4, 4)), normal(rng, 4, 4, 4), 4),
    ]


EMBEDDING_GRADIENT = task(
    "embedding_gradient", reference=_summed, cases=_look_up_cases, forbidden=(*ENGINES, "rnncourse.data")
)


@EMBEDDING_GRADIENT.mistake
def the_last_one_wins(indices, da, V):
    """A word that occurs several times has kept only one of its gradients, that of its last use. Every use has to be
    added. (`dW[indices] += da` looks like a sum, but NumPy writes to each row once.)
    """
    dW = np.zeros((V, da.shape[-1]))
    dW[indices] += da
    return dW


@EMBEDDING_GRADIENT.mistake
def the_first_one_wins(indices, da, V):
    """A word that occurs several times has kept only the gradient of its first use. Every use has to be added."""
    dW = np.zeros((V, da.shape[-1]))
    dW[indices[::-1, ::-1]] = da[::-1, ::-1]
    return dW


@EMBEDDING_GRADIENT.mistake
def the_last_one_wins_in_a_step(indices, da, V):
    """Nearly: where two sentences have the same word at the same step, only one of their gradients is kept.
    `dW[indices[t]] += da[t]` writes to each row once, however many times it is indexed.
    """
    dW = np.zeros((V, da.shape[-1]))
    for k_t, da_t in zip(indices, da, strict=True):
        dW[k_t] += da_t
    return dW


@EMBEDDING_GRADIENT.mistake
def mean_of_the_uses(indices, da, V):
    """You have taken the mean over the uses of a word. Gradients that meet are added: a word that occurs five
    times gets five gradients.
    """
    uses = np.bincount(indices.ravel(), minlength=V)
    return _summed(indices, da, V) / np.maximum(uses, 1)[:, None]


@EMBEDDING_GRADIENT.mistake
def only_the_used_rows(indices, da, V):
    """Your result has a row for each word that occurs, and none for the others. A gradient has the shape of its
    matrix: words that do not occur have a row too, and it is 0.
    """
    return _summed(indices, da, V)[np.unique(indices)]


@EMBEDDING_GRADIENT.mistake
def as_many_rows_as_needed(indices, da, V):
    """Your result ends with the largest index that occurs. A gradient has the shape of its matrix: V rows, and
    those of words that do not occur are 0.
    """
    return _summed(indices, da, V)[: indices.max() + 1]


@EMBEDDING_GRADIENT.mistake
def counts(indices, da, V):
    """You count how often each word occurs. What has to be added is not 1, but the gradient of that use."""
    return np.repeat(np.bincount(indices.ravel(), minlength=V)[:, None], da.shape[-1], axis=1).astype(float)


@EMBEDDING_GRADIENT.mistake
def the_whole_batch(indices, da, V):
    """Every word gets the gradients of all sentences of its step. Each word gets the gradient of its own
    sentence only.
    """
    dW = np.zeros((V, da.shape[-1]))
    for k_t, da_t in zip(indices, da, strict=True):
        for k in k_t:
            dW[k] += da_t.sum(axis=0)
    return dW


@EMBEDDING_GRADIENT.mistake
def one_sentence_only(indices, da, V):
    """This is the gradient from the first sentence of the batch alone. Does your loop over the sentences end too
    soon?
    """
    return _summed(indices[:, 0], da[:, 0], V)


@EMBEDDING_GRADIENT.mistake
def last_step_only(indices, da, V):
    """This is the gradient from the last step alone. What have the earlier steps added?"""
    return _summed(indices[-1], da[-1], V)


@EMBEDDING_GRADIENT.mistake
def last_step_missed(indices, da, V):
    """The last step is missing from your sum. Does your loop over the steps end too soon?"""
    return _summed(indices[:-1], da[:-1], V)


@EMBEDDING_GRADIENT.mistake
def first_step_missed(indices, da, V):
    """The first step is missing from your sum. Does your loop over the steps begin too late?"""
    return _summed(indices[1:], da[1:], V)


@EMBEDDING_GRADIENT.mistake
def summed_over_the_units(indices, da, V):
    """You add up the H numbers of each gradient. A row of W has H numbers, and each gets a gradient of its own."""
    return _summed(indices, da, V).sum(axis=1)


@EMBEDDING_GRADIENT.mistake
def transposed(indices, da, V):
    """The numbers are right, but each word has a column. W has the shape (V, H): a word is a row."""
    return _summed(indices, da, V).T.copy()


@EMBEDDING_GRADIENT.mistake
def subtracted(indices, da, V):
    """Every sign is wrong. The gradient is the sum itself; subtracting it is the job of the update."""
    return -_summed(indices, da, V)


@EMBEDDING_GRADIENT.mistake
def divided_by_the_batch(indices, da, V):
    """Your rows are too small by a factor: the number of sentences. If the loss is a mean, that is in `da`
    already. Here the gradients are only added up.
    """
    return _summed(indices, da, V) / indices.shape[1]


@EMBEDDING_GRADIENT.mistake
def divided_by_the_steps(indices, da, V):
    """Your rows are too small by a factor: the number of steps. If the loss is a mean, that is in `da`
    already. Here the gradients are only added up.
    """
    return _summed(indices, da, V) / len(indices)
