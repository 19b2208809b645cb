"""Chapter 01: a diary with blank pages, windows, scaling, persistence, permuted windows, a memory that is a state."""

from __future__ import annotations

import numpy as np

from rnncourse.checks.bank.inputs import edge, normal
from rnncourse.checks.bank.statements import task
from rnncourse.checks.task import Case
from rnncourse.data import Scaler, sliding_windows

# ---------------------------------------------------------------- blank pages


def _filled(pages, dishes=3):
    tonight, evenings = 0, []
    for page in pages:
        tonight = page if page >= 0 else (tonight + 1) % dishes
        evenings.append(tonight)
    return np.array(evenings)


def _pages(rng, blanks, first):
    """Return a diary that begins with the dish `first` and has a run of blank pages of each length in `blanks`.

    Guests break the cycle after the first run, and after the second it goes on from a written 0.
    """
    pages = [first]
    for i, n in enumerate(blanks):
        expected = pages[-1] + n + 1
        pages += [-1] * n
        pages.append(int(expected + (rng.integers(1, 3) if i == 0 else rng.integers(3))) % 3)
        if i == 1:
            pages += [1, 0]
    return np.array([*pages, -1, -1])


def _diary_cases(rng):
    blank = np.full(11, -1)
    return [
        *(
            Case((_pages(rng, blanks, first),))
            for blanks, first in (((3, 1, 2, 0, 4, 2), 1), ((4, 2, 1, 3, 1), 2), ((2, 2, 1), 0))
        ),
        edge("with a single page", rng.integers(3, size=1)),
        edge("when no page is blank", rng.integers(3, size=6)),
        edge("when only the first page is written", np.append(rng.integers(2), blank)),
    ]


def _last_written(pages, t):
    return next(page for page in pages[t::-1] if page != -1)


FILL_THE_DIARY = task(
    "fill_the_diary", reference=_filled, cases=_diary_cases, timed=("result",), new_arrays=True
)


@FILL_THE_DIARY.mistake
def one_dish_for_a_gap(pages):
    """All blank pages of a gap get the same dish, one after the last written one. The first of them is right; the
    family goes on to the next dish every evening.
    """
    return np.array(
        [(_last_written(pages, t) + 1) % 3 if page == -1 else page for t, page in enumerate(pages)]
    )


@FILL_THE_DIARY.mistake
def stays_the_same(pages):
    """A blank page gets the dish of the evening before. But the family ate that evening too: the cycle moves
    on by one dish every evening, written page or not.
    """
    tonight, evenings = 0, []
    for page in pages:
        tonight = page if page >= 0 else tonight
        evenings.append(tonight)
    return np.array(evenings)


@FILL_THE_DIARY.mistake
def looks_at_the_page_before(pages):
    """The first blank page of a run is right, the second is not. You look up the previous *page*, which may be
    blank itself. What counts is the dish that you worked out for it.
    """
    before = np.concatenate([[0], pages[:-1]])
    return np.where(pages >= 0, pages, (before + 1) % 3)


@FILL_THE_DIARY.mistake
def counts_from_the_first_page(pages):
    """You count from the first evening and never look at a page again. Guests may change the dish, and the
    cycle goes on from theirs. A written page is always right.
    """
    return (pages[0] + np.arange(len(pages))) % 3


@FILL_THE_DIARY.mistake
def keeps_the_old_cycle(pages):
    """Written pages are right, but on blank pages the cycle goes on as if no guests had come. After their dish,
    the family goes on from it.
    """
    return np.where(pages >= 0, pages, (pages[0] + np.arange(len(pages))) % 3)


@FILL_THE_DIARY.mistake
def never_starts_again(pages):
    """The dishes in your diary grow and grow: 3, 4, 5. After pizza the family has bread again. How do you get
    back to 0?
    """
    tonight, evenings = 0, []
    for page in pages:
        tonight = page if page >= 0 else tonight + 1
        evenings.append(tonight)
    return np.array(evenings)


@FILL_THE_DIARY.mistake
def cycle_of_four(pages):
    """Your cycle returns to bread one dish too late: there is a dish 3 in your diary. The three dishes are 0, 1
    and 2.
    """
    return _filled(pages, 4)


@FILL_THE_DIARY.mistake
def cycle_of_two(pages):
    """Your cycle returns to bread too early: pizza never appears on a blank page. There are three dishes, 0, 1
    and 2.
    """
    return _filled(pages, 2)


@FILL_THE_DIARY.mistake
def bread_is_blank(pages):
    """You take bread for a blank page. Bread is dish 0, and a written page like any other; a blank page is −1."""
    tonight, evenings = pages[0], [pages[0]]
    for page in pages[1:]:
        tonight = page if page > 0 else (tonight + 1) % 3
        evenings.append(tonight)
    return np.array(evenings)


@FILL_THE_DIARY.mistake
def backwards(pages):
    """Your cycle runs backward. Bread is followed by rice, rice by pizza, pizza by bread."""
    tonight, evenings = 0, []
    for page in pages:
        tonight = page if page >= 0 else (tonight - 1) % 3
        evenings.append(tonight)
    return np.array(evenings)


@FILL_THE_DIARY.mistake
def always_bread(pages):
    """Every blank page says bread. The dish depends on the last evening that you know of, and on how long ago
    that was.
    """
    return np.where(pages >= 0, pages, 0)


@FILL_THE_DIARY.mistake
def blank_pages_left_out(pages):
    """Your diary is too short: the blank pages are missing. Every evening needs a dish, blank page or not."""
    return pages[pages >= 0]


@FILL_THE_DIARY.mistake
def blank_pages_only(pages):
    """Your diary holds only the blank pages. Every evening is needed, with the written pages as they are."""
    return _filled(pages)[pages < 0]


# ---------------------------------------------------------------- windows


def _cut(series, width, horizon, starts=None, late=0):
    """Return the windows that begin at `starts`, with targets that begin `late` steps too late."""
    starts = range(len(series) - width - horizon + 1) if starts is None else starts
    x = np.array([series[i : i + width] for i in starts])
    return x, np.array([series[i + width + late : i + width + late + horizon] for i in starts])


def _window_cases(rng):
    """Windows that are longer than their targets, and shorter; at the edge, one value is a window or a target."""
    sizes = ((12, 3, 2), (14, 5, 4), (11, 2, 6))
    return [
        *(Case((normal(rng, n), width, horizon)) for n, width, horizon in sizes),
        edge("with `horizon=1`", normal(rng, 10), 4, 1),
        edge("with `width=1`", normal(rng, 9), 1, 3),
        edge("with a single window", normal(rng, 6), 4, 2),
        edge("when `width` and `horizon` are the same", normal(rng, 11), 3, 3),
    ]


CUT_WINDOWS = task(
    "cut_windows",
    reference=sliding_windows,
    cases=_window_cases,
    outputs=("x", "y"),
    forbidden=("rnncourse.data",),
)


@CUT_WINDOWS.mistake
def last_window_lost(series, width, horizon):
    """One window is missing, the last. Take a series of 4 values, width 3 and horizon 1: how many windows fit,
    and how many does your formula count?
    """
    return _cut(series, width, horizon, range(len(series) - width - horizon))


@CUT_WINDOWS.mistake
def first_window_lost(series, width, horizon):
    """One window is missing, the first. It begins with the very first value of the series."""
    return _cut(series, width, horizon, range(1, len(series) - width - horizon + 1))


@CUT_WINDOWS.mistake
def no_overlap(series, width, horizon):
    """Your windows lie end to end. They should overlap: the next one begins one step further on, not a whole
    window further on.
    """
    return _cut(series, width, horizon, range(0, len(series) - width - horizon + 1, width))


@CUT_WINDOWS.mistake
def steps_by_the_horizon(series, width, horizon):
    """You move on by `horizon` steps from window to window. The next window begins one step further on."""
    return _cut(series, width, horizon, range(0, len(series) - width - horizon + 1, horizon))


@CUT_WINDOWS.mistake
def target_inside_the_window(series, width, horizon):
    """The first value of each target is also the last value of its window. A network would only have to copy
    it, and you would admire its forecast. Where does the window end?
    """
    return _cut(series, width, horizon, late=-1)


@CUT_WINDOWS.mistake
def one_step_ahead_only(series, width, horizon):
    """Each target has one value, whatever the horizon. It should have the next `horizon` values, and the last
    window has to leave room for them.
    """
    return sliding_windows(series, width, 1)


@CUT_WINDOWS.mistake
def only_the_far_end(series, width, horizon):
    """Each target has only the value that lies `horizon` steps ahead. It should have all values up to that one."""
    x, y = sliding_windows(series, width, horizon)
    return x, y[:, -1:]


@CUT_WINDOWS.mistake
def only_the_far_end_flat(series, width, horizon):
    """Each target is a single number, `horizon` steps ahead. It should be a row of all values up to that one."""
    x, y = sliding_windows(series, width, horizon)
    return x, y[:, -1]


@CUT_WINDOWS.mistake
def one_number_each(series, width, horizon):
    """Each target is a single number, the value just after the window. It should be a row of the next `horizon`
    values.
    """
    x, y = sliding_windows(series, width, horizon)
    return x, y[:, 0]


@CUT_WINDOWS.mistake
def targets_run_out(series, width, horizon):
    """Your last windows begin so close to the end that fewer than `horizon` values follow them. Their targets
    are too short, and NumPy cannot make an array of rows of different lengths. Which window is the last with a
    whole target?
    """
    return _cut(series, width, horizon, range(len(series) - width))


@CUT_WINDOWS.mistake
def a_step_skipped(series, width, horizon):
    """Between each window and its target one value is left out. The target begins with the very next step."""
    return _cut(series, width, horizon, range(len(series) - width - horizon), late=1)


@CUT_WINDOWS.mistake
def newest_first(series, width, horizon):
    """Your windows are in reverse: the newest value comes first. Keep the values in the order of the series."""
    x, y = sliding_windows(series, width, horizon)
    return x[:, ::-1].copy(), y


@CUT_WINDOWS.mistake
def a_column_each(series, width, horizon):
    """Each window is a column of your arrays. It should be a row: N windows come first, then their values."""
    x, y = sliding_windows(series, width, horizon)
    return x.T.copy(), y.T.copy()


# ---------------------------------------------------------------- split and scale


def _series_cases(rng):
    """The training years never lie close together; persistence is too low on average, or too high.

    The test years are positive, negative, and both.
    """
    sizes = ((15, 9, 50, 30, 1), (12, 7, -20, 4, -1), (11, 4, 3, 2, 1))
    series = [_series(rng, *size) for size in sizes]
    test = series[2][sizes[2][1] :]
    series[2] -= (test.min() + test.max()) / 2
    cases = [Case((one, size[1])) for one, size in zip(series, sizes, strict=True)]
    return [*cases, edge("with a single test year", normal(rng, 8, scale=5.0), 7)]


def _series(rng, n, n_train, middle, scale, sign):
    series = normal(rng, n, scale=scale)
    series[:2] += (-scale, scale)
    rises = series[-1] > series[n_train - 1]
    return middle + (series if rises == (sign > 0) else -series)


def _scaled(series, n_train, mean, spread):
    scaled = (series - mean) / spread
    return scaled[:n_train], scaled[n_train:]


def _by_training(series, n_train):
    scaled = Scaler.fit(series[:n_train]).apply(series)
    return scaled[:n_train], scaled[n_train:]


SPLIT_AND_SCALE = task(
    "split_and_scale",
    reference=_by_training,
    cases=_series_cases,
    outputs=("train", "test"),
    forbidden=("rnncourse.data",),
)


@SPLIT_AND_SCALE.mistake
def looked_at_the_test_years(series, n_train):
    """Your mean and standard deviation come from the whole series. So the training years know something about
    years that have not happened yet. Which years may you look at?
    """
    return _scaled(series, n_train, series.mean(), series.std())


@SPLIT_AND_SCALE.mistake
def each_part_by_its_own(series, n_train):
    """The test years are standardized with a mean and a standard deviation of their own. Then 0 means one number
    of sunspots in training and another in the test. There is one scale, for both parts.
    """
    train, test = series[:n_train], series[n_train:]
    return (train - train.mean()) / train.std(), (test - test.mean()) / test.std()


@SPLIT_AND_SCALE.mistake
def mean_of_the_test_years(series, n_train):
    """From each part you subtract its own mean. There is one scale for both parts, and only the training
    years may go into it.
    """
    train, test = series[:n_train], series[n_train:]
    return (train - train.mean()) / train.std(), (test - test.mean()) / train.std()


@SPLIT_AND_SCALE.mistake
def variance_for_spread(series, n_train):
    """You divide by the variance, which is the square of the standard deviation. The standard deviation is
    measured in sunspots, the variance in sunspots squared.
    """
    return _scaled(series, n_train, series[:n_train].mean(), series[:n_train].var())


@SPLIT_AND_SCALE.mistake
def mean_left_in(series, n_train):
    """You divide by the right number, but your results do not lie around 0. What has to be subtracted first?"""
    return _scaled(series, n_train, 0.0, series[:n_train].std())


@SPLIT_AND_SCALE.mistake
def not_divided(series, n_train):
    """The mean is subtracted, but your numbers still spread as widely as before. What do you divide by?"""
    return _scaled(series, n_train, series[:n_train].mean(), 1.0)


@SPLIT_AND_SCALE.mistake
def brackets_missing(series, n_train):
    """You divide only the mean. A division comes before a subtraction; use parentheses around the difference."""
    train = series[:n_train]
    return _scaled(series, n_train, train.mean() / train.std(), 1.0)


@SPLIT_AND_SCALE.mistake
def between_0_and_1(series, n_train):
    """You have squeezed the training years between 0 and 1. That is a way of scaling too, but it depends on two
    years only, the smallest and the largest. Use the mean and the standard deviation.
    """
    return _scaled(series, n_train, series[:n_train].min(), np.ptp(series[:n_train]))


@SPLIT_AND_SCALE.mistake
def test_not_scaled(series, n_train):
    """The training years are standardized, the test years are not. A network that learned with numbers near 0
    would be tested on numbers near 50.
    """
    return (_by_training(series, n_train)[0], series[n_train:].copy())


@SPLIT_AND_SCALE.mistake
def divided_by_n_minus_one(series, n_train):
    """Your standard deviation divides by n − 1. That is an estimate for a larger population, and a good habit
    elsewhere. Here, use what `np.std` gives without further arguments.
    """
    return _scaled(series, n_train, series[:n_train].mean(), series[:n_train].std(ddof=1))


@SPLIT_AND_SCALE.mistake
def scale_of_the_test_years(series, n_train):
    """Your mean and standard deviation come from the test years. Those are the years that you do not know yet."""
    return _scaled(series, n_train, series[n_train:].mean(), series[n_train:].std())


@SPLIT_AND_SCALE.mistake
def split_one_too_late(series, n_train):
    """Your training part has one year too many. The first `n_train` years are for training, and a slice leaves
    its end out.
    """
    return _by_training(series, n_train + 1)


@SPLIT_AND_SCALE.mistake
def split_one_too_early(series, n_train):
    """Your training part has one year too few. The first `n_train` years are for training."""
    return _by_training(series, n_train - 1)


# ---------------------------------------------------------------- persistence


def _persistence(series, n_train):
    return np.abs(series[n_train:] - series[n_train - 1 : -1]).mean()


PERSISTENCE_ERROR = task("persistence_error", reference=_persistence, cases=_series_cases)


@PERSISTENCE_ERROR.mistake
def errors_cancel(series, n_train):
    """Too high by 10 and too low by 10 count as no error at all: errors of opposite signs cancel. An error is a
    distance.
    """
    return (series[n_train:] - series[n_train - 1 : -1]).mean()


@PERSISTENCE_ERROR.mistake
def errors_cancel_before_the_distance(series, n_train):
    """Errors of opposite signs cancel, because you take the mean first and make it positive afterward. Each
    year's error is a distance; the mean comes last.
    """
    return abs((series[n_train:] - series[n_train - 1 : -1]).mean())


@PERSISTENCE_ERROR.mistake
def squared(series, n_train):
    """This is the mean of the squared errors, in squared sunspots. Return the mean distance."""
    return ((series[n_train:] - series[n_train - 1 : -1]) ** 2).mean()


@PERSISTENCE_ERROR.mistake
def root_of_the_squares(series, n_train):
    """This is the root of the mean squared error. It is measured in sunspots, but large errors count more in it.
    Return the plain mean of the distances.
    """
    return np.sqrt(((series[n_train:] - series[n_train - 1 : -1]) ** 2).mean())


@PERSISTENCE_ERROR.mistake
def first_test_year_left_out(series, n_train):
    """The first test year has no forecast in your count. There is one: the last training year is known by then,
    and it is the year before.
    """
    return np.abs(np.diff(series[n_train:])).mean()


@PERSISTENCE_ERROR.mistake
def last_test_year_left_out(series, n_train):
    """The last test year is missing from your mean. Every test year has a forecast, the year before it."""
    return np.abs(np.diff(series[n_train - 1 : -1])).mean()


@PERSISTENCE_ERROR.mistake
def a_training_year_too_many(series, n_train):
    """Your mean includes a year too many, the last training year. The test begins at index `n_train`."""
    return np.abs(np.diff(series[n_train - 2 :])).mean()


@PERSISTENCE_ERROR.mistake
def over_all_years(series, n_train):
    """You measure the error over the whole series. To be compared with a network's, it has to be measured on the
    same years, the test years.
    """
    return np.abs(np.diff(series)).mean()


@PERSISTENCE_ERROR.mistake
def over_the_training_years(series, n_train):
    """This is the error in the training years. Measure it on the test years."""
    return np.abs(np.diff(series[:n_train])).mean()


@PERSISTENCE_ERROR.mistake
def forecast_never_moves(series, n_train):
    """Your forecast is the last training year, for all years to come. Persistence looks again every year: next
    year will be like this one.
    """
    return np.abs(series[n_train:] - series[n_train - 1]).mean()


@PERSISTENCE_ERROR.mistake
def mean_for_a_forecast(series, n_train):
    """Your forecast is the mean of the training years. That is a baseline too, but a different one."""
    return np.abs(series[n_train:] - series[:n_train].mean()).mean()


@PERSISTENCE_ERROR.mistake
def two_years_back(series, n_train):
    """Your forecast is two years old. Persistence uses the year just before."""
    return np.abs(series[n_train:] - series[n_train - 2 : -2]).mean()


@PERSISTENCE_ERROR.mistake
def wrapped_to_the_end(series, n_train):
    """The forecast for the first test year is wrong: it is the last year of the series. A shift within the test
    years wraps around. The year before the first test year is a training year.
    """
    test = series[n_train:]
    return np.abs(test - np.roll(test, 1)).mean()


@PERSISTENCE_ERROR.mistake
def summed(series, n_train):
    """This is the sum of the distances. It grows with the number of test years; return the average."""
    return np.abs(series[n_train:] - series[n_train - 1 : -1]).sum()


@PERSISTENCE_ERROR.mistake
def divided_by_all_years(series, n_train):
    """The sum of the distances is right, but you divide it by the number of all years. How many of them are test
    years?
    """
    return np.abs(series[n_train:] - series[n_train - 1 : -1]).sum() / len(series)


@PERSISTENCE_ERROR.mistake
def a_distance_each(series, n_train):
    """These are the distances, one for each test year, and they are right. Return their mean, a single number."""
    return np.abs(series[n_train:] - series[n_train - 1 : -1])


@PERSISTENCE_ERROR.mistake
def median_for_mean(series, n_train):
    """This is the median of the distances. Return their mean."""
    return np.median(np.abs(series[n_train:] - series[n_train - 1 : -1]))


@PERSISTENCE_ERROR.mistake
def largest_distance(series, n_train):
    """This is the largest of the distances. Return their mean."""
    return np.abs(np.diff(series))[n_train - 1 :].max()


@PERSISTENCE_ERROR.mistake
def share_of_the_truth(series, n_train):
    """You divide each distance by the true number, so this is an error in percent. Return the mean distance, in
    sunspots.
    """
    return (np.abs(np.diff(series))[n_train - 1 :] / series[n_train:]).mean()


@PERSISTENCE_ERROR.mistake
def next_year_is_known(series, n_train):
    """Your forecast for a year is the year after it. Persistence looks back: the forecast is the year before."""
    return np.abs(series - np.roll(series, -1))[n_train:].mean()


# ---------------------------------------------------------------- explanations


# ---------------------------------------------------------------- a memory is a state


def _known(cards, most, forget=lambda state, most: state[max(len(state) - most, 0) :]):
    state, known = [], []
    for card in cards:
        known.append(card in state)
        state = state if card in state else forget([*state, card], most)
    return np.array(known)


def _card_cases(rng):
    """Each game begins with cards that show the rules: one turned twice in a row, card 0, the first one again."""
    games = [Case((_game(rng, n, T, most), most)) for T, n, most in ((48, 8, 4), (40, 6, 3), (44, 9, 5))]
    return [
        *games,
        edge("with a single card", rng.integers(9, size=1), 3),
        edge("when she remembers a single card", np.array([4, 4, 7, 4, 7, 7]), 1),
        edge("with large numbers on the cards", 300 + 128 * rng.permutation([0, 1, 2, 0, 4, 1]), 2),
    ]


def _game(rng, n, T, most):
    """Return T cards out of n: the memory fills up, its oldest card is turned again, then it overflows."""
    first = rng.permutation(np.arange(1, n))[: most + 1]
    first[rng.integers(1, most)] = 0
    start = [first[0], *first[:most], first[0], first[-1], first[0], first[1]]
    return np.array([*start, *rng.integers(n, size=T - len(start))])


KNOWN_CARDS = task("known_cards", reference=_known, cases=_card_cases, timed=("result",))


@KNOWN_CARDS.mistake
def a_window_instead(cards, most):
    """This is a window over the last `most` cards turned. If one card is turned twice, it takes up two places
    there. In her memory a card that she already knows takes no second place, and pushes nothing out.
    """
    return np.array([c in cards[max(t - most, 0) : t] for t, c in enumerate(cards)])


@KNOWN_CARDS.mistake
def becomes_the_newest(cards, most):
    """A card that she knows and sees again becomes the newest in your memory. That is a sensible player, but not
    ours: she leaves the card where it is, and it drops out when its turn comes.
    """
    state, known = [], []
    for card in cards:
        known.append(card in state)
        state = [*(c for c in state if c != card), card][-most:]
    return np.array(known)


@KNOWN_CARDS.mistake
def taken_out(cards, most):
    """A card that she knows leaves your memory when it is seen again. Nobody takes any pairs here: a known card
    changes nothing.
    """
    state, known = [], []
    for card in cards:
        known.append(card in state)
        state = [c for c in state if c != card] if card in state else [*state, card][-most:]
    return np.array(known)


@KNOWN_CARDS.mistake
def never_forgets(cards, most):
    """Your player never forgets a card. Her memory has room for `most` of them: what happens to the oldest when
    a new one comes in?
    """
    return _known(cards, most, lambda state, most: state)


@KNOWN_CARDS.mistake
def takes_in_no_more(cards, most):
    """Once her memory is full, no new card gets in: your player keeps the first ones forever. The oldest has to
    make room for the new one.
    """
    return _known(cards, most, lambda state, most: state[:most])


@KNOWN_CARDS.mistake
def newest_drops_out(cards, most):
    """When her memory is full, your player drops the newest of its cards. The oldest has to make room: at which
    end of your list is it?
    """
    return _known(cards, most, lambda state, most: state if len(state) <= most else [*state[:-2], state[-1]])


@KNOWN_CARDS.mistake
def looks_too_late(cards, most):
    """She knows every card, because you look after the card has gone in. Say whether she knew it before."""
    return np.ones(len(cards), dtype=bool)


@KNOWN_CARDS.mistake
def one_place_too_many(cards, most):
    """Her memory has room for one card too many. Count the cards in it just after the oldest has dropped out."""
    return _known(cards, most + 1)


@KNOWN_CARDS.mistake
def one_place_too_few(cards, most):
    """Her memory has room for one card too few. With exactly `most` cards in it, nothing has to drop out yet."""
    return _known(cards, most - 1)


@KNOWN_CARDS.mistake
def forgets_everything(cards, most):
    """When her memory is full, she forgets all of it but the new card. Only the oldest card should drop out."""
    return _known(cards, most, lambda state, most: state if len(state) <= most else state[-1:])


@KNOWN_CARDS.mistake
def new_to_her(cards, most):
    """True and False are swapped: you say which cards are new to her. Say which ones she knew."""
    return ~_known(cards, most)


@KNOWN_CARDS.mistake
def only_the_previous_card(cards, most):
    """You compare each card only with the one before it. She remembers up to `most` cards."""
    return np.array([t > 0 and card == cards[t - 1] for t, card in enumerate(cards)])


@KNOWN_CARDS.mistake
def card_0_for_nothing(cards, most):
    """Card 0 counts as known from the start, or is never known. 0 is a card like any other, and her memory is
    empty at the beginning.
    """
    state, known = [0] * most, []
    for card in cards:
        known.append(card in state)
        state = state if card in state else [*state, card][-most:]
    return np.array(known)
