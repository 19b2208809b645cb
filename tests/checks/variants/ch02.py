"""Chapter 02: right answers written in other ways."""

from __future__ import annotations

from itertools import zip_longest

import numpy as np


def words_by_list(tokens):
    words = []
    for token in tokens:
        if token not in words:
            words.append(token)
    return words


def words_by_dict(tokens):
    return list(dict.fromkeys(tokens))


def words_by_place(tokens):
    return sorted(set(tokens), key=tokens.index)


def words_by_comprehension(tokens):
    return [token for i, token in enumerate(tokens) if token not in tokens[:i]]


def words_by_unique(tokens):
    words, first = np.unique(tokens, return_index=True)
    return words[np.argsort(first)]


def words_by_seen(tokens):
    seen = set()
    return tuple(token for token in tokens if not (token in seen or seen.add(token)))


def vectors_by_loops(indices, V):
    T, B = indices.shape
    x = np.zeros((T, B, V))
    for t in range(T):
        for b in range(B):
            x[t, b, indices[t, b]] = 1
    return x


def vectors_by_eye(indices, V):
    return np.eye(V)[indices]


def vectors_by_comparing(indices, V):
    return (indices[:, :, None] == np.arange(V)).astype(np.float32)


def vectors_by_put(indices, V):
    x = np.zeros((*indices.shape, V))
    np.put_along_axis(x, indices[..., None], 1.0, axis=-1)
    return x


def vectors_by_flat_rows(indices, V):
    x = np.zeros((indices.size, V))
    x[np.arange(indices.size), indices.ravel()] = 1
    return x.reshape(*indices.shape, V)


def vectors_from_lists(indices, V):
    return np.array([[[float(k == j) for j in range(V)] for k in row] for row in indices.tolist()])


def padded_columns(sequences, padding):
    T, B = max(len(s) for s in sequences), len(sequences)
    indices, mask = np.full((T, B), padding), np.zeros((T, B))
    for b, sequence in enumerate(sequences):
        indices[: len(sequence), b] = sequence
        mask[: len(sequence), b] = 1
    return indices, mask


def padded_rows_then_turned(sequences, padding):
    T = max(map(len, sequences))
    rows = [list(s) + [padding] * (T - len(s)) for s in sequences]
    mask = [[1.0] * len(s) + [0.0] * (T - len(s)) for s in sequences]
    return np.array(rows).T, np.array(mask).T


def padded_by_zip(sequences, padding):
    indices = np.array(list(zip_longest(*sequences, fillvalue=padding)))
    lengths = np.array([len(s) for s in sequences])
    return indices, (np.arange(len(indices))[:, None] < lengths).astype(np.float32)


def padded_cell_by_cell(sequences, padding):
    T, B = max(len(s) for s in sequences), len(sequences)
    indices, mask = np.zeros((T, B), dtype=np.int32), np.ones((T, B))
    for t in range(T):
        for b in range(B):
            if t < len(sequences[b]):
                indices[t, b] = sequences[b][t]
            else:
                indices[t, b], mask[t, b] = padding, 0
    return [indices, mask]


def padded_by_np_pad(sequences, padding):
    T = max(len(s) for s in sequences)
    columns = [np.pad(s, (0, T - len(s)), constant_values=padding) for s in sequences]
    masks = [np.pad(np.ones(len(s)), (0, T - len(s))) for s in sequences]
    return np.stack(columns, axis=1), np.column_stack(masks)


def loss_divided(losses, mask):
    return np.sum(losses * mask) / np.sum(mask)


def loss_picked(losses, mask):
    return losses[mask == 1].mean()


def loss_averaged(losses, mask):
    return np.average(losses, weights=mask)


def loss_by_loop(losses, mask):
    total, count = 0.0, 0
    for loss, real in zip(losses.ravel(), mask.ravel(), strict=True):
        if real:
            total, count = total + loss, count + 1
    return total / count


def loss_ignoring_nan(losses, mask):
    return float(np.nanmean(np.where(mask > 0, losses, np.nan)))


def loss_by_product(losses, mask):
    return np.vdot(losses.astype(np.float32), mask) / np.float32(mask.sum())


def gradient_by_loops(indices, da, V):
    dW = np.zeros((V, da.shape[2]))
    for t in range(da.shape[0]):
        for b in range(da.shape[1]):
            dW[indices[t, b]] += da[t, b]
    return dW


def gradient_by_product(indices, da, V):
    x = np.eye(V)[indices.ravel()]
    return x.T @ da.reshape(len(x), -1)


def gradient_by_letters(indices, da, V):
    return np.einsum("tbv,tbh->vh", np.eye(V)[indices], da)


def gradient_word_by_word(indices, da, V):
    return np.stack([da[indices == k].sum(axis=0) for k in range(V)])


def gradient_by_bincount(indices, da, V):
    k = indices.ravel()
    return np.stack([np.bincount(k, da[..., j].ravel(), minlength=V) for j in range(da.shape[-1])], axis=1)


def gradient_in_float32(indices, da, V):
    dW = np.zeros((V, da.shape[2]), dtype=np.float32)
    np.add.at(dW, indices, da.astype(np.float32))
    return dW


VARIANTS = {
    "build_vocabulary": (
        words_by_list,
        words_by_dict,
        words_by_place,
        words_by_comprehension,
        words_by_unique,
        words_by_seen,
    ),
    "one_hot_vectors": (
        vectors_by_loops,
        vectors_by_eye,
        vectors_by_comparing,
        vectors_by_put,
        vectors_by_flat_rows,
        vectors_from_lists,
    ),
    "pad_batch": (
        padded_columns,
        padded_rows_then_turned,
        padded_by_zip,
        padded_cell_by_cell,
        padded_by_np_pad,
    ),
    "honest_loss": (
        loss_divided,
        loss_picked,
        loss_averaged,
        loss_by_loop,
        loss_ignoring_nan,
        loss_by_product,
    ),
    "embedding_gradient": (
        gradient_by_loops,
        gradient_by_product,
        gradient_by_letters,
        gradient_word_by_word,
        gradient_by_bincount,
        gradient_in_float32,
    ),
}
