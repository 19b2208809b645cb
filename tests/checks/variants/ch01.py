"""Chapter 01: right answers written in other ways."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def filled_in_a_copy(pages):
    pages = pages.copy()
    for t in range(1, len(pages)):
        if pages[t] < 0:
            pages[t] = (pages[t - 1] + 1) % 3
    return pages


def filled_by_distance(pages):
    last = np.maximum.accumulate(np.where(pages >= 0, np.arange(len(pages)), 0))
    return (pages[last] + np.arange(len(pages)) - last) % 3


def filled_by_a_table(pages):
    after = {0: 1, 1: 2, 2: 0}
    evenings = []
    for page in pages.tolist():
        evenings.append(after[evenings[-1]] if page == -1 else page)
    return np.array(evenings)


def filled_recursively(pages):
    if len(pages) == 1:
        return pages.copy()
    before = filled_recursively(pages[:-1])
    return np.append(before, pages[-1] if pages[-1] >= 0 else (before[-1] + 1) % 3)


def filled_looking_back(pages):
    def dish(t):
        back = 0
        while pages[t - back] < 0:
            back += 1
        return (pages[t - back] + back) % 3

    return np.array([dish(t) for t in range(len(pages))], dtype=np.int32)


def windows_by_view(series, width, horizon):
    runs = sliding_window_view(series, width + horizon)
    return runs[:, :width], runs[:, width:]


def windows_by_loop(series, width, horizon):
    x, y, i = [], [], 0
    while i + width + horizon <= len(series):
        x.append(series[i : i + width])
        y.append(series[i + width : i + width + horizon])
        i += 1
    return np.stack(x), np.stack(y)


def windows_by_index(series, width, horizon):
    start = np.arange(len(series) - width - horizon + 1)[:, None]
    return series[start + np.arange(width)], series[start + width + np.arange(horizon)]


def windows_by_columns(series, width, horizon):
    n = len(series) - width - horizon + 1
    columns = np.column_stack([series[k : k + n] for k in range(width + horizon)])
    return columns[:, :width], columns[:, width:]


def windows_filled(series, width, horizon):
    n = len(series) - width - horizon + 1
    x, y = np.zeros((n, width)), np.zeros((n, horizon))
    for i in range(n):
        for k in range(width):
            x[i, k] = series[i + k]
        for k in range(horizon):
            y[i, k] = series[i + width + k]
    return x, y


def windows_in_float32(series, width, horizon):
    return windows_by_index(series.astype(np.float32), width, horizon)


def scaled_by_parts(series, n_train):
    train, test = series[:n_train], series[n_train:]
    mean, spread = np.mean(train), np.std(train)
    return (train - mean) / spread, (test - mean) / spread


def scaled_then_split(series, n_train):
    scaled = (series - series[:n_train].mean()) / series[:n_train].std()
    return np.split(scaled, [n_train])


def scaled_by_hand(series, n_train):
    train = [float(v) for v in series[:n_train]]
    mean = sum(train) / n_train
    spread = (sum((v - mean) ** 2 for v in train) / n_train) ** 0.5
    return tuple(np.array([(v - mean) / spread for v in part]) for part in (train, series[n_train:]))


def scaled_by_moments(series, n_train):
    train = series[:n_train]
    spread = np.sqrt((train**2).mean() - train.mean() ** 2)
    scaled = series / spread - train.mean() / spread
    return scaled[:n_train], scaled[n_train:]


def scaled_in_float32(series, n_train):
    return scaled_by_parts(series.astype(np.float32), n_train)


def persistence_by_diff(series, n_train):
    return np.abs(np.diff(series))[n_train - 1 :].mean()


def persistence_by_loop(series, n_train):
    total = 0.0
    for t in range(n_train, len(series)):
        total += abs(series[t] - series[t - 1])
    return total / (len(series) - n_train)


def persistence_by_tail(series, n_train):
    tail = series[n_train - 1 :]
    return float(np.mean(np.abs(tail[1:] - tail[:-1])))


def persistence_by_roll(series, n_train):
    return np.abs(series - np.roll(series, 1))[n_train:].mean()


def persistence_by_norm(series, n_train):
    test = series[n_train:]
    return np.linalg.norm(test - series[n_train - 1 : -1], ord=1) / test.size


def persistence_in_float32(series, n_train):
    return persistence_by_tail(series.astype(np.float32), n_train)


def known_with_deque(cards, most):
    state, known = deque(maxlen=most), []
    for card in cards:
        known.append(card in state)
        if card not in state:
            state.append(card)
    return np.array(known)


def known_with_pop(cards, most):
    state = []
    known = np.zeros(len(cards), dtype=bool)
    for t in range(len(cards)):
        if cards[t] in state:
            known[t] = True
        else:
            state.append(cards[t])
            if len(state) > most:
                state.pop(0)
    return known


def known_with_tuple(cards, most):
    state, known = (), []
    for card in cards.tolist():
        known.append(card in state)
        state = state if card in state else (*state, card)[-most:]
    return np.array(known, dtype=bool)


def known_by_ring(cards, most):
    places, known, oldest = np.full(most, -1), [], 0
    for card in cards:
        known.append((places == card).any())
        if not known[-1]:
            places[oldest] = card
            oldest = (oldest + 1) % most
    return np.array(known)


def known_by_arrival(cards, most):
    """A card is known if it was among the last `most` that came in new."""
    arrived, known = [], []
    for card in cards:
        known.append(card in arrived[-most:])
        if not known[-1]:
            arrived.append(card)
    return np.array(known)


VARIANTS = {
    "fill_the_diary": (
        filled_in_a_copy,
        filled_by_distance,
        filled_by_a_table,
        filled_recursively,
        filled_looking_back,
    ),
    "cut_windows": (
        windows_by_view,
        windows_by_loop,
        windows_by_index,
        windows_by_columns,
        windows_filled,
        windows_in_float32,
    ),
    "split_and_scale": (
        scaled_by_parts,
        scaled_then_split,
        scaled_by_hand,
        scaled_by_moments,
        scaled_in_float32,
    ),
    "persistence_error": (
        persistence_by_diff,
        persistence_by_loop,
        persistence_by_tail,
        persistence_by_roll,
        persistence_by_norm,
        persistence_in_float32,
    ),
    "known_cards": (known_with_deque, known_with_pop, known_with_tuple, known_by_ring, known_by_arrival),
}
