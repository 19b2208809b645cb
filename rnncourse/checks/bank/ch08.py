"""Chapter 08: a spectrogram, a transcript, all alignments, forecasts by three rules, drawing a character."""

from __future__ import annotations

import numpy as np

from rnncourse.checks.bank.inputs import edge, normal
from rnncourse.checks.bank.statements import task
from rnncourse.checks.task import ENGINES, Case

# ---------------------------------------------------------------- a spectrogram


def _frames(sound, width, hop):
    return np.lib.stride_tricks.sliding_window_view(sound, width)[::hop]


def _loudness_frames(sound, fade, hop):
    return np.abs(np.fft.rfft(_frames(sound, len(fade), hop) * fade))


def _sound_cases(rng):
    """Frames that fill the first sound to its last sample; in the second, one sample is missing for one more frame; in
    the third, frames overlap by less than half.
    """
    cases = [
        Case((normal(rng, N), rng.uniform(0.2, 1, size=width), hop))
        for N, width, hop in ((50, 10, 4), (61, 12, 5), (43, 7, 5))
    ]
    return [
        *cases,
        edge("with a single frame", normal(rng, 9), rng.uniform(0.2, 1, size=9), 4),
        edge("with `hop=1`", normal(rng, 11), rng.uniform(0.2, 1, size=6), 1),
    ]


LOUDNESS_FRAMES = task(
    "loudness_frames",
    reference=_loudness_frames,
    cases=_sound_cases,
    timed=("result",),
    forbidden=("scipy.signal",),
)


@LOUDNESS_FRAMES.mistake
def not_faded(sound, fade, hop):
    """You never use `fade`. Then each frame is cut out with sharp edges, and a sharp edge sounds like a
    click, which is spread over all frequencies.
    """
    return _loudness_frames(sound, np.ones_like(fade), hop)


@LOUDNESS_FRAMES.mistake
def real_part(sound, fade, hop):
    """You keep only the real part. It depends on where in the frame a wave happens to begin, so the same tone
    comes out positive, negative or zero. How loud a frequency is, is the *size* of the complex number.
    """
    return np.fft.rfft(_frames(sound, len(fade), hop) * fade).real


@LOUDNESS_FRAMES.mistake
def squared(sound, fade, hop):
    """These are the squares, called the power. Return the sizes of the complex numbers themselves."""
    return _loudness_frames(sound, fade, hop) ** 2


@LOUDNESS_FRAMES.mistake
def logarithm(sound, fade, hop):
    """The logarithm comes later. Return the loudness itself."""
    return np.log(_loudness_frames(sound, fade, hop) + 1)


@LOUDNESS_FRAMES.mistake
def both_halves(sound, fade, hop):
    """`np.fft.fft` returns every frequency twice, the second half as a mirror image of the first. For a
    sound, which consists of real numbers, there is a function that returns one half only.
    """
    return np.abs(np.fft.fft(_frames(sound, len(fade), hop) * fade))


@LOUDNESS_FRAMES.mistake
def no_overlap(sound, fade, hop):
    """Each of your frames begins where the previous one ends. The next frame begins `hop` samples after this
    one *began*, so neighbors overlap.
    """
    return _loudness_frames(sound, fade, len(fade))


@LOUDNESS_FRAMES.mistake
def last_frame_lost(sound, fade, hop):
    """One frame is missing: the last one, which ends with the very last sample. A frame that fits exactly
    still counts. Remember that `range` stops one before its end.
    """
    # `range(0, len(sound) - width, hop)`: a frame that ends with the last sample is lost.
    return _loudness_frames(sound[:-1], fade, hop)


@LOUDNESS_FRAMES.mistake
def rest_filled_up(sound, fade, hop):
    """You have too many frames at the end, padded with zeros. Drop frames that do not fit completely."""
    # Frames begin as long as there are samples; what is missing is filled up with zeros.
    starts = np.arange(0, len(sound), hop)
    return _loudness_frames(np.pad(sound, (0, starts[-1] + len(fade) - len(sound))), fade, hop)


@LOUDNESS_FRAMES.mistake
def rest_too_short(sound, fade, hop):
    """Your last frames are shorter than the others, because the sound ends before they do, so they cannot be
    stacked. Only frames that fit completely count; drop the samples left over.
    """
    return np.stack([sound[k : k + len(fade)] for k in range(0, len(sound), hop)])


@LOUDNESS_FRAMES.mistake
def imaginary_part(sound, fade, hop):
    """You keep only the imaginary part. The absolute value of a complex number needs both parts."""
    return np.fft.rfft(_frames(sound, len(fade), hop) * fade).imag


@LOUDNESS_FRAMES.mistake
def faded_as_a_whole(sound, fade, hop):
    """You fade after the transform. `fade` belongs to the samples of a frame."""
    return _loudness_frames(sound, np.ones_like(fade), hop) * np.resize(fade, len(fade) // 2 + 1)


@LOUDNESS_FRAMES.mistake
def hop_of_one(sound, fade, hop):
    """Your frames begin at every sample. The next one begins `hop` samples later."""
    return _loudness_frames(sound, fade, 1)


@LOUDNESS_FRAMES.mistake
def first_frame_lost(sound, fade, hop):
    """The first frame is missing. It begins at sample 0."""
    return _loudness_frames(sound, fade, hop)[1:]


@LOUDNESS_FRAMES.mistake
def first_frame_only(sound, fade, hop):
    """This is a single frame. Return one row for each frame."""
    return _loudness_frames(sound, fade, hop)[0]


@LOUDNESS_FRAMES.mistake
def time_last(sound, fade, hop):
    """Rows and columns are swapped: a row for each frame, a column for each frequency."""
    return _loudness_frames(sound, fade, hop).T


@LOUDNESS_FRAMES.mistake
def complex_numbers(sound, fade, hop):
    """These are the complex numbers themselves. Return their absolute values."""
    return np.fft.rfft(_frames(sound, len(fade), hop) * fade)


@LOUDNESS_FRAMES.mistake
def constant_part_lost(sound, fade, hop):
    """The first frequency is missing, the constant part. Return all that `np.fft.rfft` gives."""
    return _loudness_frames(sound, fade, hop)[:, 1:]


@LOUDNESS_FRAMES.mistake
def per_sample(sound, fade, hop):
    """You divide by the length of a frame. Return the absolute values as they are."""
    return _loudness_frames(sound, fade, hop) / len(fade)


@LOUDNESS_FRAMES.mistake
def fade_in_the_wrong_place(sound, fade, hop):
    """You transform along the frames. Each frame has a transform of its own: the last axis is the one within
    a frame.
    """
    return np.abs(np.fft.rfft(_frames(sound, len(fade), hop) * fade, axis=0))


# ---------------------------------------------------------------- a broken transcript


def _read_labels(labels, silence):
    begins = np.append(True, labels[1:] != labels[:-1])
    return [int(label) for label in labels[begins] if label != silence]


_PLAYED = (  # 0 for silence, 1, 2 and 3 for the tones, and how many frames: which labels and how long each is drawn
    ((1, 0, 1, 2, 0, 3, 0), 12),
    ((0, 2, 1, 0, 1, 0, 2), 10),
    ((2, 0, 1, 3, 0, 2), 9),
    ((3, 0, 3, 0, 1, 2, 1), 11),
)


def _label_cases(rng):
    drawn = [rng.permutation(9)[:4] for _ in _PLAYED]
    # label 0 is a tone like any other, and once the first that is played
    for i in (0, 3):
        drawn[i] = np.array([*rng.permutation(np.arange(1, 9))[:3], 0])
    for names in drawn:
        names[1:] = np.sort(names[1:])[::-1]  # so that sorting the tones is never right by chance
    # The last of all labels is the first of all: whoever remembers it from call to call misses a tone.
    drawn[0] = np.array([rng.choice(np.setdiff1d(np.arange(1, 9), drawn[3])), *drawn[3][1:]])
    tone, silence = (int(k) for k in rng.permutation(9)[:2])
    return [
        *(
            Case((names[_heard(rng, *played)], int(names[0])))
            for played, names in zip(_PLAYED, drawn, strict=True)
        ),
        edge("with a single frame", np.array([tone]), silence),
        edge(
            "when a tone sounds twice with one frame of silence between",
            np.array([tone, silence, tone]),
            silence,
        ),
        edge("when nothing is played", np.array([silence, silence]), silence),
    ]


def _heard(rng, sounds, T):
    """Return what sounds in T frames: one of the tones for several, and the first and the last sound for one."""
    while True:
        lengths = np.ones(len(sounds), dtype=int)
        lengths[1:-1] += np.bincount(
            rng.integers(len(sounds) - 2, size=T - len(sounds)), minlength=len(sounds) - 2
        )
        if lengths[np.array(sounds) > 0].max() > 1:
            return np.repeat(sounds, lengths)


def _not_merged(labels, silence):
    return [int(label) for label in labels if label != silence]


READ_LABELS = task("read_labels", reference=_read_labels, cases=_label_cases)


@READ_LABELS.mistake
def silence_left_in(labels, silence):
    """Equal neighbors are merged, but silence is still in your list. It separates tones; it is not one of
    them.
    """
    before = [silence, *labels[:-1]]
    return [int(label) for label, last in zip(labels, before, strict=True) if label != last]


@READ_LABELS.mistake
def still_broken(labels, silence):
    """The same tone played twice, with a pause in between, is still written once. Follow the example through
    the function: when two neighbors are compared, where has the pause gone?
    """
    heard = [label for label in labels if label != silence]
    played = []
    for label in heard:
        if not played or label != played[-1]:
            played.append(int(label))
    return played


@READ_LABELS.mistake
def silence_kept(labels, silence):
    """Equal neighbors are merged now, but the silences are still in the list. Nobody plays a silence."""
    return [int(label) for label in labels[np.append(True, labels[1:] != labels[:-1])]]


@READ_LABELS.mistake
def not_merged(labels, silence):
    """The silences are gone, but a tone is written once for every frame it lasts. Merge equal neighbors."""
    return _not_merged(labels, silence)


@READ_LABELS.mistake
def each_tone_once(labels, silence):
    """Every tone now occurs at most once, however often it was played. A melody may come back to a tone."""
    return list(dict.fromkeys(_not_merged(labels, silence)))


@READ_LABELS.mistake
def sorted_set(labels, silence):
    """These are the tones that occur, each once and sorted by number. `set` and `np.unique` forget the order,
    and how often each was played. A melody is a sequence.
    """
    return sorted(set(_not_merged(labels, silence)))


@READ_LABELS.mistake
def first_is_lost(labels, silence):
    """If a recording begins with a tone, you lose that tone: you write a label when it differs from the one
    before, and the first has none before it.
    """
    changes = labels[1:][labels[1:] != labels[:-1]]
    return [int(label) for label in changes if label != silence]


@READ_LABELS.mistake
def last_is_lost(labels, silence):
    """If a recording ends with a tone, you lose that tone: you write a tone when it is over, and the last one
    is never over.
    """
    # Writes a tone when it is over, so the one that sounds until the end is never written.
    return [int(label) for label in labels[:-1][labels[1:] != labels[:-1]] if label != silence]


@READ_LABELS.mistake
def zero_is_silence(labels, silence):
    """You take label 0 for silence. `silence` says which label it is."""
    return _read_labels(labels, 0)


@READ_LABELS.mistake
def compared_around_the_end(labels, silence):
    """You compare the first label with the last one of the recording: index −1 is the end of an array. So a
    melody that ends as it begins loses its first tone.
    """
    return [int(label) for k, label in enumerate(labels) if label != silence and label != labels[k - 1]]


@READ_LABELS.mistake
def compared_with_the_next(labels, silence):
    """You compare the last label with the first one. So a melody that ends as it begins loses its last tone."""
    following = np.roll(labels, -1)
    return [int(label) for label in labels[(labels != following) & (labels != silence)]]


@READ_LABELS.mistake
def backward(labels, silence):
    """The right tones, in reverse order."""
    return _read_labels(labels, silence)[::-1]


@READ_LABELS.mistake
def positions(labels, silence):
    """These are the frames where tones begin. Return their labels."""
    begins = np.append(True, labels[1:] != labels[:-1]) & (labels != silence)
    return [int(k) for k in np.flatnonzero(begins)]


@READ_LABELS.mistake
def how_many(labels, silence):
    """This is the number of tones. Return the list of them."""
    return len(_read_labels(labels, silence))


@READ_LABELS.mistake
def after_a_silence_only(labels, silence):
    """You write a tone only if silence was before it. A tone may also follow another tone directly."""
    before = [silence, *labels[:-1]]
    return [int(b) for a, b in zip(before, labels, strict=True) if a == silence and b != silence]


# ---------------------------------------------------------------- all alignments at once


def _places(target):
    """Return the labels of a target with a blank, label 0, before, between and after them."""
    places = np.zeros(2 * len(target) + 1, dtype=int)
    places[1::2] = target
    return places


def _different(places, j):
    return places[j] != places[j - 2]


def _alpha(p, places, *, first=2, stay=1.0, move=1.0, skip=_different, join=sum, frame=0):
    """Return alpha (T, places); what may begin, stay, move and skip, how paths are combined, from which frame p is."""
    alpha = np.zeros((len(p), len(places)))
    alpha[0, :first] = p[0, places[:first]]
    for t in range(1, len(p)):
        for j, label in enumerate(places):
            ways = [stay * alpha[t - 1, j]]
            if j >= 1:
                ways.append(move * alpha[t - 1, j - 1])
            if j >= 2 and skip(places, j):
                ways.append(alpha[t - 1, j - 2])
            alpha[t, j] = join(ways) * p[t - frame, label]
    return alpha


def _ctc(p, target, **changed):
    alpha = _alpha(p, _places(target), **changed)
    return alpha, float(alpha[-1, -2:].sum())


def _ctc_cases(rng):
    """Targets with the same label twice in a row, and with another label between two of the same.

    At the edge the rows do not sum to 1, as in the exercise's examples, and a single walk is possible.
    """
    cases = []
    for T, K, pattern in ((8, 5, (0, 0, 1)), (7, 6, (0, 1, 0, 2))):
        labels = rng.permutation(np.arange(1, K))
        cases.append(Case((_softmax(normal(rng, T, K)), labels[list(pattern)])))
    label = rng.integers(1, 4)
    rows = rng.uniform(1.2, 3, size=(3, 4))
    return [
        *cases,
        edge("when the rows of `p` do not sum to 1", rows, np.array([label, label])),
        edge("with a single label", _softmax(normal(rng, 4, 3)), rng.integers(1, 3, size=1)),
        edge("with a single frame", _softmax(normal(rng, 1, 3)), rng.integers(1, 3, size=1)),
        edge(
            "with fewer frames than labels", _softmax(normal(rng, 1, 4)), rng.permutation(np.arange(1, 4))[:2]
        ),
    ]


CTC_FORWARD = task(
    "ctc_forward",
    reference=_ctc,
    cases=_ctc_cases,
    outputs=("alpha", "probability"),
    timed=("alpha",),
    forbidden=ENGINES,
)


@CTC_FORWARD.mistake
def never_skips(p, target):
    """You never skip a blank. Between two different labels there need not be one: a row may go from C straight
    to G.
    """
    return _ctc(p, target, skip=lambda places, j: False)


@CTC_FORWARD.mistake
def skips_between_equals(p, target):
    """You skip the blank between two equal labels. Without it they would be merged into one: C C reads as C."""
    return _ctc(p, target, skip=lambda places, j: places[j] != 0)


@CTC_FORWARD.mistake
def skips_labels(p, target):
    """You also skip labels, from one blank to the next. Every label of the target has to be read; only a blank may
    be skipped.
    """
    return _ctc(p, target, skip=lambda places, j: places[j] == 0 or _different(places, j))


@CTC_FORWARD.mistake
def skips_everything(p, target):
    """You always skip. Only a blank may be skipped, and only between two different labels."""
    return _ctc(p, target, skip=lambda places, j: True)


@CTC_FORWARD.mistake
def begins_with_the_blank(p, target):
    """Your rows can only begin with a blank. They may also begin with the first label."""
    return _ctc(p, target, first=1)


@CTC_FORWARD.mistake
def begins_anywhere(p, target):
    """Your rows may begin at any place, so labels of the target can be left out. There are two places to begin."""
    return _ctc(p, target, first=None)


@CTC_FORWARD.mistake
def begins_with_a_label(p, target):
    """Your rows can only begin with the first label. They may also begin with a blank."""
    alpha = _alpha(p, _places(target)) - _from_blank(p, target)
    return alpha, float(alpha[-1, -2:].sum())


def _from_blank(p, target):
    """Return what alpha owes to the rows that begin with a blank."""
    return _alpha(p, _places(target), first=1)


@CTC_FORWARD.mistake
def never_stays(p, target):
    """You move on at every frame. A label or a blank may last for several frames."""
    return _ctc(p, target, stay=0.0)


@CTC_FORWARD.mistake
def never_moves_by_one(p, target):
    """You forgot the move to the next place."""
    return _ctc(p, target, move=0.0)


@CTC_FORWARD.mistake
def best_row_only(p, target):
    """You take the maximum over the paths to a place: that finds the most probable single row. Add them up instead."""
    return _ctc(p, target, join=max)


@CTC_FORWARD.mistake
def previous_frame(p, target):
    """You multiply by the probabilities of the frame before. The walk arrives at its place in frame t."""
    return _ctc(p, target, frame=1)


@CTC_FORWARD.mistake
def rows_counted(p, target):
    """You count the rows. Each row should count with its probability: multiply by that of its label in every frame."""
    return _ctc(np.ones_like(p), target)


@CTC_FORWARD.mistake
def not_multiplied_after_the_first(p, target):
    """Only the first frame's probabilities are used. Every frame multiplies by the one of its label."""
    return _ctc(np.concatenate([p[:1], np.ones_like(p[1:])]), target)


@CTC_FORWARD.mistake
def blank_is_the_last_label(p, target):
    """You take the last label for the blank. Here label 0 is the blank."""
    places = _places(target)
    alpha = _alpha(p, np.where(places == 0, p.shape[1] - 1, places))
    return alpha, float(alpha[-1, -2:].sum())


@CTC_FORWARD.mistake
def blanks_for_free(p, target):
    """The blanks are not multiplied by their probability. In a frame of silence the network has to say blank."""
    return _ctc(np.concatenate([np.ones_like(p[:, :1]), p[:, 1:]], axis=1), target)


@CTC_FORWARD.mistake
def ends_with_a_blank(p, target):
    """`alpha` is right. But you only count the rows that end with a blank; a row may end with the last label, too."""
    alpha, _ = _ctc(p, target)
    return alpha, float(alpha[-1, -1])


@CTC_FORWARD.mistake
def ends_with_a_label(p, target):
    """`alpha` is right. But you only count the rows that end with the last label; a row may end with a blank, too."""
    alpha, _ = _ctc(p, target)
    return alpha, float(alpha[-1, -2])


@CTC_FORWARD.mistake
def ends_anywhere(p, target):
    """`alpha` is right. But you also count rows that end before the target has been read to its end."""
    alpha, _ = _ctc(p, target)
    return alpha, float(alpha[-1].sum())


@CTC_FORWARD.mistake
def every_frame_counted(p, target):
    """`alpha` is right. But you add up all frames. The target must be complete in the last frame."""
    alpha, _ = _ctc(p, target)
    return alpha, float(alpha[:, -2:].sum())


@CTC_FORWARD.mistake
def loss_returned(p, target):
    """This is the CTC loss, the negative logarithm. Return the probability itself."""
    alpha, probability = _ctc(p, target)
    return alpha, float(-np.log(probability))


@CTC_FORWARD.mistake
def log_returned(p, target):
    """This is the logarithm of the probability. Return the probability itself."""
    alpha, probability = _ctc(p, target)
    return alpha, float(np.log(probability))


@CTC_FORWARD.mistake
def without_blanks(p, target):
    """There are no blanks in your table. Put one before, between and after the labels: 2n + 1 places."""
    target = np.asarray(target)
    alpha = _alpha(p, target, first=1, skip=lambda places, j: False)
    return alpha, float(alpha[-1, -1])


# ---------------------------------------------------------------- two rules that need no training


def _naive_forecasts(z, k, season):
    return z[season - k : len(z) - k], z[: len(z) - season]


def _series_cases(rng):
    cases = [Case((normal(rng, N), k, season)) for N, k, season in ((15, 2, 6), (19, 3, 8))]
    return [
        *cases,
        edge("with `k=1`", normal(rng, 13), 1, 5),
        edge("with a season of two steps", normal(rng, 9), 1, 2),
        edge("with a season one longer than `k`", normal(rng, 14), 4, 5),
    ]


NAIVE_FORECASTS = task(
    "naive_forecasts",
    reference=_naive_forecasts,
    cases=_series_cases,
    outputs=("persistence", "seasonal"),
    timed=("persistence", "seasonal"),
)


@NAIVE_FORECASTS.mistake
def the_truth(z, k, season):
    """This is the series itself, the very numbers to be forecast. No rule is that good: a forecast for a year
    may only use years at least `k` before it.
    """
    return (z[season:], z[: len(z) - season])


@NAIVE_FORECASTS.mistake
def one_step_before(z, k, season):
    """This is the number of the year before. But the forecast is made `k` years ahead: at that time, the
    number of the year before is not known yet.
    """
    return (z[season - 1 : len(z) - 1], z[: len(z) - season])


@NAIVE_FORECASTS.mistake
def all_that_there_are(z, k, season):
    """Persistence begins too early: you have a forecast for each target from `z[k]` on. Start at `z[season]`,
    so that both rules forecast the same years.
    """
    return (z[: len(z) - k], z[: len(z) - season])


@NAIVE_FORECASTS.mistake
def past_the_end(z, k, season):
    """Persistence begins where it should but has `k` numbers too many at its end: forecasts for years after
    the series, which nobody can check yet.
    """
    return (z[season - k :], z[: len(z) - season])


@NAIVE_FORECASTS.mistake
def swapped(z, k, season):
    """You swapped the two forecasts. Persistence comes first, then the seasonal one."""
    return _naive_forecasts(z, k, season)[::-1]


@NAIVE_FORECASTS.mistake
def season_before_today(z, k, season):
    """You count the season back from the day on which the forecast is made. Count it back from the *target*."""
    return (_naive_forecasts(z, k, season)[0], z[: len(z) - season - k])


@NAIVE_FORECASTS.mistake
def last_season(z, k, season):
    """This is the last season of the series, once. Each target needs the number one season before itself."""
    return (_naive_forecasts(z, k, season)[0], z[-season:])


@NAIVE_FORECASTS.mistake
def k_for_the_season(z, k, season):
    """Your seasonal rule goes back `k` steps. It goes back one whole season."""
    return _naive_forecasts(z, k, season)[0], _naive_forecasts(z, k, season)[0]


@NAIVE_FORECASTS.mistake
def season_for_k(z, k, season):
    """Your persistence goes back one whole season. It goes back `k` steps."""
    return _naive_forecasts(z, k, season)[1], _naive_forecasts(z, k, season)[1]


@NAIVE_FORECASTS.mistake
def one_step_too_far(z, k, season):
    """Your persistence goes back one step too far: `k` steps before the target, the number was already known."""
    return z[season - k - 1 : len(z) - k - 1], z[: len(z) - season]


@NAIVE_FORECASTS.mistake
def targets_from_k(z, k, season):
    """Both of your forecasts begin with the target `z[k]`. The first target is `z[season]`."""
    return z[: len(z) - k], np.roll(z, season)[k:]


@NAIVE_FORECASTS.mistake
def forward_in_time(z, k, season):
    """You look forward: these are numbers after the target, which nobody knows yet."""
    return np.roll(z, -k)[season:], np.roll(z, -season)[season:]


@NAIVE_FORECASTS.mistake
def last_number_for_all(z, k, season):
    """Your persistence is one number for all targets. Each forecast uses the newest number known at its own
    time.
    """
    return np.full(len(z) - season, z[-1]), z[: len(z) - season]


@NAIVE_FORECASTS.mistake
def errors(z, k, season):
    """These are the errors of the two forecasts. Return the forecasts themselves."""
    one, other = _naive_forecasts(z, k, season)
    return z[season:] - one, z[season:] - other


@NAIVE_FORECASTS.mistake
def season_less_one(z, k, season):
    """Your seasonal rule goes back one step too few."""
    return _naive_forecasts(z, k, season)[0], z[1 : len(z) - season + 1]


@NAIVE_FORECASTS.mistake
def all_with_the_past(z, k, season):
    """Your arrays begin with numbers that are no targets. There are N − season targets."""
    return np.roll(z, k), np.roll(z, season)


# ---------------------------------------------------------------- a line through the last years


def _fit(z, P, targets, bias=True, gap=1):
    """Return w (P,), newest first, and b that forecast z[t] from P numbers, the newest `gap` before it."""
    past = np.stack([z[targets - gap - j] for j in range(P)] + [np.ones(len(targets))] * bias, axis=1)
    found = np.linalg.lstsq(past, z[targets], rcond=None)[0]
    return (found[:P], float(found[P])) if bias else (found, 0.0)


def _autoregression(z, P, cut):
    return _fit(z, P, np.arange(P, cut))


def _line_cases(rng):
    """The bias is once positive and once negative."""
    cases = [Case((level + normal(rng, N), P, cut)) for level, N, P, cut in ((4, 40, 3, 29), (-4, 46, 5, 33))]
    return [*cases, edge("with `P=1`", 3 + normal(rng, 20), 1, 15)]


AUTOREGRESSION = task("autoregression", reference=_autoregression, cases=_line_cases, outputs=("w", "b"))


@AUTOREGRESSION.mistake
def learns_from_the_test(z, P, cut):
    """You used all targets, including those from `z[cut]` on. Those are the test: what is learned from them
    can no longer be tested on them.
    """
    return _fit(z, P, np.arange(P, len(z)))


@AUTOREGRESSION.mistake
def one_target_too_many(z, P, cut):
    """One target of the test has slipped in: `z[cut]` itself. The targets end just before it."""
    return _fit(z, P, np.arange(P, cut + 1))


@AUTOREGRESSION.mistake
def one_target_too_few(z, P, cut):
    """One target is missing: the last one before `z[cut]`. Count the rows of your table; there should be `cut
    - P`.
    """
    return _fit(z, P, np.arange(P, cut - 1))


@AUTOREGRESSION.mistake
def oldest_first(z, P, cut):
    """The weights are right but in the wrong order: yours begin with the oldest year. In the equation, $w_0$
    belongs to the most recent year.
    """
    w, b = _autoregression(z, P, cut)
    return w[::-1], b


@AUTOREGRESSION.mistake
def no_bias(z, P, cut):
    """Your line has to go through 0: it has no bias. Least squares finds a bias like any other weight, if the
    table has a column for it. What is in that column?
    """
    return _fit(z, P, np.arange(P, cut), bias=False)


@AUTOREGRESSION.mistake
def sees_the_target(z, P, cut):
    """Your table contains the very number to be forecast. So the first weight is 1 and all others are 0: the
    line has learned to copy. The newest number in a row is the one *before* its target.
    """
    return _fit(z, P, np.arange(P, cut), gap=0)


@AUTOREGRESSION.mistake
def skips_a_year(z, P, cut):
    """There is a gap between the window and its target: you forecast two years ahead. The newest number in a
    row is the one just before its target.
    """
    return _fit(z, P, np.arange(P + 1, cut), gap=2)


@AUTOREGRESSION.mistake
def through_the_mean(z, P, cut):
    """You subtract the mean and have no bias left. The line needs one: what does it forecast when all inputs
    are 0?
    """
    w, _ = _fit(z - z[:cut].mean(), P, np.arange(P, cut), bias=False)
    return w, 0.0


@AUTOREGRESSION.mistake
def first_target_skipped(z, P, cut):
    """The first target is missing: `z[P]` has P numbers before it already."""
    return _fit(z, P, np.arange(P + 1, cut))


@AUTOREGRESSION.mistake
def bias_among_the_weights(z, P, cut):
    """Your `w` still contains the bias. Split the P + 1 numbers: P weights, and `b`."""
    w, b = _autoregression(z, P, cut)
    return np.append(w, b), b


@AUTOREGRESSION.mistake
def bias_first(z, P, cut):
    """The column of ones was the first, so the first of your weights is the bias."""
    w, b = _autoregression(z, P, cut)
    return np.append(b, w[:-1]), float(w[-1])


@AUTOREGRESSION.mistake
def last_weight_for_the_bias(z, P, cut):
    """The weights are right, but your `b` is the last of them again. There are P + 1 numbers, and Python counts from 0:
    where is the last one?
    """
    w, _ = _autoregression(z, P, cut)
    return w, float(w[-1])


@AUTOREGRESSION.mistake
def one_number_more(z, P, cut):
    """Your windows hold one number too many. There are P weights."""
    return _fit(z, P + 1, np.arange(P + 1, cut))


@AUTOREGRESSION.mistake
def one_number_less(z, P, cut):
    """Your windows hold one number too few. There are P weights."""
    return _fit(z, P - 1, np.arange(P, cut))


@AUTOREGRESSION.mistake
def from_the_test_only(z, P, cut):
    """You learn from the test alone. Learn from the targets before `z[cut]`."""
    return _fit(z, P, np.arange(cut, len(z)))


@AUTOREGRESSION.mistake
def outputs_swapped(z, P, cut):
    """Both outputs are right, but in the wrong order: first the weights, then the bias."""
    return _autoregression(z, P, cut)[::-1]


@AUTOREGRESSION.mistake
def forecasts_returned(z, P, cut):
    """These are the forecasts of the line. Return its weights and its bias."""
    w, b = _autoregression(z, P, cut)
    return np.array([z[t - P : t][::-1] @ w + b for t in range(P, cut)]), b


@AUTOREGRESSION.mistake
def bias_column_first(z, P, cut):
    """The column of ones comes first in your table, or your code reads it that way: b is what belongs to that
    column, and the weights are the others.
    """
    w, b = _autoregression(z, P, cut)
    return np.append(w[1:], b), w[0]


@AUTOREGRESSION.mistake
def not_pulled_back(z, P, cut):
    """Your table has no column for the bias; the mean was subtracted instead. That is not the same: the numbers before
    the targets and the targets have means of their own.
    """
    mean = z[:cut].mean()
    y = z - mean
    table = np.array([y[t - P : t][::-1] for t in range(P, cut)])
    w = np.linalg.lstsq(table, y[P:cut], rcond=None)[0]
    return w, mean * (1 - w.sum())


@AUTOREGRESSION.mistake
def mean_as_bias(z, P, cut):
    """Your table has no column for the bias, and b is the mean of the series. Least squares finds the bias like
    any other weight.
    """
    mean = z[:cut].mean()
    y = z - mean
    table = np.array([y[t - P : t][::-1] for t in range(P, cut)])
    return np.linalg.lstsq(table, y[P:cut], rcond=None)[0], mean


@AUTOREGRESSION.mistake
def weights_held_small(z, P, cut):
    """Something in your solution keeps the weights small, such as the 1 on the diagonal of a ridge regression. Least
    squares alone makes the error as small as possible.
    """
    table = np.array([np.append(z[t - P : t][::-1], 1.0) for t in range(P, cut)])
    found = np.linalg.solve(table.T @ table + np.eye(P + 1), table.T @ z[P:cut])
    return found[:-1], found[-1]


@AUTOREGRESSION.mistake
def too_few_targets(z, P, cut):
    """You leave out the last P targets before `z[cut]`. The last target is the one just before it."""
    return _autoregression(z, P, cut - P)


# ---------------------------------------------------------------- several steps ahead


def _forecast_ahead(past, w, b, n):
    known = list(past)
    for _ in range(n):
        known.append(float(w @ known[: -len(w) - 1 : -1] + b))
    return np.array(known[len(past) :])


def _ahead_cases(rng):
    cases = [
        Case((normal(rng, N), normal(rng, P, scale=0.5), float(rng.uniform(0.3, 0.9)), n))
        for N, P, n in ((7, 3, 5), (4, 4, 6))
    ]
    # One number alone must not be the small difference of large ones: that would cost float32 its digits.
    past, w = rng.uniform(1, 3, size=8), rng.uniform(0.1, 0.4, size=5)
    return [
        *cases,
        edge("with `n=1`", past, w, float(rng.uniform(0.3, 0.9)), 1),
        edge("with a single weight", past, w[:1], float(rng.uniform(0.3, 0.9)), 3),
    ]


FORECAST_AHEAD = task("forecast_ahead", reference=_forecast_ahead, cases=_ahead_cases, timed=("result",))


@FORECAST_AHEAD.mistake
def newest_overwritten(past, w, b, n):
    """The first forecast is right. Then it takes the place of the newest number, and nothing else moves. The window
    slides: every number becomes one step older, and the oldest drops out.
    """
    window, found = past[: -len(w) - 1 : -1].copy(), []
    for _ in range(n):
        found.append(float(w @ window + b))
        window[0] = found[-1]
    return np.array(found)


@FORECAST_AHEAD.mistake
def not_fed_back(past, w, b, n):
    """The first forecast is right, but you return it `n` times. For the second forecast, the first one counts
    as the newest number.
    """
    return np.repeat(_forecast_ahead(past, w, b, 1), n)


@FORECAST_AHEAD.mistake
def weights_turned(past, w, b, n):
    """Your weights meet the years in the wrong order. `w[0]` belongs to the newest year, and in `past` the
    newest is last.
    """
    return _forecast_ahead(past, w[::-1], b, n)


@FORECAST_AHEAD.mistake
def no_bias(past, w, b, n):
    """You never use `b`. The line has a bias, and it is added at every step."""
    return _forecast_ahead(past, w, 0.0, n)


@FORECAST_AHEAD.mistake
def bias_not_fed_back(past, w, b, n):
    """The first forecast is right. But you feed back the sum before the bias was added; feed back the
    forecast itself.
    """
    # The bias is added to what is returned, but not to what is fed back.
    return _forecast_ahead(past, w, 0.0, n) + b


@FORECAST_AHEAD.mistake
def oldest_years(past, w, b, n):
    """You begin with the oldest numbers of `past`. A forecast continues from the newest, and `past` may be
    longer than `w`.
    """
    return _forecast_ahead(past[: len(w)], w, b, n)


@FORECAST_AHEAD.mistake
def window_slides_backwards(past, w, b, n):
    """The first forecast is right. Then you put it on the side of the old years and drop the newest measured
    year. The window should lose its oldest number and gain a newest one.
    """
    # The window slides the wrong way: the forecast is put before the oldest number.
    window, said = list(past[-len(w) :]), []
    for _ in range(n):
        said.append(float(w @ window[::-1] + b))
        window = [said[-1], *window[:-1]]
    return np.array(said)


@FORECAST_AHEAD.mistake
def with_the_past(past, w, b, n):
    """Your array begins with the numbers of `past`. Return the n forecasts only."""
    return np.concatenate([past, _forecast_ahead(past, w, b, n)])


@FORECAST_AHEAD.mistake
def one_too_few(past, w, b, n):
    """One forecast is missing. How often does your loop run?"""
    return _forecast_ahead(past, w, b, n - 1)


@FORECAST_AHEAD.mistake
def one_too_many(past, w, b, n):
    """There is one forecast too many. How often does your loop run?"""
    return _forecast_ahead(past, w, b, n + 1)


@FORECAST_AHEAD.mistake
def last_only(past, w, b, n):
    """This is the last forecast. Return all n of them."""
    return float(_forecast_ahead(past, w, b, n)[-1])


@FORECAST_AHEAD.mistake
def bias_once(past, w, b, n):
    """The bias is in the first forecast only. It is added at every step."""
    first = _forecast_ahead(past, w, b, 1)
    return np.concatenate([first, _forecast_ahead(np.append(past, first), w, 0.0, n - 1)])


@FORECAST_AHEAD.mistake
def backward(past, w, b, n):
    """The right forecasts, in reverse order: the first year comes first."""
    return _forecast_ahead(past, w, b, n)[::-1]


@FORECAST_AHEAD.mistake
def newest_dropped(past, w, b, n):
    """Your window leaves out the newest number."""
    return _forecast_ahead(np.append(past[:1], past[:-1]), w, b, n)


@FORECAST_AHEAD.mistake
def differences(past, w, b, n):
    """You add each forecast to the number before it. The rule forecasts the number itself, not the change."""
    known = list(past)
    for _ in range(n):
        known.append(known[-1] + float(w @ known[: -len(w) - 1 : -1] + b))
    return np.array(known[len(past) :])


@FORECAST_AHEAD.mistake
def bias_subtracted(past, w, b, n):
    """You subtract the bias. It is added."""
    return _forecast_ahead(past, w, -b, n)


@FORECAST_AHEAD.mistake
def sum_of_weights(past, w, b, n):
    """You give all years the same weight. Each year has a weight of its own in `w`."""
    return _forecast_ahead(past, np.full_like(w, w.mean()), b, n)


# ---------------------------------------------------------------- drawing a character


def _softmax(s, axis=1):
    e = np.exp(s - s.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _drawn(p, u):
    return (np.cumsum(p, axis=1) <= u[:, None]).sum(axis=1)


def _draw_next(s, temperature, u):
    p = _softmax(s / temperature)
    # The last piece ends at 1, wherever rounding puts its end.
    return p, np.minimum(_drawn(p, u), p.shape[1] - 1)


def _draw_cases(rng):
    small, large = np.zeros((9, 1)), np.full((8, 1), 1000.0)
    apart = rng.permutation(np.linspace(-900, 900, 7))[:, None]
    return [
        _draw_case(rng, 5, 0.6, small),
        _draw_case(rng, 6, 1.3, large, "with logits around 1000"),
        _draw_case(rng, 4, 0.8, apart, "when the logits of one row are far from those of another"),
        edge("with a single text", *_draw_case(rng, 3, 0.7, np.zeros((1, 1))).args),
        edge("with a low temperature", *_draw_case(rng, 14, 0.15, small).args),
        edge("with a high temperature", *_draw_case(rng, 12, 4.0, small).args),
    ]


def _draw_case(rng, V, temperature, center, about=""):
    """The random numbers u are spread evenly over 0 to 1, so that likely and unlikely tokens are drawn.

    Drawn until the temperature changes what is drawn.
    """
    B = len(center)
    while True:
        u = (rng.permutation(B) + rng.uniform(0.1, 0.9, size=B)) / B
        s = center + normal(rng, B, V, scale=1.5)
        if not np.array_equal(_draw_next(s, temperature, u)[1], _draw_next(s, 1.0, u)[1]):
            return Case((s, temperature, u), about=about)


def _told_p(p, u):
    return p, _drawn(p, u)


DRAW_NEXT = task(
    "draw_next", reference=_draw_next, cases=_draw_cases, outputs=("p", "drawn"), forbidden=ENGINES
)


@DRAW_NEXT.mistake
def drawn_from_the_first_row(s, temperature, u):
    """Your probabilities are right, but every character is drawn from those of the first text. Each text has a
    ruler of its own.
    """
    p = _draw_next(s, temperature, u)[0]
    return p, _drawn(np.broadcast_to(p[:1], p.shape), u)


@DRAW_NEXT.mistake
def multiplied(s, temperature, u):
    """You multiply the logits by the temperature. Then a low temperature would be the wild one: at 0.1 all
    characters would be almost equally likely.
    """
    return _told_p(_softmax(s * temperature), u)


@DRAW_NEXT.mistake
def divided_too_late(s, temperature, u):
    """You divide the probabilities by the temperature, so they no longer sum to 1. Divide the logits, before
    the softmax.
    """
    return _told_p(_softmax(s) / temperature, u)


@DRAW_NEXT.mistake
def no_temperature(s, temperature, u):
    """You never use `temperature`: these are the probabilities at temperature 1."""
    return _draw_next(s, 1.0, u)


@DRAW_NEXT.mistake
def over_the_batch(s, temperature, u):
    """Your columns sum to 1. Each *row* is one text and should sum to 1: take the sum along the last axis."""
    return _told_p(_softmax(s / temperature, axis=0), u)


@DRAW_NEXT.mistake
def over_everything(s, temperature, u):
    """All numbers of the array together sum to 1. Each row is a text of its own and should sum to 1."""
    p = np.exp((s - s.max()) / temperature)
    return _told_p(p / p.sum(), u)


@DRAW_NEXT.mistake
def overflow(s, temperature, u):
    """With small logits your probabilities are right. With logits around 1000 they are not: `np.exp(1000)` is
    more than a computer can hold, and infinity divided by infinity is not a number. Only differences between
    logits matter; subtract something from each row first.
    """
    e = np.exp(s / temperature)
    return _told_p(e / e.sum(axis=1, keepdims=True), u)


@DRAW_NEXT.mistake
def one_maximum_for_all(s, temperature, u):
    """You subtract the largest logit of the whole array. Where the logits of a row are far below it, all its
    exponentials are rounded to 0. Each row needs a maximum of its own.
    """
    a = s / temperature
    e = np.exp(a - a.max())
    return _told_p(e / e.sum(axis=1, keepdims=True), u)


@DRAW_NEXT.mistake
def always_the_likeliest(s, temperature, u):
    """You take the likeliest character every time and never look at `u`. Drawing means: each character as
    often as its probability says.
    """
    p = _softmax(s / temperature)
    return p, p.argmax(axis=1)


@DRAW_NEXT.mistake
def not_cumulated(s, temperature, u):
    """You compare `u` with the probabilities one by one. Lay them end to end instead, as pieces of a ruler of
    length 1: in which piece does `u` fall?
    """
    p = _softmax(s / temperature)
    return p, (p > u[:, None]).argmax(axis=1)


@DRAW_NEXT.mistake
def one_before(s, temperature, u):
    """All your characters are one too early. If `u` is smaller than the first probability, character number 0
    is drawn.
    """
    p, drawn = _draw_next(s, temperature, u)
    return p, drawn - 1


@DRAW_NEXT.mistake
def one_after(s, temperature, u):
    """All your characters are one too late. If `u` is smaller than the first probability, character number 0
    is drawn.
    """
    p, drawn = _draw_next(s, temperature, u)
    return p, drawn + 1


@DRAW_NEXT.mistake
def logits_returned(s, temperature, u):
    """The first output holds logits divided by the temperature. Return probabilities."""
    return s / temperature, _draw_next(s, temperature, u)[1]


@DRAW_NEXT.mistake
def drawn_at_temperature_one(s, temperature, u):
    """The probabilities are right, but you drew from those at temperature 1."""
    return _draw_next(s, temperature, u)[0], _draw_next(s, 1.0, u)[1]


@DRAW_NEXT.mistake
def from_the_right(s, temperature, u):
    """You lay out the ruler from the right. Piece 0 is on the left, from 0 to its probability."""
    p = _softmax(s / temperature)
    return p, p.shape[1] - 1 - _drawn(p[:, ::-1], u)


@DRAW_NEXT.mistake
def one_number_for_all(s, temperature, u):
    """You use one random number for all rows. Each text has a number of its own in `u`."""
    p = _softmax(s / temperature)
    return p, _drawn(p, np.full_like(u, u[0]))


@DRAW_NEXT.mistake
def sorted_by_probability(s, temperature, u):
    """You sort the probabilities before you lay them on the ruler. The pieces are in the order of the
    characters.
    """
    p = _softmax(s / temperature)
    return p, _drawn(np.sort(p, axis=1)[:, ::-1], u)


@DRAW_NEXT.mistake
def outputs_swapped(s, temperature, u):
    """Both outputs are right, but in the wrong order: the probabilities come first."""
    return _draw_next(s, temperature, u)[::-1]


@DRAW_NEXT.mistake
def least_likely(s, temperature, u):
    """You take the least likely character every time and never look at `u`."""
    p = _softmax(s / temperature)
    return p, p.argmin(axis=1)


@DRAW_NEXT.mistake
def ends_returned(s, temperature, u):
    """The first output holds the ends of the pieces of the ruler. Return the probabilities."""
    p = _softmax(s / temperature)
    return np.cumsum(p, axis=1), _drawn(p, u)


@DRAW_NEXT.mistake
def sigmoids(s, temperature, u):
    """You use a sigmoid. The probabilities of a row must sum to 1."""
    p = 1 / (1 + np.exp(-s / temperature))
    return _told_p(p, u)


@DRAW_NEXT.mistake
def no_ruler(s, temperature, u):
    """You compare `u` with the probabilities themselves. Lay them end to end first: each piece ends at the
    sum of all probabilities up to and including its own.
    """
    p = _softmax(s / temperature)
    return p, np.minimum((p <= u[:, None]).sum(axis=1), p.shape[1] - 1)


@DRAW_NEXT.mistake
def pieces_counted_after(s, temperature, u):
    """You count the pieces that end after `u`. How many lie wholly before it?"""
    p = _softmax(s / temperature)
    return p, np.minimum((np.cumsum(p, axis=1) >= u[:, None]).sum(axis=1), p.shape[1] - 1)


@DRAW_NEXT.mistake
def laid_from_the_last(s, temperature, u):
    """You lay the last probability on the ruler first. Piece 0 comes first, from 0 to its probability."""
    p = _softmax(s / temperature)
    return p, _drawn(p[:, ::-1], u)


@DRAW_NEXT.mistake
def summed_down_the_columns(s, temperature, u):
    """Your ruler adds up the probabilities of different texts: `cumsum` runs along the first axis. Each text has a
    ruler of its own.
    """
    p = _softmax(s / temperature)
    return p, np.minimum((np.cumsum(p, axis=0) <= u[:, None]).sum(axis=1), p.shape[1] - 1)


@DRAW_NEXT.mistake
def equal_pieces(s, temperature, u):
    """All pieces of your ruler have the same length. Each is as long as its probability."""
    p = _softmax(s / temperature)
    return p, (u * p.shape[1]).astype(int)


@DRAW_NEXT.mistake
def sorted_from_the_smallest(s, temperature, u):
    """You lay the probabilities on the ruler from the smallest to the largest. The pieces are in the order of the
    characters.
    """
    p = _softmax(s / temperature)
    return p, _drawn(np.sort(p, axis=1), u)


@DRAW_NEXT.mistake
def first_that_is_smaller(s, temperature, u):
    """You look for the first end of a piece that is smaller than `u`. Look for the first that is larger."""
    p = _softmax(s / temperature)
    return p, (np.cumsum(p, axis=1) < u[:, None]).argmax(axis=1)


@DRAW_NEXT.mistake
def never_the_last(s, temperature, u):
    """Your characters are one too late, cut off at the last. If `u` is smaller than the first probability, character
    number 0 is drawn.
    """
    p, drawn = _draw_next(s, temperature, u)
    return p, np.minimum(drawn + 1, p.shape[1] - 1)


@DRAW_NEXT.mistake
def never_below_0(s, temperature, u):
    """Your characters are one too early, cut off at the first. If `u` is larger than the first probability, character
    number 0 is not drawn.
    """
    p, drawn = _draw_next(s, temperature, u)
    return p, np.maximum(drawn - 1, 0)


@DRAW_NEXT.mistake
def power_without_a_sum(s, temperature, u):
    """You raise the probabilities to a power and leave it at that. They have to sum to 1 again."""
    p = _softmax(s) ** (1 / temperature)
    return p, _drawn(p, u)


@DRAW_NEXT.mistake
def divided_after_the_softmax(s, temperature, u):
    """You divide the probabilities by the temperature. The logits are divided, before the softmax."""
    p = _softmax(s) / temperature
    return p, np.minimum(_drawn(p, u), p.shape[1] - 1)


@DRAW_NEXT.mistake
def along_the_batch(s, temperature, u):
    """Your probabilities sum to 1 down the columns, over the texts. Each row is a text of its own."""
    p = _softmax((s / temperature).T).T
    return p, np.minimum(_drawn(p, u), p.shape[1] - 1)


@DRAW_NEXT.mistake
def columns_summed(s, temperature, u):
    """You divide by the sum of each column, over the texts. Each row is a text of its own and must sum to 1."""
    a = s / temperature
    e = np.exp(a - a.max(axis=1, keepdims=True))
    p = e / e.sum(axis=0)
    return p, np.minimum(_drawn(p, u), p.shape[1] - 1)


@DRAW_NEXT.mistake
def root_of_the_temperature(s, temperature, u):
    """You divide by the root of the temperature. Divide by the temperature itself."""
    return _draw_next(s, np.sqrt(temperature), u)
