"""Chapter 01: a diary with blank pages, windows, scaling, persistence, mixed windows, a memory that is a state."""

from __future__ import annotations

import numpy as np

from rnncourse.checks.bank.inputs import normal
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


def _pages(rng, blanks):
    """Return a diary that begins with rice and has runs of blank pages; after the first run, guests break the round."""
    pages = [1]
    for i, n in enumerate(blanks):
        by_the_round = pages[-1] + n + 1
        pages += [-1] * n
        pages.append(int(by_the_round + (rng.integers(1, 3) if i == 0 else rng.integers(3))) % 3)
    return np.array([*pages, -1, -1])


def _diary_cases(rng):
    return [Case((_pages(rng, blanks),)) for blanks in ((3, 1, 2, 0, 4), (4, 0, 1, 3))]


FILL_THE_DIARY = task("fill_the_diary", reference=_filled, cases=_diary_cases, timed=("result",))


@FILL_THE_DIARY.mistake
def stays_the_same(pages):
    """A blank page gets the dish of the evening before. But the family ate that evening too: the round moves
    on one dish every evening, page or no page.
    """
    tonight, evenings = 0, []
    for page in pages:
        tonight = page if page >= 0 else tonight
        evenings.append(tonight)
    return np.array(evenings)


@FILL_THE_DIARY.mistake
def looks_at_the_page_before(pages):
    """The first blank page of a row comes out right, the second does not. You ask the page before what was
    eaten, and that page may be blank itself. What you worked out for it is what counts.
    """
    before = np.concatenate([[0], pages[:-1]])
    return np.where(pages >= 0, pages, (before + 1) % 3)


@FILL_THE_DIARY.mistake
def counts_from_the_first_page(pages):
    """You start the round on the first evening and never look at a page again. Guests may change the dish,
    and the round goes on from what they had. A written page is always right.
    """
    return (pages[0] + np.arange(len(pages))) % 3


@FILL_THE_DIARY.mistake
def no_dish_three(pages):
    """The dishes in your diary grow and grow: 3, 4, 5. After pizza the family has bread again. How do you get
    back to 0?
    """
    tonight, evenings = 0, []
    for page in pages:
        tonight = page if page >= 0 else tonight + 1
        evenings.append(tonight)
    return np.array(evenings)


@FILL_THE_DIARY.mistake
def round_of_four(pages):
    """Your round goes back to bread one dish too late: there is a dish 3 in your diary. With three dishes the
    numbers are 0, 1 and 2.
    """
    return _filled(pages, 4)


@FILL_THE_DIARY.mistake
def wrong_way_round(pages):
    """Your round runs backwards. Bread is followed by rice, rice by pizza, pizza by bread."""
    tonight, evenings = 0, []
    for page in pages:
        tonight = page if page >= 0 else (tonight - 1) % 3
        evenings.append(tonight)
    return np.array(evenings)


@FILL_THE_DIARY.mistake
def always_bread(pages):
    """Every blank page says bread. What was eaten depends on the last evening that you know of, and on how
    long ago that was.
    """
    return np.where(pages >= 0, pages, 0)


# ---------------------------------------------------------------- windows


def _cut(series, width, horizon, starts=None, late=0):
    """Return the windows that begin at `starts`, with answers that begin `late` steps too late."""
    starts = range(len(series) - width - horizon + 1) if starts is None else starts
    x = np.array([series[i : i + width] for i in starts])
    return x, np.array([series[i + width + late : i + width + late + horizon] for i in starts])


def _window_cases(rng):
    return [Case((normal(rng, n), width, horizon)) for n, width, horizon in ((12, 3, 2), (14, 5, 4))]


CUT_WINDOWS = task(
    "cut_windows",
    reference=sliding_windows,
    cases=_window_cases,
    outputs=("x", "y"),
    forbidden=("rnncourse.data",),
)


@CUT_WINDOWS.mistake
def last_window_lost(series, width, horizon):
    """One window is missing, the last. Take a series of 4 values, width 3 and horizon 1: how many windows
    fit, and how many does your formula count?
    """
    return _cut(series, width, horizon, range(len(series) - width - horizon))


@CUT_WINDOWS.mistake
def no_overlap(series, width, horizon):
    """Your windows stand one behind the other. They are to overlap: the next one begins one step further on,
    not a whole window further on.
    """
    return _cut(series, width, horizon, range(0, len(series) - width - horizon + 1, width))


@CUT_WINDOWS.mistake
def answer_inside_the_window(series, width, horizon):
    """The first value of each answer is also the last value of its window. A net would only have to copy it,
    and you would admire its forecast. Where does the window end?
    """
    return _cut(series, width, horizon, late=-1)


@CUT_WINDOWS.mistake
def one_step_ahead_only(series, width, horizon):
    """Each answer holds one value, whatever the horizon. Asked for are the next `horizon` values, and the
    last window has to leave room for them.
    """
    return sliding_windows(series, width, 1)


@CUT_WINDOWS.mistake
def only_the_far_end(series, width, horizon):
    """Each answer holds only the value that lies `horizon` steps ahead. Asked for are all values up to that
    one.
    """
    x, y = sliding_windows(series, width, horizon)
    return x, y[:, -1:]


@CUT_WINDOWS.mistake
def one_number_each(series, width, horizon):
    """Each answer is a single number, the value just after the window. Asked for is a row of the next
    `horizon` values.
    """
    return (
        _cut(series, width, horizon)[0],
        _cut(series, width, horizon)[1][:, 0],
    )


@CUT_WINDOWS.mistake
def answers_run_out(series, width, horizon):
    """Your last windows stand so near to the end that fewer than `horizon` values follow them. Their answers
    are too short, and NumPy cannot make an array of rows of different lengths. Which window is the last that
    still has its whole answer?
    """
    return _cut(series, width, horizon, range(len(series) - width))


@CUT_WINDOWS.mistake
def a_step_skipped(series, width, horizon):
    """Between each window and its answer one value is left out. The answer begins with the very next step."""
    return _cut(series, width, horizon, range(len(series) - width - horizon), late=1)


# ---------------------------------------------------------------- split and scale


def _series_cases(rng):
    return [Case((50 + normal(rng, n, scale=30), n_train)) for n, n_train in ((15, 9), (12, 7))]


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
    """Your mean and spread come from the whole series. So the training years have been told something about
    years that have not happened yet. Which years may you look at?
    """
    return _scaled(series, n_train, series.mean(), series.std())


@SPLIT_AND_SCALE.mistake
def each_part_by_its_own(series, n_train):
    """The test years are scaled by a mean and a spread of their own. Then 0 stands for another number of
    sunspots than in training, and the net reads the wrong scale. There is one scale, for both parts.
    """
    train, test = series[:n_train], series[n_train:]
    return (train - train.mean()) / train.std(), (test - test.mean()) / test.std()


@SPLIT_AND_SCALE.mistake
def variance_for_spread(series, n_train):
    """You divide by the variance, which is the square of the spread. The spread, the standard deviation, is
    measured in sunspots; the variance in sunspots squared.
    """
    return _scaled(series, n_train, series[:n_train].mean(), series[:n_train].var())


@SPLIT_AND_SCALE.mistake
def mean_left_in(series, n_train):
    """The spread is right, but your numbers do not lie around 0. What has to be taken off before you divide?"""
    return _scaled(series, n_train, 0.0, series[:n_train].std())


@SPLIT_AND_SCALE.mistake
def between_0_and_1(series, n_train):
    """You have squeezed the training years between 0 and 1. That is a way of scaling too, but it hangs on two
    years only, the smallest and the largest. Asked for are the mean and the standard deviation.
    """
    return _scaled(series, n_train, series[:n_train].min(), np.ptp(series[:n_train]))


@SPLIT_AND_SCALE.mistake
def test_not_scaled(series, n_train):
    """The training years are scaled, the test years are not. A net that learned with numbers near 0 would be
    asked about numbers near 50.
    """
    return (_by_training(series, n_train)[0], series[n_train:].copy())


@SPLIT_AND_SCALE.mistake
def divided_by_n_minus_one(series, n_train):
    """Your spread divides by n − 1. That is an estimate for a larger population, and a good habit elsewhere;
    here it is the plain spread of these years, as `np.std` gives it by itself.
    """
    return _scaled(series, n_train, series[:n_train].mean(), series[:n_train].std(ddof=1))


# ---------------------------------------------------------------- persistence


def _persistence(series, n_train):
    return np.abs(series[n_train:] - series[n_train - 1 : -1]).mean()


PERSISTENCE_ERROR = task("persistence_error", reference=_persistence, cases=_series_cases)


@PERSISTENCE_ERROR.mistake
def errors_cancel(series, n_train):
    """Too high by 10 and too low by 10 come out as no error at all: errors of opposite signs cancel. An error
    is a distance.
    """
    return (series[n_train:] - series[n_train - 1 : -1]).mean()


@PERSISTENCE_ERROR.mistake
def squared(series, n_train):
    """This is the mean of the squared errors. It is measured in squared sunspots; asked for is the mean
    distance.
    """
    return ((series[n_train:] - series[n_train - 1 : -1]) ** 2).mean()


@PERSISTENCE_ERROR.mistake
def root_of_the_squares(series, n_train):
    """This is the root of the mean squared error. It is measured in sunspots, but large errors count more in
    it. Asked for is the plain mean of the distances.
    """
    return np.sqrt(((series[n_train:] - series[n_train - 1 : -1]) ** 2).mean())


@PERSISTENCE_ERROR.mistake
def first_test_year_left_out(series, n_train):
    """The first test year has no forecast in your count. There is one: the last training year is known by
    then, and it is the year before.
    """
    return np.abs(np.diff(series[n_train:])).mean()


@PERSISTENCE_ERROR.mistake
def over_all_years(series, n_train):
    """You measure the error over the whole series. It has to be measured on the same years as the net's, or
    the two cannot be compared: on the test years.
    """
    return np.abs(np.diff(series)).mean()


@PERSISTENCE_ERROR.mistake
def forecast_never_moves(series, n_train):
    """Your forecast is the last training year, for all years to come. Persistence looks again every year:
    next year will be like this one.
    """
    return np.abs(series[n_train:] - series[n_train - 1]).mean()


@PERSISTENCE_ERROR.mistake
def mean_for_a_forecast(series, n_train):
    """Your forecast is the mean of the training years. That is a rule to compare with as well, but another
    one.
    """
    return np.abs(series[n_train:] - series[:n_train].mean()).mean()


@PERSISTENCE_ERROR.mistake
def summed(series, n_train):
    """This is the sum of all the distances. It grows with the number of test years; asked for is the average."""
    return np.abs(series[n_train:] - series[n_train - 1 : -1]).sum()


# ---------------------------------------------------------------- explanation


# ---------------------------------------------------------------- a memory is a state


def _known(cards, most, forget=lambda state, most: state[max(len(state) - most, 0) :]):
    state, known = [], []
    for card in cards:
        known.append(card in state)
        state = state if card in state else forget([*state, card], most)
    return np.array(known)


def _card_cases(rng):
    return [Case((rng.integers(n, size=T), most)) for T, n, most in ((48, 8, 4), (40, 6, 3))]


KNOWN_CARDS = task("known_cards", reference=_known, cases=_card_cases, timed=("result",))


@KNOWN_CARDS.mistake
def a_window_instead(cards, most):
    """This is a window over the last `most` cards turned. If one card is turned twice, it takes up two places
    there. In her memory a card that she already knows takes no second place, and pushes nothing out.
    """
    return np.array([c in cards[max(t - most, 0) : t] for t, c in enumerate(cards)])


@KNOWN_CARDS.mistake
def becomes_the_newest(cards, most):
    """A card that she knows and sees again becomes the newest in your memory. That is a sensible player, but
    another one. Ours leaves it where it stands: it drops out when its turn comes.
    """
    state, known = [], []
    for card in cards:
        known.append(card in state)
        state = [*(c for c in state if c != card), card][-most:]
    return np.array(known)


@KNOWN_CARDS.mistake
def never_forgets(cards, most):
    """Your player never forgets a card. Her memory has room for `most` of them: what happens to the oldest
    when a new one comes in?
    """
    return _known(cards, most, lambda state, most: state)


@KNOWN_CARDS.mistake
def takes_in_no_more(cards, most):
    """Once her memory is full, no card gets in any more: your player keeps the first ones for ever. The
    oldest has to make room for the new one.
    """
    return _known(cards, most, lambda state, most: state[:most])


@KNOWN_CARDS.mistake
def looks_too_late(cards, most):
    """She knows every card, because you look after the card has gone in. Asked for is whether she knew it
    before.
    """
    return np.ones(len(cards), dtype=bool)


@KNOWN_CARDS.mistake
def one_place_too_many(cards, most):
    """Her memory holds one card too many. Count the cards in it just after the oldest has dropped out."""
    return _known(cards, most + 1)


@KNOWN_CARDS.mistake
def one_place_too_few(cards, most):
    """Her memory holds one card too few. With exactly `most` cards in it, nothing has to drop out yet."""
    return _known(cards, most - 1)


@KNOWN_CARDS.mistake
def forgets_everything(cards, most):
    """When her memory is full, she forgets all of it but the new card. Only the oldest card is to drop out."""
    return _known(cards, most, lambda state, most: state if len(state) <= most else state[-1:])
