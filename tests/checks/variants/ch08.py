"""Chapter 08: right answers written in other ways."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque
from functools import cache
from itertools import groupby

import numpy as np

# loudness_frames


def frames_by_list(sound, fade, hop):
    width = len(fade)
    starts = range(0, len(sound) - width + 1, hop)
    return np.abs(np.fft.rfft(np.stack([sound[k : k + width] for k in starts]) * fade))


def frames_by_index(sound, fade, hop):
    T = 1 + (len(sound) - len(fade)) // hop
    frames = sound[hop * np.arange(T)[:, None] + np.arange(len(fade))] * fade
    spectrum = np.fft.rfft(frames, axis=1)
    return np.sqrt(spectrum.real**2 + spectrum.imag**2)


def frames_by_waves(sound, fade, hop):
    """The definition: every frame is compared with a cosine and a sine of each pitch."""
    width, k = len(fade), 0
    turns = 2 * np.pi * np.outer(np.arange(width), np.arange(width // 2 + 1)) / width
    rows = []
    while k + width <= len(sound):
        frame = sound[k : k + width] * fade
        rows.append(np.hypot(frame @ np.cos(turns), frame @ np.sin(turns)))
        k += hop
    return np.array(rows)


def frames_cut_in_half(sound, fade, hop):
    width = len(fade)
    T = (len(sound) - width) // hop + 1
    loudness = np.empty((T, width // 2 + 1))
    for t in range(T):
        loudness[t] = np.absolute(np.fft.fft(fade * sound[t * hop : t * hop + width]))[: width // 2 + 1]
    return loudness


def frames_in_float32(sound, fade, hop):
    return frames_by_list(sound.astype("f4"), fade.astype("f4"), hop).astype("f4")


def frames_by_einsum(sound, fade, hop):
    windows = np.lib.stride_tricks.sliding_window_view(sound, fade.size)[::hop]
    wave = np.exp(-2j * np.pi * np.outer(np.arange(fade.size), np.arange(fade.size // 2 + 1)) / fade.size)
    return np.abs(np.einsum("tw,w,wf->tf", windows, fade, wave))


# read_labels


def labels_by_groups(labels, silence):
    return [int(label) for label, _ in groupby(labels) if label != silence]


def labels_by_memory(labels, silence):
    played, before = [], silence
    for label in labels:
        if label != before and label != silence:
            played.append(label)
        before = label
    return played


def labels_by_index(labels, silence):
    return [
        labels[t]
        for t in range(len(labels))
        if labels[t] != silence and (t == 0 or labels[t] != labels[t - 1])
    ]


def labels_by_pad(labels, silence):
    with_silence = np.concatenate([[silence], labels])
    changed = (with_silence[1:] != with_silence[:-1]) & (labels != silence)
    return labels[changed]


def labels_backwards(labels, silence):
    played, after = [], silence
    for label in labels[::-1]:
        if label != after and label != silence:
            played.insert(0, int(label))
        after = label
    return played


def labels_recursively(labels, silence):
    if len(labels) == 0:
        return []
    begins = [] if labels[0] == silence else [int(labels[0])]
    rest = 1
    while rest < len(labels) and labels[rest] == labels[0]:
        rest += 1
    return begins + labels_recursively(labels[rest:], silence)


# naive_forecasts


def rules_by_loops(z, k, season):
    targets = range(season, len(z))
    return np.array([z[t - k] for t in targets]), np.array([z[t - season] for t in targets])


def rules_by_index(z, k, season):
    t = np.arange(season, len(z))
    return z[t - k], z[t - season]


def rules_by_negative_ends(z, k, season):
    return z[season - k : -k], z[:-season]


def rules_by_roll(z, k, season):
    return np.roll(z, k)[season:], np.roll(z, season)[season:]


def rules_by_cut(z, k, season):
    persistence = z[:-k]
    return [persistence[season - k :], z[:-season]]


def rules_in_float32(z, k, season):
    return rules_by_index(z.astype("f4"), k, season)


# autoregression


def line_by_slices(z, P, cut):
    table = np.column_stack([z[P - 1 - j : cut - 1 - j] for j in range(P)] + [np.ones(cut - P)])
    found = np.linalg.lstsq(table, z[P:cut], rcond=None)[0]
    return found[:-1], found[-1]


def line_by_normal_equations(z, P, cut):
    table = np.array([[*z[t - P : t][::-1], 1.0] for t in range(P, cut)])
    found = np.linalg.solve(table.T @ table, table.T @ z[P:cut])
    return found[:P], found[P]


def line_by_windows(z, P, cut):
    windows = np.lib.stride_tricks.sliding_window_view(z[:cut], P + 1)
    table = np.hstack([windows[:, :P], np.ones((len(windows), 1))])
    found = np.linalg.pinv(table) @ windows[:, P]
    return found[:P][::-1], float(found[P])


def line_by_centring(z, P, cut):
    table = np.array([z[t - P : t][::-1] for t in range(P, cut)])
    y = z[P:cut]
    w = np.linalg.lstsq(table - table.mean(axis=0), y - y.mean(), rcond=None)[0]
    return w, y.mean() - table.mean(axis=0) @ w


def line_by_qr(z, P, cut):
    table = np.stack([np.ones(cut - P), *(z[P - j : cut - j] for j in range(1, P + 1))], axis=1)
    q, r = np.linalg.qr(table)
    b, *w = np.linalg.solve(r, q.T @ z[P:cut])
    return np.array(w), b


def line_in_float32(z, P, cut):
    w, b = line_by_slices(z.astype("f4"), P, cut)
    return w.astype("f4"), np.float32(b)


# forecast_ahead


def ahead_by_window(past, w, b, n):
    window, said = past[::-1][: len(w)], []
    for _ in range(n):
        x = w @ window + b
        window = np.concatenate([[x], window[:-1]])
        said.append(x)
    return np.array(said)


def ahead_by_deque(past, w, b, n):
    window, said = deque(past, maxlen=len(w)), np.zeros(n)
    for t in range(n):
        said[t] = sum(weight * x for weight, x in zip(w, reversed(window), strict=True)) + b
        window.append(said[t])
    return said


def ahead_in_one_array(past, w, b, n):
    z = np.concatenate([past, np.zeros(n)])
    for t in range(len(past), len(z)):
        z[t] = b + np.dot(w[::-1], z[t - len(w) : t])
    return z[len(past) :]


def ahead_by_matrix(past, w, b, n):
    """A step is one matrix: the window slides, and the 1 at its end carries the bias."""
    P = len(w)
    step = np.zeros((P + 1, P + 1))
    step[0, :P], step[0, P], step[P, P] = w, b, 1
    step[1:P, : P - 1] += np.eye(P - 1)
    window, said = np.append(past[::-1][:P], 1.0), []
    for _ in range(n):
        window = step @ window
        said.append(window[0])
    return np.stack(said)


def ahead_recursively(past, w, b, n):
    if n == 0:
        return np.zeros(0)
    x = b + sum(w[j] * past[-1 - j] for j in range(len(w)))
    return np.append(x, ahead_recursively(np.append(past, x), w, b, n - 1))


def ahead_in_float32(past, w, b, n):
    return ahead_in_one_array(past.astype("f4"), w.astype("f4"), np.float32(b), n).astype("f4")


# draw_next


def draws_by_searchsorted(s, temperature, u):
    e = np.exp((s - s.max(axis=1, keepdims=True)) / temperature)
    p = e / e.sum(axis=1, keepdims=True)
    ends = np.cumsum(p, axis=1)
    return p, np.array([np.searchsorted(row, x, side="right") for row, x in zip(ends, u, strict=True)])


def draws_by_argmax(s, temperature, u):
    log_p = s / temperature
    log_p = log_p - log_p.max(axis=-1)[:, None]
    p = np.exp(log_p - np.log(np.exp(log_p).sum(axis=-1))[:, None])
    return p, (p.cumsum(axis=-1) > u[:, None]).argmax(axis=-1)


def draws_by_powers(s, temperature, u):
    """p at temperature 1, raised to 1 / temperature, as the chapter's equation has it."""
    p = np.exp(s - s.max(axis=1, keepdims=True)) ** (1 / temperature)
    p /= p.sum(axis=1, keepdims=True)
    left = u.copy()
    drawn = np.zeros(len(s), dtype=int)
    for b in range(len(s)):
        while left[b] >= p[b, drawn[b]]:
            left[b] -= p[b, drawn[b]]
            drawn[b] += 1
    return p, drawn


def draws_by_loops(s, temperature, u):
    p, drawn = [], []
    for row, x in zip(s, u, strict=True):
        top = max(row)
        e = [math.exp((score - top) / temperature) for score in row]
        p.append([one / sum(e) for one in e])
        ends = [sum(p[-1][: k + 1]) for k in range(len(row))]
        drawn.append(bisect_right(ends, x))
    return np.array(p), np.array(drawn)


def draws_by_mean(s, temperature, u):
    """Any number may be taken off a row, its mean for one."""
    e = np.exp((s - s.mean(axis=1, keepdims=True)) / temperature)
    p = (e.T / e.sum(axis=1)).T
    return p, np.sum(np.cumsum(p, axis=1) < u.reshape(-1, 1), axis=1)


def draws_in_float32(s, temperature, u):
    # Scores around 1000 would lose the digits that count: the largest is taken off first.
    small = (s - s.max(axis=-1, keepdims=True)).astype("f4")
    p, drawn = draws_by_searchsorted(small, np.float32(temperature), u.astype("f4"))
    return p.astype("f4"), drawn.astype("i4")


# ctc_forward


def _around(target):
    return [0, *(x for label in target for x in (int(label), 0))]


def ctc_by_shifts(p, target):
    places = np.array(_around(target))
    skip = np.zeros(len(places))
    skip[2:] = (places[2:] != 0) & (places[2:] != places[:-2])
    alpha = np.zeros((len(p), len(places)))
    alpha[0, :2] = p[0, places[:2]]
    for t in range(1, len(p)):
        one, two = np.pad(alpha[t - 1], (1, 0))[:-1], np.pad(alpha[t - 1], (2, 0))[:-2]
        alpha[t] = (alpha[t - 1] + one + skip * two) * p[t, places]
    return alpha, alpha[-1, -2:].sum()


def ctc_by_matrix(p, target):
    places = _around(target)
    n = len(places)
    step = np.eye(n) + np.eye(n, k=1)
    for j in range(2, n):
        step[j - 2, j] = places[j] not in (0, places[j - 2])
    row = np.eye(n)[0] + np.eye(n)[1]
    rows = [row * p[0, places]]
    for p_t in p[1:]:
        rows.append((rows[-1] @ step) * p_t[places])
    return np.stack(rows), float(rows[-1][-1] + rows[-1][-2])


def ctc_recursively(p, target):
    places = _around(target)

    @cache
    def alpha(t, j):
        if j < 0 or (t == 0 and j > 1):
            return 0.0
        if t == 0:
            return p[0, places[j]]
        ways = alpha(t - 1, j) + alpha(t - 1, j - 1)
        if j > 1 and places[j] != places[j - 2]:
            ways += alpha(t - 1, j - 2)
        return ways * p[t, places[j]]

    table = np.array([[alpha(t, j) for j in range(len(places))] for t in range(len(p))])
    return table, table[-1, -1] + table[-1, -2]


def ctc_in_logs(p, target):
    places = np.array(_around(target))
    with np.errstate(divide="ignore"):
        log_p, alpha = np.log(p), np.full((len(p), len(places)), -np.inf)
        alpha[0, :2] = log_p[0, places[:2]]
        for t in range(1, len(p)):
            for j in range(len(places)):
                ways = alpha[t - 1, max(0, j - 1) : j + 1]
                if j > 1 and places[j] != places[j - 2]:
                    ways = alpha[t - 1, j - 2 : j + 1]
                alpha[t, j] = np.logaddexp.reduce(ways) + log_p[t, places[j]]
    return [np.exp(alpha), np.exp(np.logaddexp(alpha[-1, -1], alpha[-1, -2]))]


def ctc_in_float32(p, target):
    alpha, probability = ctc_by_shifts(p, target)
    return alpha.astype(np.float32), np.float32(probability)


VARIANTS = {
    "loudness_frames": (
        frames_by_list,
        frames_by_index,
        frames_by_waves,
        frames_cut_in_half,
        frames_in_float32,
        frames_by_einsum,
    ),
    "read_labels": (
        labels_by_groups,
        labels_by_memory,
        labels_by_index,
        labels_by_pad,
        labels_backwards,
        labels_recursively,
    ),
    "naive_forecasts": (
        rules_by_loops,
        rules_by_index,
        rules_by_negative_ends,
        rules_by_roll,
        rules_by_cut,
        rules_in_float32,
    ),
    "autoregression": (
        line_by_slices,
        line_by_normal_equations,
        line_by_windows,
        line_by_centring,
        line_by_qr,
        line_in_float32,
    ),
    "forecast_ahead": (
        ahead_by_window,
        ahead_by_deque,
        ahead_in_one_array,
        ahead_by_matrix,
        ahead_recursively,
        ahead_in_float32,
    ),
    "ctc_forward": (ctc_by_shifts, ctc_by_matrix, ctc_recursively, ctc_in_logs, ctc_in_float32),
    "draw_next": (
        draws_by_searchsorted,
        draws_by_argmax,
        draws_by_powers,
        draws_by_loops,
        draws_by_mean,
        draws_in_float32,
    ),
}
