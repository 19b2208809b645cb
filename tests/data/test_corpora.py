"""rnncourse.data.corpora: the real series are the real ones, the made signals are what they say."""

import importlib
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnncourse import data
from rnncourse.analysis import equal_terms
from rnncourse.analysis.gates import ABLATIONS, trace_gates
from rnncourse.data import alice, bouncing_ball, gate_ablation, sound_wave, stock_price, sunspots, tokenize
from rnncourse.errors import InputError


def says(call, *parts: str) -> None:
    """Assert that `call` raises InputError with every one of `parts` in its message."""
    with pytest.raises(InputError) as caught:
        call()
    assert all(part in str(caught.value) for part in parts), f"{parts} not all in: {caught.value}"


def test_importing_data_loads_neither_torch_nor_matplotlib():
    code = "import sys, rnncourse.data; print([m for m in ('torch', 'matplotlib') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_is_there():
    assert sorted(data.__all__) == sorted(set(data.__all__))
    assert all(hasattr(data, name) for name in data.__all__)


def test_sunspots_are_the_real_series():
    years, numbers = sunspots()
    assert np.array_equal(years, np.arange(1700, 2009))
    assert years.dtype == np.int64 and numbers.dtype == np.float32
    known = {
        1700: 5,
        1712: 0,
        1778: 154.4,
        1810: 0,
        1816: 45.8,
        1913: 1.4,
        1957: 190.2,
        2000: 119.6,
        2008: 2.9,
    }
    assert {year: numbers[years == year].item() for year in known} == pytest.approx(known)
    assert years[numbers.argmax()] == 1957
    spectrum = np.abs(np.fft.rfft(numbers - numbers.mean()))
    assert len(numbers) / spectrum.argmax() == pytest.approx(11, abs=0.5), "the eleven-year cycle"


def test_sunspot_file_names_its_source():
    text = data.corpora._read("sunspots.csv")
    header = [line for line in text.splitlines() if line.startswith("#")]
    assert any("10.1007/s11214-014-0074-2" in line for line in header)
    assert any("public domain" in line for line in header)


def test_stock_price_is_googles():
    dates, prices = stock_price()
    assert dates.dtype == np.dtype("datetime64[D]") and prices.dtype == np.float32
    assert dates.shape == prices.shape == (1047,)
    assert (np.diff(dates) > np.timedelta64(0, "D")).all()
    assert str(dates[0]) == "2004-08-19" and prices[0] == pytest.approx(100.34)
    assert str(dates[-1]) == "2008-10-14" and prices[-1] == pytest.approx(362.71)
    assert prices.max() == pytest.approx(741.79)
    assert np.is_busday(dates).all()


def test_alice_is_the_book_and_nothing_else():
    text = alice()
    assert text.startswith("ALICE'S ADVENTURES IN WONDERLAND\n\nLewis Carroll\n")
    assert text.endswith("THE END\n")
    assert [text.count(f"CHAPTER {number}. ") for number in ("I", "II", "VII", "XII", "XIII")] == [
        1,
        1,
        1,
        1,
        0,
    ]
    assert "Alice was beginning to get very tired of sitting by her sister" in text
    assert "Gutenberg" not in text and "\r" not in text and "\ufeff" not in text
    assert 140_000 < len(text) < 200_000
    words = Counter(token for token in tokenize(text.lower()) if token[0].isalpha())
    assert words.most_common(1)[0] == ("the", 1643)
    assert 300 < words["alice"] < 420


# --- made signals -------------------------------------------------------------------------------------


def test_sound_wave_has_its_pitch_partials_and_decay():
    times, wave = sound_wave(pitch=200, seconds=1.0, sample_rate=4000, harmonics=4, decay=3.0)
    assert times.shape == wave.shape == (4000,) and times.dtype == wave.dtype == np.float32
    assert times[1] == pytest.approx(1 / 4000) and np.abs(wave).max() == 1
    spectrum = np.abs(np.fft.rfft(wave))
    partials = spectrum[[200, 400, 600, 800]]
    assert spectrum.argmax() == 200
    assert (partials > 5 * spectrum[[300, 500, 700, 900]]).all()
    loud = np.sqrt([np.mean(part**2) for part in np.split(wave, 4)])
    assert (np.diff(loud) < 0).all()


def test_sound_wave_with_one_partial_is_the_formula():
    times, wave = sound_wave(pitch=50, seconds=0.2, sample_rate=1000, harmonics=1, decay=4)
    t = np.arange(200) / 1000
    formula = np.exp(-4 * t) * np.sin(2 * np.pi * 50 * t)
    assert times == pytest.approx(t)
    assert wave == pytest.approx(formula / np.abs(formula).max(), abs=1e-6)


def test_sound_wave_refuses():
    says(lambda: sound_wave(pitch=0), "pitch", "int 0", "above 0")
    says(lambda: sound_wave(pitch=float("nan")), "pitch", "nan")
    says(lambda: sound_wave(seconds=-1.0), "seconds", "-1.0")
    says(lambda: sound_wave(seconds=0.0001), "seconds is 0.0001", "1 samples", "at least 2")
    says(lambda: sound_wave(sample_rate=8000.0), "sample_rate", "8000.0")
    says(lambda: sound_wave(harmonics=0), "harmonics", "int 0")
    says(lambda: sound_wave(decay="fast"), "decay", "'fast'")
    says(lambda: sound_wave(decay=1e9), "decay is 1e+09", "silence")
    says(lambda: sound_wave(pitch=500, harmonics=8, sample_rate=8000), "harmonics", "4000 Hz", "above 8000")


@settings(deadline=None)
@given(st.integers(2, 20), st.integers(8, 20), st.integers(8, 20), st.floats(1.5, 3.9), st.integers(1, 4))
def test_the_ball_keeps_its_size_inside_the_picture(T, height, width, radius, bounces):
    frames = bouncing_ball(T, height, width, radius, bounces)
    assert frames.shape == (T, height, width) and frames.dtype == np.float32
    assert frames.min() >= 0 and frames.max() <= 1
    assert frames.sum(axis=(1, 2)) == pytest.approx(np.pi * radius**2, rel=0.12)
    columns = (frames.sum(axis=1) @ (np.arange(width) + 0.5)) / frames.sum(axis=(1, 2))
    assert columns == pytest.approx(np.linspace(radius, width - radius, T), abs=0.2)


def test_the_ball_starts_and_ends_at_the_top_and_touches_the_floor():
    frames = bouncing_ball(T=25, height=16, width=24, radius=2.5, bounces=3)
    rows = (frames.sum(axis=2) @ (np.arange(16) + 0.5)) / frames.sum(axis=(1, 2))
    assert rows[[0, 8, 16, 24]] == pytest.approx([2.5] * 4, abs=0.1)
    assert rows[[4, 12, 20]] == pytest.approx([13.5] * 3, abs=0.1)
    # Free fall from the first top: the way grows with the square of the time.
    assert rows[:5] - 2.5 == pytest.approx(11 * (np.arange(5) / 4) ** 2, abs=0.15)


def test_the_edge_of_the_ball_is_soft():
    frames = bouncing_ball()
    assert ((frames > 0.05) & (frames < 0.95)).any(axis=(1, 2)).all()


def test_bouncing_ball_refuses():
    says(lambda: bouncing_ball(T=0), "T", "int 0")
    says(lambda: bouncing_ball(height=16.0), "height", "16.0")
    says(lambda: bouncing_ball(width=-3), "width", "-3")
    says(lambda: bouncing_ball(radius=8), "radius is 8", "height 16", "below 8")
    says(lambda: bouncing_ball(radius=float("inf")), "radius", "inf")
    says(lambda: bouncing_ball(bounces=0), "bounces", "int 0")


@pytest.fixture
def ablation(monkeypatch):
    """Return benchmarks/gate_ablation.py as a module; importing it runs nothing."""
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    return importlib.import_module("gate_ablation")


def test_stored_ablation_is_complete_and_its_scores_are_shares(ablation):
    stored = gate_ablation()
    loud = stored.pop("loud unit")
    wanted: dict[str, int] = {}
    for part, bias, delay, _ in ablation.grid():
        run = f"{part} | bias {bias} | delay {delay}"
        wanted[run] = wanted.get(run, 0) + 1
    assert {run: len(scores) for run, scores in stored.items()} == wanted
    assert {run.split(" | ")[0] for run in wanted} == {*ABLATIONS, ablation.CONTROL}
    assert all(0 <= score <= 1 for scores in stored.values() for score in scores)
    assert len(loud) == 6 and all(
        len(shares) == 3 and 0 <= min(shares) <= max(shares) <= 1 for shares in loud
    )


def test_the_coupled_cell_begins_with_the_forget_gate_of_the_intact_one(ablation):
    x = np.zeros((1, 1, ablation.D), dtype=np.float32)
    intact, coupled = (ablation.layer_for(part, "3", 0) for part in ("intact", "f = 1 - i"))
    f, f_coupled = (trace_gates(layer, x).f for layer in (intact, coupled))
    assert f.mean() == pytest.approx(0.95, abs=0.01) and f_coupled.mean() == pytest.approx(0.95, abs=0.01)
    assert trace_gates(ablation.layer_for("f = 1 - i", "0", 0), x).f.mean() == pytest.approx(0.5, abs=0.03)


def test_the_control_has_no_gates_and_as_many_parameters(ablation):
    networks = {part: ablation.layer_for(part, "3", 0) for part in ("intact", ablation.CONTROL)}
    assert networks[ablation.CONTROL].blocks == ("h",)
    assert equal_terms(networks, initialization="same", steps=1, tuning="same").differences == []


def test_the_claims_of_the_detour_about_the_table():
    stored = gate_ablation()
    assert (
        min(stored["f = 1 - i | bias 3 | delay 40"])
        > 0.95
        > 0.6
        > max(stored["f = 1 - i | bias 0 | delay 40"])
    )
    assert max(stored["forget gate frozen at 0.5 | bias 3 | delay 40"]) < 0.3
    assert min(stored["tanh RNN, orthogonal | bias none | delay 80"]) > 0.95
    assert min(stored["intact | bias chrono | delay 80"]) > 0.95


def test_a_stored_score_is_what_the_benchmark_computes(ablation):
    """A short run of the grid, done again: the file and the script have not drifted apart."""
    run = ("no output gate", "3", 5, 1)
    assert ablation.score(*run) == gate_ablation()["no output gate | bias 3 | delay 5"][1] == 1.0


def test_the_paragraphs_of_alice_are_its_words_without_the_line_breaks():
    text = data.alice_paragraphs()
    assert text.split() == data.alice().split()
    assert "Alice was beginning to get very tired of sitting by her sister on the bank, and of" in text
    assert "\n\n" not in text and text.endswith("\n")
