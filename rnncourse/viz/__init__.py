"""Pictures: arrays in, figures or SVG out. Nothing here trains or computes a result."""

from rnncourse.viz.diagrams import dense_window_network, folded_network, unrolled_network
from rnncourse.viz.show import figure_html, show
from rnncourse.viz.style import course_style, figure

__all__ = [
    "course_style",
    "dense_window_network",
    "figure",
    "figure_html",
    "folded_network",
    "show",
    "unrolled_network",
]
