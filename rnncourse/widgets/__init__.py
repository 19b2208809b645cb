"""Widgets: tested functions that prepare what is shown, and controls that also work by keyboard."""

from rnncourse.widgets.architecture_picker import ArchitecturePicker, architecture_picker
from rnncourse.widgets.gate_lab import GATE_PRESETS, GATE_WEIGHTS, GateLab, Preset, gate_lab
from rnncourse.widgets.gradient_lab import GradientLab, gradient_lab
from rnncourse.widgets.memory_stepper import memory_frames, memory_stepper
from rnncourse.widgets.player import Frame, FramePlayer
from rnncourse.widgets.quiz import Prediction, Question, Quiz, predict, quiz
from rnncourse.widgets.sampler import Sampler, sampler
from rnncourse.widgets.unroll_stepper import UnrollStepper, unroll_stepper

__all__ = [
    "GATE_PRESETS",
    "GATE_WEIGHTS",
    "ArchitecturePicker",
    "Frame",
    "FramePlayer",
    "GateLab",
    "GradientLab",
    "Prediction",
    "Preset",
    "Question",
    "Quiz",
    "Sampler",
    "UnrollStepper",
    "architecture_picker",
    "gate_lab",
    "gradient_lab",
    "memory_frames",
    "memory_stepper",
    "predict",
    "quiz",
    "sampler",
    "unroll_stepper",
]
