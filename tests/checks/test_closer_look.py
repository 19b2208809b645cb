"""What a closer look finds: variations of the model answer, what the answer depends on, and the smallest input."""

from __future__ import annotations

import ast
import io
import signal
import sys
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from checks.examples import simple

from rnncourse.checks import comparing, examine, judging, model, probing, registry
from rnncourse.checks.setting import carries
from rnncourse.checks.stopping import TimeUp
from rnncourse.checks.task import Case
from rnncourse.checks.variations import _calls, variations

pytestmark = pytest.mark.usefixtures("time_enough")
CHECKED = [task for task in registry.tasks() if task.checked]


@pytest.fixture
def time_enough(monkeypatch):
    """Let a busy computer look as closely as an idle one."""
    monkeypatch.setattr(probing, "SECONDS", 20.0)
    monkeypatch.setattr(judging, "_SECONDS_OF_VARIATIONS", 20.0)
    monkeypatch.setattr(judging, "_SECONDS_OF_PAIRS", 20.0)
    monkeypatch.setattr(judging, "_SECONDS_AT_MOST", 60.0)
    monkeypatch.setattr(judging, "_SECONDS_BY_THE_CLOCK", 60.0)


def nameless(name: str):
    """Return a task whose mistakes have no names and that allows everything."""
    return replace(registry.task(name), mistakes=(), forbidden=())


def told(name: str, answer) -> tuple[str, str]:
    verdict = examine(nameless(name), answer, np.random.default_rng(0))
    assert verdict.status == "wrong"
    return verdict.mistake, " ".join(verdict.details)


def lstm(change):
    """Return the model answer of lstm_step with other arguments."""
    right = model.function(registry.task("lstm_step"))
    return lambda x_t, h_prev, c_prev, p: right(*change(x_t, h_prev, c_prev, p))


@pytest.mark.parametrize("task", CHECKED, ids=lambda task: task.name)
def test_every_model_answer_has_variations_and_is_none_of_them(task):
    case = task.cases(np.random.default_rng(0))[0]
    assert len(variations(task)) >= 5
    assert examine(replace(task, forbidden=()), model.function(task)).status == "right"
    assert all(one.text.endswith((".", "?")) for one in variations(task)) and case.args


def test_a_missing_factor_is_found_without_a_name():
    def answer(a):
        p = 1 / (1 + np.exp(-a))
        return p * p

    found, text = told("sigmoid_prime", answer)
    assert found == "one term" and "right except for one thing" in text


def test_a_product_that_is_left_out_is_named():
    found, text = told("rnn_step", lambda x_t, h_prev, p: np.tanh(x_t @ p["W_xh"] + p["b_h"]))
    assert found == "one term" and "`h_prev`" in text


def test_a_parameter_that_is_not_used_is_named():
    found, text = told(
        "lstm_step", lstm(lambda x, h, c, p: (x, h, c, {**p, "b": 0 * p["b"], "W_x": p["W_x"] ** 2}))
    )
    assert found == "unused" and text.startswith("`p['b']` has no influence on `h_t`")


def test_a_block_that_is_not_used_is_found():
    def change(x, h, c, p):
        b = p["b"].copy()
        b[len(b) // 4 : len(b) // 2] = 0
        return x, h, c, {**p, "b": b, "W_h": p["W_h"] ** 2}

    found, text = told("lstm_step", lstm(change))
    assert found == "unused" and "The second of the 4 blocks of entries of `p['b']`" in text


def test_padding_that_matters_is_found():
    found, text = told("honest_loss", lambda losses, mask: np.sum(np.sqrt(losses)) / np.sum(mask))
    assert found == "depends" and "where `mask` is 0" in text


def test_a_state_that_is_not_carried_is_found():
    def answer(x, h0, p):
        return np.tanh(2 * x @ p["W_xh"] + h0 @ p["W_hh"] + p["b_h"])

    found, text = told("rnn_forward", answer)
    assert found == "reach" and "no influence on the steps after it" in text


def test_an_argument_that_the_answer_is_right_without_is_found():
    def answer(x_t, h_prev, p):
        return np.tanh(x_t @ p["W_xh"] + h_prev @ p["W_hh"] + np.sinh(p["b_h"]))

    found, text = told("rnn_step", answer)
    assert found == "right without" and text == (
        "With `p['b_h']` set to 0, your result is right. So look at what you do with `p['b_h']`."
    )


def test_inputs_for_which_the_answer_is_right_are_found():
    def mirrored(x_t, h_prev, p):
        W = np.triu(p["W_hh"]) + np.triu(p["W_hh"], 1).T
        return np.tanh(x_t @ p["W_xh"] + h_prev @ W + p["b_h"])

    text = told("rnn_step", mirrored)[1]
    asked = "Is it transposed where it should not be, or not where it should be?"
    assert text.endswith(f"If `p['W_hh']` is symmetric, your result is right. {asked}")


def test_a_single_step_that_is_right_is_found():
    def steeper(x, h0, p):
        h = model.function(registry.task("rnn_forward"))(x, h0, p)
        return h * (1 + 0.1 * np.arange(len(h)).reshape(-1, 1, 1) * np.cos(h))

    assert "If there is a single step, your result is right." in told("rnn_forward", steeper)[1]


def test_a_part_that_never_moved_an_answer_of_bools_is_told_as_it_was_seen():
    text = told("dead_units", lambda a: (a[2:] <= 0).all(axis=0))[1]
    assert text.endswith(
        "Whatever the first 2 rows of `a` held, your result stayed the same, but should have changed."
    )


def test_an_example_is_as_short_as_it_can_be():
    def not_after_a_pair(cards, most):
        known = model.function(registry.task("known_cards"))(cards, most)
        pairs = [t > 1 and cards[t - 1] == cards[t - 2] for t in range(len(cards))]
        return known & ~np.array(pairs)

    assert (
        "Leave out any single entry after the first, and the answer is right."
        in told("known_cards", not_after_a_pair)[1]
    )


def test_two_changes_at_once_are_told():
    def answer(x_t, h_prev, p):
        return np.tanh(x_t @ p["W_xh"] - h_prev @ p["W_hh"].T + p["b_h"])

    found, text = told("rnn_step", answer)
    assert found.startswith("two ") and "right except for two things" in text and "`.T`" in text


def test_a_change_in_each_wrong_part_is_told():
    right = model.function(registry.task("rnn_step_backward"))

    def answer(dh_t, x_t, h_prev, h_t, p):
        dx_t, _, grads = right(dh_t, x_t, h_prev, h_t, p)
        _, dh_prev, _ = right(dh_t, x_t, h_prev, h_t, {**p, "W_hh": p["W_hh"].T})
        return dx_t, dh_prev, {**grads, "b_h": grads["b_h"] / len(x_t)}

    found, text = told("rnn_step_backward", answer)
    assert found == "one in each" and "`dh_prev`:" in text and "`grads['b_h']`: `mean` is used" in text


def test_the_page_is_given_back_when_the_time_of_the_variations_is_up(monkeypatch):
    before = sys.stdout

    def interrupted(*_):
        sys.stdout = io.StringIO()
        raise TimeUp

    monkeypatch.setattr(judging, "_matching", interrupted)
    told("apply_gate", lambda a, values: values**2 + np.cos(a))
    assert sys.stdout is before


def test_where_an_argument_has_a_value_twice_in_a_row_is_told():
    def one_dish(pages):
        t = np.arange(len(pages))
        written = pages[np.maximum.accumulate(np.where(pages >= 0, t, 0))]
        return np.where(pages == -1, (written + 1) % 3, pages)

    found, text = told("fill_the_diary", one_dish)
    assert found == "only where"
    assert text == "Your result is right except where `pages` is -1 and was also -1 one place before."


def test_a_mistake_is_named_that_divides_by_zero_elsewhere():
    def always(grads, max_norm):
        norm = np.sqrt(sum((g**2).sum() for g in grads.values()))
        return {name: g / norm * max_norm for name, g in grads.items()}

    verdict = examine(replace(registry.task("clip_gradients"), forbidden=()), always)
    assert verdict.mistake == "always_scaled"
    assert verdict.details[1].startswith("Also, with a gradient of zeros it holds NaN")


def test_nan_everywhere_is_no_agreement_with_a_change():
    """The model answer gives NaN for a mask of zeros, too."""
    assert told("honest_loss", lambda losses, mask: np.where(mask > 0, losses, np.nan).mean())[0] == "nan"


def test_the_same_is_said_of_nan_only_where_it_is_at_the_same_places():
    def answer(q, k, v, mask):
        context, weights = model.function(registry.task("attention"))(q, k, v, mask)
        return np.full_like(context, np.nan), np.where(mask > 0, weights + 1, np.nan)

    text = told("attention", answer)[1]
    assert "`context` holds NaN (not a number) in every entry." in text
    assert "`weights` holds NaN (not a number) in some entries." in text


def test_rows_that_reach_one_another_are_found():
    def answer(x_t, h_prev, p):
        return np.tanh(x_t @ p["W_xh"] + np.sort(h_prev, axis=0) @ p["W_hh"] * 1.5 + p["b_h"])

    assert "the rows influence one another" in told("rnn_step", answer)[1]


def test_the_influence_is_told_of_the_output_that_has_it():
    """c_t does not depend on the output gate; h_t does."""

    def answer(x_t, h_prev, c_prev, p):
        o = p["W_x"][:, -h_prev.shape[1] :]
        h_t, c_t = model.function(registry.task("lstm_step"))(x_t, h_prev, c_prev, p)
        return h_t, c_t + x_t @ o

    found, text = told("lstm_step", answer)
    assert found == "depends" and text.startswith("`c_t` depends on the fourth of the 4 blocks")


def test_what_is_rounded_or_cut_off_is_not_said_to_be_unused():
    def rounded(W_hh, activation, steps):
        return round(model.function(registry.task("gain_bound"))(W_hh, activation, steps), 2)

    def cut_off(W_hh, activation, steps):
        return min(1.0, model.function(registry.task("gain_bound"))(W_hh, activation, steps))

    assert told("gain_bound", rounded)[0] != "unused"
    assert told("gain_bound", cut_off)[0] != "unused"


def test_lengths_that_are_used_are_not_said_to_be_unused():
    """The order of the lengths is lost, and yet they are used."""
    assert (
        told("last_states", lambda h, lengths: h[lengths.max() - 1])[1].find("`lengths` has no influence") < 0
    )


def test_an_agreement_with_a_mistake_by_chance_is_no_name():
    def silent_on_average(a):
        """You look at the average."""
        return a.mean(axis=0) <= 0

    def last_example_only(a):
        return a[-1] <= 0

    task = simple(lambda a: (a <= 0).all(axis=0), lambda rng: [Case((rng.normal(size=(3, 4)) - 0.5,))])
    task.mistake(silent_on_average)
    alike = []
    for seed in range(60):
        [case] = task.cases(np.random.default_rng(seed))
        one, other = silent_on_average(*case.args), last_example_only(*case.args)
        if np.array_equal(one, other) and not np.array_equal(one, task.reference(*case.args)):
            alike.append(examine(task, last_example_only, np.random.default_rng(seed)).mistake)
    assert alike and "silent_on_average" not in alike
    told = [examine(task, silent_on_average, np.random.default_rng(seed)).mistake for seed in range(5)]
    assert set(told) <= {"", "silent_on_average"} and any(told)


def test_a_state_that_is_kept_for_later_calls_is_found():
    kept: dict = {}

    def answer(indices, da, V):
        dW = kept.setdefault((V, da.shape[2]), np.zeros((V, da.shape[2])))
        np.add.at(dW, indices, da)
        return dW

    verdict = examine(registry.task("embedding_gradient"), answer)
    assert (verdict.status, verdict.mistake) == ("wrong", "twice")


def test_another_answer_at_the_second_call_is_found():
    drawn = np.random.default_rng(1)
    found, text = told("apply_gate", lambda a, values: values * drawn.uniform(size=a.shape))
    assert found == "twice" and "two different answers" in text


def test_outputs_that_are_swapped_are_found():
    right = model.function(registry.task("lstm_step"))
    found, text = told("lstm_step", lambda *args: right(*args)[::-1])
    assert found == "swapped" and "`h_t` and `c_t` are the wrong way around" in text


def test_whole_numbers_are_not_said_to_ignore_an_argument_that_is_used():
    """The least likely token instead of the likeliest: it may happen that `end` is never met."""

    def answer(next_scores, state, start, end, n):
        tokens, token = [], start
        for _ in range(n):
            scores, state = next_scores(token, state)
            token = int(np.argmin(scores))
            if token == end:
                break
            tokens.append(token)
        return tokens

    assert told("greedy_write", answer)[0] not in ("unused", "depends")


def test_the_smallest_input_is_shown_without_the_answer():
    task = simple(lambda x: np.cos(x), lambda rng: [Case((rng.normal(size=(4, 3)),)) for _ in range(2)])
    # drawn freely, one in twenty tries has no negative cosine, and then the signs are what is said
    text = examine(task, lambda x: x**3 + 0.25 * x, np.random.default_rng(0)).text()
    assert "zigzag(np.array([[" in text and text.count("[[") == 1


def test_a_closer_look_ends_in_time(monkeypatch):
    calls = []

    def slow(a, values):
        time.sleep(0.05)
        calls.append(1)
        return values**2 + a

    monkeypatch.setattr(probing, "SECONDS", 0.02)
    examine(nameless("apply_gate"), slow)
    assert len(calls) < 10


@pytest.mark.parametrize(
    ("name", "way"),
    [("rnn_forward", "forward"), ("rnn_backward", "backward"), ("gain_by_lag", ""), ("both_ways", "")],
)
def test_what_is_carried_along_time_is_measured(name, way):
    assert carries(registry.task(name)) == way


def test_new_arrays_must_be_new():
    def same(x):
        return x.copy()

    task = simple(same, lambda rng: [Case((rng.normal(size=4),)) for _ in range(2)], new_arrays=True)
    assert examine(task, same).status == "right"
    verdict = examine(task, lambda x: x)
    assert verdict.status == "wrong" and "shares memory" in verdict.text()


@pytest.mark.parametrize(
    ("some", "n", "word", "blocks", "said", "many"),
    [
        ([2, 3], 6, "column", 3, "the second of the 3 blocks of columns", False),
        ([6, 7], 8, "column", 4, "the fourth of the 4 blocks of columns", False),
        ([6, 7], 8, "column", 0, "the last 2 columns", True),
        ([5, 6], 8, "column", 4, "2 of the 8 columns", True),
        ([1, 3], 6, "row", 0, "2 of the 6 rows", True),
        ([0, 1, 2], 3, "step", 0, "every step", False),
        ([0], 4, "entry", 0, "the first entry", False),
        ([3], 4, "step", 0, "the last step", False),
        ([1], 3, "row", 0, "row 1 (counting from 0)", False),
        ([0, 1, 2], 5, "row", 0, "the first 3 rows", True),
        ([3, 4], 5, "entry", 0, "the last 2 entries", True),
    ],
)
def test_slices_are_told_in_the_fewest_words(some, n, word, blocks, said, many):
    assert probing._which(some, n, word, blocks) == (said, many)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ([], ""),
        ([(1, 0)], "In your result, the entry [1, 0] is wrong."),
        ([(0, 0), (0, 1), (1, 0), (1, 1)], ""),
    ],
)
def test_the_first_wrong_entry_is_told_unless_all_are(wrong, said):
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    answer = 2 * x
    for entry in wrong:
        answer[entry] += 1
    task = SimpleNamespace(reference=lambda x: 2 * x, outputs=("result",), tolerance=1e-6)
    assert probing._where_wrong(SimpleNamespace(task=task, ask=lambda case: answer), Case((x,))) == said


@pytest.mark.parametrize(
    ("call", "left"),
    [
        ("np.stack(h)", ["h"]),
        ("h.sum()", ["h"]),
        ("h.sum(axis=0)", ["h"]),
        ("np.outer(a, b)", []),
        ("np.concatenate([a, b], axis=1)", []),
        ("list()", []),
    ],
)
def test_a_call_is_left_out_where_something_is_left_of_it(call, left):
    """Its only argument, or what its method belongs to; never the module that a function is from."""
    changes = _calls(ast.parse(call, mode="eval").body)
    assert [ast.unparse(one.new) for one in changes if one.kind == "call"] == left


# How little is computed for it


def counted(function, calls: list):
    """Return a function that notes its calls."""

    def noting(*args):
        calls.append(1)
        return function(*args)

    return noting


def test_a_mistake_is_not_tried_further_than_to_the_first_input_that_rules_it_out():
    task, calls = registry.task("rnn_backward"), []
    mistakes = tuple(replace(one, answer=counted(one.answer, calls)) for one in task.mistakes)
    wrong = task.mistakes[-1].answer
    verdict = examine(replace(task, mistakes=mistakes, forbidden=()), wrong, np.random.default_rng(0))
    assert verdict.mistake == task.mistakes[-1].name
    inputs = len(task.cases(np.random.default_rng(0)))
    assert len(calls) <= len(mistakes) + 2 * inputs < len(mistakes) * inputs


def test_what_the_right_answer_depends_on_is_found_out_once():
    task, calls = nameless("rnn_forward"), []
    task = replace(task, reference=counted(task.reference, calls))
    right, needed = model.function(task), []
    for _ in range(2):
        before = len(calls)

        def answer(x, h0, p):
            return right(x, h0, {**p, "W_hh": p["W_hh"] * (np.arange(len(p["W_hh"])) > 0)})

        verdict = examine(task, answer, np.random.default_rng(0))
        needed.append(len(calls) - before)
    assert verdict.mistake == "unused"
    assert needed[1] < needed[0] / 2


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.complex128, bool])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0, 3)])
def test_equal_arrays_agree_and_others_do_not_whatever_their_kind(dtype, shape):
    one = np.asarray(np.arange(int(np.prod(shape))).reshape(shape) % 2, dtype)
    assert comparing.close(one, one.copy(), 1e-6).all()
    assert comparing.equal(one, one.copy(), 1e-6)
    if one.size:
        other = one.copy()
        other[(..., *[-1] * len(shape))] = not other[(..., *[-1] * len(shape))]
        assert not comparing.equal(one, other, 1e-6)
    if dtype == np.float64 and one.size:
        odd = one.copy()
        odd[(0,) * len(shape)] = np.nan
        assert comparing.equal(odd, odd.copy(), 1e-6) and not comparing.equal(odd, one, 1e-6)
        odd[(0,) * len(shape)] = np.inf
        assert comparing.equal(odd, odd.copy(), 1e-6) and not comparing.equal(odd, -odd, 1e-6)


def test_no_time_runs_while_the_variations_are_made(monkeypatch):
    """What is stopped while Python reads code leaves Python's own counters wrong."""
    limits = []

    def noted(task):
        limits.append(signal.getitimer(signal.ITIMER_REAL)[0])
        return variations(task)

    monkeypatch.setattr(judging, "variations", noted)
    task = registry.task("rnn_step")
    wrong = lambda x_t, h_prev, p: np.tanh(x_t @ p["W_xh"] - h_prev @ p["W_hh"] + p["b_h"])  # noqa: E731
    assert examine(task, wrong, np.random.default_rng(0)).status == "wrong"
    assert limits and not any(limits)
