"""Widgets: tested functions that prepare what is shown, and controls that also work by keyboard."""

from rnncourse.widgets._attention_lab import AttentionLab, attention_lab
from rnncourse.widgets._credit_lab import CreditLab, credit_lab
from rnncourse.widgets._drift_lab import DriftLab, drift_lab
from rnncourse.widgets._gate_lab import GATE_PRESETS, GATE_WEIGHTS, GateLab, Preset, gate_lab
from rnncourse.widgets._gradient_lab import GradientLab, gradient_lab
from rnncourse.widgets._jar_lab import JarLab, jar_lab
from rnncourse.widgets._memory_lab import MemoryLab, memory_lab
from rnncourse.widgets._memory_stepper import memory_frames, memory_stepper
from rnncourse.widgets._player import Frame, FramePlayer
from rnncourse.widgets._quiz import Prediction, Question, Quiz, predict, quiz
from rnncourse.widgets._sampler import Sampler, sampler
from rnncourse.widgets._sentence_lab import SentenceLab, sentence_lab
from rnncourse.widgets._state_lab import StateLab, state_lab
from rnncourse.widgets._window_lab import WindowLab, window_lab
from rnncourse.widgets._wiring_lab import WiringLab, wiring_lab
from rnncourse.widgets._your_turn import your_turn

__all__ = [
    "GATE_PRESETS",
    "GATE_WEIGHTS",
    "AttentionLab",
    "CreditLab",
    "DriftLab",
    "Frame",
    "FramePlayer",
    "GateLab",
    "GradientLab",
    "JarLab",
    "MemoryLab",
    "Prediction",
    "Preset",
    "Question",
    "Quiz",
    "Sampler",
    "SentenceLab",
    "StateLab",
    "WindowLab",
    "WiringLab",
    "attention_lab",
    "credit_lab",
    "drift_lab",
    "gate_lab",
    "gradient_lab",
    "jar_lab",
    "memory_frames",
    "memory_lab",
    "memory_stepper",
    "predict",
    "quiz",
    "sampler",
    "sentence_lab",
    "state_lab",
    "window_lab",
    "wiring_lab",
    "your_turn",
]
