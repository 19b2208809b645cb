"""Chapter 07: right answers written in other ways."""

from __future__ import annotations

import heapq
from itertools import count

import numpy as np

# answer_mask


def mask_by_loops(pattern, lengths, T):
    mask = np.zeros((T, len(lengths)))
    for b, length in enumerate(lengths):
        for t in range(length):
            if pattern == "aligned" or t == length - 1:
                mask[t, b] = 1
    return mask


def mask_by_index(pattern, lengths, T):
    mask = np.zeros((T, len(lengths)))
    mask[lengths - 1, np.arange(len(lengths))] = 1
    return np.cumsum(mask[::-1], axis=0)[::-1] if pattern == "aligned" else mask


def mask_by_rows(pattern, lengths, T):
    rows = [np.eye(T)[n - 1] if pattern == "many-to-one" else np.tri(T)[n - 1] for n in lengths]
    return np.stack(rows, axis=1)


def mask_by_columns(pattern, lengths, T):
    columns = []
    for n in lengths:
        ones = 1 if pattern == "many-to-one" else n
        columns.append([0.0] * (n - ones) + [1.0] * ones + [0.0] * (T - n))
    return np.array(columns).T


def mask_in_float32(pattern, lengths, T):
    left = lengths[None] - np.arange(T)[:, None]  # real steps from here on
    return np.where(left == 1 if pattern == "many-to-one" else left > 0, np.float32(1), np.float32(0))


def mask_by_difference(pattern, lengths, T):
    until = lambda n: (np.arange(T)[:, None] < n).astype(float)  # noqa: E731
    return until(lengths) - (until(lengths - 1) if pattern == "many-to-one" else 0)


# teacher_inputs


def told_into_empty(y, start):
    told = np.empty_like(y)
    told[0], told[1:] = start, y[:-1]
    return told


def told_by_stack(y, start):
    return np.vstack([np.full(y.shape[1], start), y])[:-1]


def told_by_roll(y, start):
    told = np.roll(y, 1, axis=0)
    told[0] = start
    return told


def told_by_loops(y, start):
    return np.array([[y[t - 1, b] if t else start for b in range(y.shape[1])] for t in range(len(y))])


def told_by_pad(y, start):
    return np.pad(y, ((1, 0), (0, 0)), constant_values=start)[:-1]


def told_by_insert(y, start):
    return np.insert(y, 0, start, axis=0)[: len(y)]


# spelling_scores


def scores_by_loops(predicted, y, mask):
    tokens = right = whole = 0
    for b in range(y.shape[1]):
        fine = True
        for t in range(len(y)):
            if mask[t, b]:
                tokens += 1
                right += int(predicted[t, b] == y[t, b])
                fine = fine and predicted[t, b] == y[t, b]
        whole += int(fine)
    return right / tokens, whole / y.shape[1]


def scores_by_selection(predicted, y, mask):
    real = mask.astype(bool)
    return (predicted == y)[real].mean(), 1 - ((predicted != y) & real).any(axis=0).mean()


def scores_by_counts(predicted, y, mask):
    right = ((predicted == y) * mask).sum(axis=0)
    return right.sum() / mask.sum(), np.mean(right == mask.sum(axis=0))


def scores_by_errors(predicted, y, mask):
    wrong = np.where(mask > 0, predicted - y, 0) != 0
    return 1 - wrong.sum() / mask.sum(), (wrong.sum(axis=0) == 0).mean()


def scores_by_lists(predicted, y, mask):
    lengths = mask.sum(axis=0).astype(int)
    pairs = [(list(p[:n]), list(a[:n])) for p, a, n in zip(predicted.T, y.T, lengths, strict=True)]
    right = sum(one == other for p, a in pairs for one, other in zip(p, a, strict=True))
    return right / int(lengths.sum()), sum(p == a for p, a in pairs) / len(pairs)


def scores_in_float32(predicted, y, mask):
    real = mask.astype(np.float32)
    tokens = np.average((predicted == y).astype(np.float32), weights=real)
    whole = np.prod(np.where(mask, predicted == y, True), axis=0, dtype=np.float32).mean()
    return np.float32(tokens), np.float32(whole)


# greedy_write


def writes_until_broken(next_scores, state, start, end, n):
    tokens, last = [], start
    while len(tokens) < n:
        s, state = next_scores(last, state)
        last = int(np.argmax(s))
        if last == end:
            break
        tokens.append(last)
    return tokens


def writes_and_looks_back(next_scores, state, start, end, n):
    tokens = [start]
    for _ in range(n):
        s, state = next_scores(tokens[-1], state)
        tokens.append(s.argmax())
        if tokens[-1] == end:
            return tokens[1:-1]
    return tokens[1:]


def writes_recursively(next_scores, state, start, end, n):
    if n == 0:
        return []
    s, state = next_scores(start, state)
    token = int(s.argmax())
    return [] if token == end else [token, *writes_recursively(next_scores, state, token, end, n - 1)]


def writes_into_array(next_scores, state, start, end, n):
    tokens, written, token = np.zeros(n, dtype=int), 0, start
    for t in range(n):
        s, state = next_scores(token, state)
        token = np.argsort(s)[-1]
        if token == end:
            break
        tokens[t], written = token, t + 1
    return tokens[:written]


def writes_by_plain_max(next_scores, state, start, end, n):
    tokens, token = [], start
    for _ in range(n):
        s, state = next_scores(token, state)
        token = max(range(len(s)), key=lambda k: s[k])
        if token == end:
            return tokens
        tokens = [*tokens, token]
    return tokens


# both_ways


def turned_by_loops(x, lengths):
    turned = x.copy()
    for b, n in enumerate(lengths):
        turned[:n, b] = x[:n, b][::-1]
    return turned


def ways_by_helper(read, p_fwd, p_bwd, x, lengths):
    forward = read(x, p_fwd)
    backward = turned_by_loops(read(turned_by_loops(x, lengths), p_bwd), lengths)
    h = np.concatenate([forward, backward], axis=-1)
    for b, n in enumerate(lengths):
        h[n:, b] = 0
    return h


def ways_one_by_one(read, p_fwd, p_bwd, x, lengths):
    h = np.zeros((*x.shape[:2], len(p_fwd["b_h"]) + len(p_bwd["b_h"])))
    for b, n in enumerate(lengths):
        real = x[:n, b : b + 1]
        h[:n, b] = np.concatenate([read(real, p_fwd), read(real[::-1], p_bwd)[::-1]], axis=2)[:, 0]
    return h


def ways_by_roll(read, p_fwd, p_bwd, x, lengths):
    """All is turned round, then every sequence is moved back to the beginning."""

    def turned(a):
        return np.stack([np.roll(a[::-1, b], n - len(a), axis=0) for b, n in enumerate(lengths)], axis=1)

    h = np.dstack([read(x, p_fwd), turned(read(turned(x), p_bwd))])
    return np.where(np.arange(len(x))[:, None, None] < lengths[:, None], h, 0)


def ways_by_index(read, p_fwd, p_bwd, x, lengths):
    t, b = np.arange(len(x))[:, None], np.arange(len(lengths))
    mirror = (lengths - 1 - t) % len(x)  # steps of padding go somewhere behind
    h = np.concatenate([read(x, p_fwd), read(x[mirror, b], p_bwd)[mirror, b]], axis=2)
    return h * (t < lengths)[..., None]


def ways_in_float32(read, p_fwd, p_bwd, x, lengths):
    p_fwd, p_bwd = ({name: a.astype("f4") for name, a in p.items()} for p in (p_fwd, p_bwd))
    return ways_by_helper(read, p_fwd, p_bwd, x.astype("f4"), lengths).astype("f4")


# beam_search


def beams_of_pairs(log_p, start, n, width):
    beams = [([], 0.0)]
    for _ in range(n):
        longer = []
        for tokens, total in beams:
            last = tokens[-1] if tokens else start
            for k in range(len(log_p)):
                longer.append(([*tokens, k], total + log_p[last, k]))
        beams = sorted(longer, key=lambda pair: pair[1], reverse=True)[:width]
    return beams[0]


def beams_in_arrays(log_p, start, n, width):
    tokens, scores = np.full((1, 1), start), np.zeros(1)
    for _ in range(n):
        total = (scores[:, None] + log_p[tokens[:, -1]]).ravel()
        best = np.argsort(-total)[:width]
        row, k = np.divmod(best, len(log_p))
        tokens, scores = np.column_stack([tokens[row], k]), total[best]
    return tokens[0, 1:], scores[0]


def beams_in_a_heap(log_p, start, n, width):
    ticket, beams = count(), [(0.0, 0, [start])]
    for _ in range(n):
        longer = [(s + p, next(ticket), [*t, k]) for s, _, t in beams for k, p in enumerate(log_p[t[-1]])]
        beams = heapq.nlargest(width, longer)
    return beams[0][2][1:], beams[0][0]


def beams_by_products(log_p, start, n, width):
    """Probabilities multiplied; right as long as they do not become too small."""
    p, beams = np.exp(log_p), [((start,), 1.0)]
    for _ in range(n):
        longer = [((*t, k), q * p[t[-1], k]) for t, q in beams for k in range(len(p))]
        beams = sorted(longer, key=lambda pair: -pair[1])[:width]
    return list(beams[0][0][1:]), np.log(beams[0][1])


def beams_by_costs(log_p, start, n, width):
    beams = [(0.0, [])]
    for _ in range(n):
        longer = [
            (cost - log_p[(t or [start])[-1]][k], [*t, k]) for cost, t in beams for k in range(len(log_p))
        ]
        beams = sorted(longer)[:width]
    return beams[0][1], -beams[0][0]


def beams_in_float32(log_p, start, n, width):
    tokens, total = beams_in_arrays(log_p.astype("f4"), start, n, width)
    return tokens, np.float32(total)


# attention


def _soft(s):
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def attention_in_einsum(q, k, v, mask):
    scores = np.einsum("nh,th->nt", q, k) / k.shape[-1] ** 0.5
    weights = _soft(scores + np.where(mask == 1, 0, -1e9))
    return np.einsum("nt,td->nd", weights, v), weights


def attention_by_queries(q, k, v, mask):
    weights = []
    for one in q:
        e = np.exp(k @ one / np.sqrt(len(one))) * mask
        weights.append(e / e.sum())
    return np.stack([w @ v for w in weights]), np.array(weights)


def attention_by_selection(q, k, v, mask):
    real = mask.astype(bool)
    weights = np.zeros((len(q), len(k)))
    weights[:, real] = _soft((q / np.sqrt(q.shape[1])) @ k[real].T)
    return weights[:, real] @ v[real], weights


def attention_normalized_again(q, k, v, mask):
    weights = _soft(q @ k.T / np.sqrt(k.shape[1])) * mask
    weights = weights / weights.sum(axis=1, keepdims=True)
    return (v.T @ weights.T).T, weights


def attention_as_a_list(q, k, v, mask):
    scores = (q @ k.T) * k.shape[1] ** -0.5
    scores[:, mask == 0] = -np.inf
    weights = np.asfortranarray(_soft(scores))
    return [weights @ v, weights]


def attention_in_float32(q, k, v, mask):
    q, k, v = (a.astype(np.float32) for a in (q, k, v))
    scores = np.where(mask, q @ k.T / np.sqrt(np.float32(k.shape[1])), np.float32(-1e30))
    weights = _soft(scores)
    return weights @ v, weights


VARIANTS = {
    "answer_mask": (
        mask_by_loops,
        mask_by_index,
        mask_by_rows,
        mask_by_columns,
        mask_in_float32,
        mask_by_difference,
    ),
    "teacher_inputs": (
        told_into_empty,
        told_by_stack,
        told_by_roll,
        told_by_loops,
        told_by_pad,
        told_by_insert,
    ),
    "spelling_scores": (
        scores_by_loops,
        scores_by_selection,
        scores_by_counts,
        scores_by_errors,
        scores_by_lists,
        scores_in_float32,
    ),
    "greedy_write": (
        writes_until_broken,
        writes_and_looks_back,
        writes_recursively,
        writes_into_array,
        writes_by_plain_max,
    ),
    "attention": (
        attention_in_einsum,
        attention_by_queries,
        attention_by_selection,
        attention_normalized_again,
        attention_as_a_list,
        attention_in_float32,
    ),
    "both_ways": (ways_by_helper, ways_one_by_one, ways_by_roll, ways_by_index, ways_in_float32),
    "beam_search": (
        beams_of_pairs,
        beams_in_arrays,
        beams_in_a_heap,
        beams_by_products,
        beams_by_costs,
        beams_in_float32,
    ),
}
