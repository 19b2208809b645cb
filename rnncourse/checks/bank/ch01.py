"""Chapter 01: a diary with blank pages, windows, scaling, persistence, mixed windows, a memory that is a state."""

from __future__ import annotations

import numpy as np

from rnncourse.checks.bank.inputs import normal
from rnncourse.checks.task import Case, Mistake, Task
from rnncourse.data import Scaler, sliding_windows

NO_DATA = ("rnncourse.data",)

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


def _stays(pages):
    tonight, evenings = 0, []
    for page in pages:
        tonight = page if page >= 0 else tonight
        evenings.append(tonight)
    return np.array(evenings)


def _page_before(pages):
    before = np.concatenate([[0], pages[:-1]])
    return np.where(pages >= 0, pages, (before + 1) % 3)


def _without_return_to_bread(pages):
    tonight, evenings = 0, []
    for page in pages:
        tonight = page if page >= 0 else tonight + 1
        evenings.append(tonight)
    return np.array(evenings)


def _wrong_way(pages):
    tonight, evenings = 0, []
    for page in pages:
        tonight = page if page >= 0 else (tonight - 1) % 3
        evenings.append(tonight)
    return np.array(evenings)


FILL_THE_DIARY = Task(
    name="fill_the_diary",
    title="Blank pages",
    points=2,
    minutes=10,
    section="A page is missing",
    reference=lambda pages: _filled(pages),
    cases=_diary_cases,
    timed=("result",),
    mistakes=(
        Mistake(
            "stays_the_same",
            _stays,
            "A blank page gets the dish of the evening before. But the family ate that evening too: the round moves "
            "on one dish every evening, page or no page.",
        ),
        Mistake(
            "looks_at_the_page_before",
            _page_before,
            "The first blank page of a row comes out right, the second does not. You ask the page before what was "
            "eaten, and that page may be blank itself. What you worked out for it is what counts.",
        ),
        Mistake(
            "counts_from_the_first_page",
            lambda pages: (pages[0] + np.arange(len(pages))) % 3,
            "You start the round on the first evening and never look at a page again. Guests may change the dish, and "
            "the round goes on from what they had. A written page is always right.",
        ),
        Mistake(
            "no_dish_three",
            _without_return_to_bread,
            "The dishes in your diary grow and grow: 3, 4, 5. After pizza the family has bread again. How do you get "
            "back to 0?",
        ),
        Mistake(
            "round_of_four",
            lambda pages: _filled(pages, 4),
            "Your round goes back to bread one dish too late: there is a dish 3 in your diary. With three dishes the "
            "numbers are 0, 1 and 2.",
        ),
        Mistake(
            "wrong_way_round",
            _wrong_way,
            "Your round runs backwards. Bread is followed by rice, rice by pizza, pizza by bread.",
        ),
        Mistake(
            "always_bread",
            lambda pages: np.where(pages >= 0, pages, 0),
            "Every blank page says bread. What was eaten depends on the last evening that you know of, and on how long "
            "ago that was.",
        ),
    ),
    hints=(
        "Keep one number in mind as you turn the pages: what was on the table last. That number is your state.",
        "At each page there are two cases. Either the page is written, and it says what is on the table. Or it is "
        "blank, and the dish follows from the one you have in mind. In both cases you have something new in mind.",
        "`%` gives the remainder of a division, so numbers that grow by one and are taken `% 3` go round: 0, 1, 2, 0. "
        "Collect the dishes in a list, and make it an array at the end.",
    ),
    praise="The number you carried from page to page is a state, and your loop is the loop of a recurrent net: one "
    "update, the same at every step.",
)

# ---------------------------------------------------------------- windows


def _cut(series, width, horizon, starts=None, late=0):
    """Return the windows that begin at `starts`, with answers that begin `late` steps too late."""
    starts = range(len(series) - width - horizon + 1) if starts is None else starts
    x = np.array([series[i : i + width] for i in starts])
    return x, np.array([series[i + width + late : i + width + late + horizon] for i in starts])


def _window_cases(rng):
    return [Case((normal(rng, n), width, horizon)) for n, width, horizon in ((12, 3, 2), (14, 5, 4))]


def _far_end(series, width, horizon):
    x, y = sliding_windows(series, width, horizon)
    return x, y[:, -1:]


CUT_WINDOWS = Task(
    name="cut_windows",
    title="Overlapping windows",
    points=3,
    minutes=12,
    section="Overlapping windows: three years tell the fourth",
    reference=lambda series, width, horizon: sliding_windows(series, width, horizon),
    cases=_window_cases,
    outputs=("x", "y"),
    mistakes=(
        Mistake(
            "last_window_lost",
            lambda series, width, horizon: _cut(series, width, horizon, range(len(series) - width - horizon)),
            "One window is missing, the last. Take a series of 4 values, width 3 and horizon 1: how many windows fit, "
            "and how many does your formula count?",
        ),
        Mistake(
            "no_overlap",
            lambda series, width, horizon: _cut(
                series, width, horizon, range(0, len(series) - width - horizon + 1, width)
            ),
            "Your windows stand one behind the other. They are to overlap: the next one begins one step further on, "
            "not a whole window further on.",
        ),
        Mistake(
            "answer_inside_the_window",
            lambda series, width, horizon: _cut(series, width, horizon, late=-1),
            "The first value of each answer is also the last value of its window. A net would only have to copy it, "
            "and you would admire its forecast. Where does the window end?",
        ),
        Mistake(
            "one_step_ahead_only",
            lambda series, width, horizon: sliding_windows(series, width, 1),
            "Each answer holds one value, whatever the horizon. Asked for are the next `horizon` values, and the last "
            "window has to leave room for them.",
        ),
        Mistake(
            "only_the_far_end",
            _far_end,
            "Each answer holds only the value that lies `horizon` steps ahead. Asked for are all values up to that "
            "one.",
        ),
        Mistake(
            "one_number_each",
            lambda series, width, horizon: (
                _cut(series, width, horizon)[0],
                _cut(series, width, horizon)[1][:, 0],
            ),
            "Each answer is a single number, the value just after the window. Asked for is a row of the next `horizon` "
            "values.",
        ),
        Mistake(
            "answers_run_out",
            lambda series, width, horizon: _cut(series, width, horizon, range(len(series) - width)),
            "Your last windows stand so near to the end that fewer than `horizon` values follow them. Their answers "
            "are too short, and NumPy cannot make an array of rows of different lengths. Which window is the last that "
            "still has its whole answer?",
        ),
        Mistake(
            "a_step_skipped",
            lambda series, width, horizon: _cut(
                series, width, horizon, range(len(series) - width - horizon), late=1
            ),
            "Between each window and its answer one value is left out. The answer begins with the very next step.",
        ),
    ),
    hints=(
        "Write the series 1, 2, 3, 4, 5, 6 on paper and underline every window of three that has at least one value "
        "to its right. Each begins one further on than the last.",
        "Three positions belong to the window that begins at `i`: where it begins, where it ends and the answer "
        "begins, and where the answer ends. A slice leaves its end out, so the second of them serves twice.",
        "The last window is the one whose answer ends with the series. From that you get how many starts `i` there "
        "are. Collect the slices in two lists and turn both into arrays.",
    ),
    praise="`np.lib.stride_tricks.sliding_window_view` gives all windows at once, without a loop and without copying "
    "a number: it is a view of the same memory.",
    forbidden=NO_DATA,
)

# ---------------------------------------------------------------- split and scale


def _series_cases(rng):
    return [Case((50 + normal(rng, n, scale=30), n_train)) for n, n_train in ((15, 9), (12, 7))]


def _scaled(series, n_train, mean, spread):
    scaled = (series - mean) / spread
    return scaled[:n_train], scaled[n_train:]


def _by_training(series, n_train):
    scaled = Scaler.fit(series[:n_train]).apply(series)
    return scaled[:n_train], scaled[n_train:]


def _each_by_its_own(series, n_train):
    train, test = series[:n_train], series[n_train:]
    return (train - train.mean()) / train.std(), (test - test.mean()) / test.std()


SPLIT_AND_SCALE = Task(
    name="split_and_scale",
    title="Split by time, then scale",
    points=3,
    minutes=10,
    section="Overlapping windows: three years tell the fourth",
    reference=_by_training,
    cases=_series_cases,
    outputs=("train", "test"),
    mistakes=(
        Mistake(
            "looked_at_the_test_years",
            lambda series, n_train: _scaled(series, n_train, series.mean(), series.std()),
            "Your mean and spread come from the whole series. So the training years have been told something about "
            "years that have not happened yet. Which years may you look at?",
        ),
        Mistake(
            "each_part_by_its_own",
            _each_by_its_own,
            "The test years are scaled by a mean and a spread of their own. Then 0 stands for another number of "
            "sunspots than in training, and the net reads the wrong scale. There is one scale, for both parts.",
        ),
        Mistake(
            "variance_for_spread",
            lambda series, n_train: _scaled(series, n_train, series[:n_train].mean(), series[:n_train].var()),
            "You divide by the variance, which is the square of the spread. The spread, the standard deviation, is "
            "measured in sunspots; the variance in sunspots squared.",
        ),
        Mistake(
            "mean_left_in",
            lambda series, n_train: _scaled(series, n_train, 0.0, series[:n_train].std()),
            "The spread is right, but your numbers do not lie around 0. What has to be taken off before you divide?",
        ),
        Mistake(
            "between_0_and_1",
            lambda series, n_train: _scaled(
                series, n_train, series[:n_train].min(), np.ptp(series[:n_train])
            ),
            "You have squeezed the training years between 0 and 1. That is a way of scaling too, but it hangs on two "
            "years only, the smallest and the largest. Asked for are the mean and the standard deviation.",
        ),
        Mistake(
            "test_not_scaled",
            lambda series, n_train: (_by_training(series, n_train)[0], series[n_train:].copy()),
            "The training years are scaled, the test years are not. A net that learned with numbers near 0 would be "
            "asked about numbers near 50.",
        ),
        Mistake(
            "divided_by_n_minus_one",
            lambda series, n_train: _scaled(
                series, n_train, series[:n_train].mean(), series[:n_train].std(ddof=1)
            ),
            "Your spread divides by n − 1. That is an estimate for a larger population, and a good habit elsewhere; "
            "here it is the plain spread of these years, as `np.std` gives it by itself.",
        ),
    ),
    hints=(
        "First the split, then everything else: cut the series in two before you compute anything.",
        "You need two numbers, a mean and a standard deviation. Both come from the training part. Both are used twice.",
        "`series[:n_train]` and `series[n_train:]` are the two parts. After scaling, the training part has mean 0 and "
        "spread 1. The test part has not, and that is as it should be.",
    ),
    praise="Write it once as a pair, fit on the training part and apply to any part: `data.Scaler` does that, and can "
    "undo the scaling as well.",
    forbidden=NO_DATA,
)

# ---------------------------------------------------------------- persistence


def _persistence(series, n_train):
    return np.abs(series[n_train:] - series[n_train - 1 : -1]).mean()


PERSISTENCE_ERROR = Task(
    name="persistence_error",
    title="Somebody to beat",
    points=2,
    minutes=8,
    section="Overlapping windows: three years tell the fourth",
    reference=_persistence,
    cases=_series_cases,
    mistakes=(
        Mistake(
            "errors_cancel",
            lambda series, n_train: (series[n_train:] - series[n_train - 1 : -1]).mean(),
            "Too high by 10 and too low by 10 come out as no error at all: errors of opposite signs cancel. An error "
            "is a distance.",
        ),
        Mistake(
            "squared",
            lambda series, n_train: ((series[n_train:] - series[n_train - 1 : -1]) ** 2).mean(),
            "This is the mean of the squared errors. It is measured in squared sunspots; asked for is the mean "
            "distance.",
        ),
        Mistake(
            "root_of_the_squares",
            lambda series, n_train: np.sqrt(((series[n_train:] - series[n_train - 1 : -1]) ** 2).mean()),
            "This is the root of the mean squared error. It is measured in sunspots, but large errors count more in "
            "it. Asked for is the plain mean of the distances.",
        ),
        Mistake(
            "first_test_year_left_out",
            lambda series, n_train: np.abs(np.diff(series[n_train:])).mean(),
            "The first test year has no forecast in your count. There is one: the last training year is known by then, "
            "and it is the year before.",
        ),
        Mistake(
            "over_all_years",
            lambda series, n_train: np.abs(np.diff(series)).mean(),
            "You measure the error over the whole series. It has to be measured on the same years as the net's, or the "
            "two cannot be compared: on the test years.",
        ),
        Mistake(
            "forecast_never_moves",
            lambda series, n_train: np.abs(series[n_train:] - series[n_train - 1]).mean(),
            "Your forecast is the last training year, for all years to come. Persistence looks again every year: next "
            "year will be like this one.",
        ),
        Mistake(
            "mean_for_a_forecast",
            lambda series, n_train: np.abs(series[n_train:] - series[:n_train].mean()).mean(),
            "Your forecast is the mean of the training years. That is a rule to compare with as well, but another one.",
        ),
        Mistake(
            "summed",
            lambda series, n_train: np.abs(series[n_train:] - series[n_train - 1 : -1]).sum(),
            "This is the sum of all the distances. It grows with the number of test years; asked for is the average.",
        ),
    ),
    hints=(
        "Write down two rows: the test years as they were, and below each one what persistence said about it.",
        "The second row is the first one, moved on by a year. Its first entry does not come from a test year.",
        "Two slices of the same length do it: one begins at `n_train`, the other one step earlier and ends one step "
        "earlier. Then distances, then their mean.",
    ),
    praise="Keep this number beside every forecast you ever make. A net that does not beat it has learned nothing.",
)

# ---------------------------------------------------------------- explanation

WHY_MIXING_IS_HARMLESS = Task(
    name="why_mixing_is_harmless",
    title="Mixed windows, same error",
    points=3,
    minutes=10,
    section="First limit: no notion of neighbourhood",
    kind="explanation",
)

# ---------------------------------------------------------------- a memory is a state


def _known(cards, most, forget=lambda state, most: state[max(len(state) - most, 0) :]):
    state, known = [], []
    for card in cards:
        known.append(card in state)
        state = state if card in state else forget([*state, card], most)
    return np.array(known)


def _card_cases(rng):
    return [Case((rng.integers(n, size=T), most)) for T, n, most in ((48, 8, 4), (40, 6, 3))]


def _to_the_end(cards, most):
    state, known = [], []
    for card in cards:
        known.append(card in state)
        state = [*(c for c in state if c != card), card][-most:]
    return np.array(known)


KNOWN_CARDS = Task(
    name="known_cards",
    title="Does she know this card?",
    points=4,
    minutes=20,
    section="The memory game: a state",
    reference=_known,
    cases=_card_cases,
    timed=("result",),
    mistakes=(
        Mistake(
            "a_window_instead",
            lambda cards, most: np.array([c in cards[max(t - most, 0) : t] for t, c in enumerate(cards)]),
            "This is a window over the last `most` cards turned. If one card is turned twice, it takes up two places "
            "there. In her memory a card that she already knows takes no second place, and pushes nothing out.",
        ),
        Mistake(
            "becomes_the_newest",
            _to_the_end,
            "A card that she knows and sees again becomes the newest in your memory. That is a sensible player, but "
            "another one. Ours leaves it where it stands: it drops out when its turn comes.",
        ),
        Mistake(
            "never_forgets",
            lambda cards, most: _known(cards, most, lambda state, most: state),
            "Your player never forgets a card. Her memory has room for `most` of them: what happens to the oldest "
            "when a new one comes in?",
        ),
        Mistake(
            "takes_in_no_more",
            lambda cards, most: _known(cards, most, lambda state, most: state[:most]),
            "Once her memory is full, no card gets in any more: your player keeps the first ones for ever. The oldest "
            "has to make room for the new one.",
        ),
        Mistake(
            "looks_too_late",
            lambda cards, most: np.ones(len(cards), dtype=bool),
            "She knows every card, because you look after the card has gone in. Asked for is whether she knew it "
            "before.",
        ),
        Mistake(
            "one_place_too_many",
            lambda cards, most: _known(cards, most + 1),
            "Her memory holds one card too many. Count the cards in it just after the oldest has dropped out.",
        ),
        Mistake(
            "one_place_too_few",
            lambda cards, most: _known(cards, most - 1),
            "Her memory holds one card too few. With exactly `most` cards in it, nothing has to drop out yet.",
        ),
        Mistake(
            "forgets_everything",
            lambda cards, most: _known(
                cards, most, lambda state, most: state if len(state) <= most else state[-1:]
            ),
            "When her memory is full, she forgets all of it but the new card. Only the oldest card is to drop out.",
        ),
    ),
    hints=(
        "The state is a list of the cards that she remembers, the oldest first. It begins empty and is all that passes "
        "from one card to the next.",
        "At each card, first look: is it in the state? Write that down. Only then the update, which has two cases: a "
        "card she knows changes nothing; a new one goes in, and the oldest may drop out.",
        "Go through the cards `[1, 2, 3, 1, 4, 1]` with room for three on paper, and write the state beside each. The "
        "last 1 is not known any more. `list.append` and `list.pop(0)` add at one end and take off at the other.",
    ),
    praise="`collections.deque(maxlen=most)` drops its oldest entry by itself when a new one comes in.",
)

TASKS = (
    FILL_THE_DIARY,
    CUT_WINDOWS,
    SPLIT_AND_SCALE,
    PERSISTENCE_ERROR,
    WHY_MIXING_IS_HARMLESS,
    KNOWN_CARDS,
)
