"""Pictures: arrays in, figures or SVG out. Nothing here trains or computes a result."""

from rnncourse.viz._applications import band_plot, heard_plot, probability_bars
from rnncourse.viz._architectures import (
    ARCHITECTURES,
    answer_table,
    architecture,
    architecture_text,
    picture_grid,
    show_architecture,
)
from rnncourse.viz._cell_variants import CELL_VARIANTS, cell_variant, cell_variant_text
from rnncourse.viz._credit import credit_grid, sum_of_matrices
from rnncourse.viz._diagrams import feedback_networks, folded_network, unrolled_network
from rnncourse.viz._dynamics import circles_to_ellipses, eigenvalue_planes, state_paths
from rnncourse.viz._flow import gradient_heat_maps, norm_curves
from rnncourse.viz._gates import gate_curve, gate_heat_map, gate_lines, text_trace
from rnncourse.viz._graphs import backprop_sweep, gradient_graph
from rnncourse.viz._long_range import activation_curves, delay_curves, learned_grid, task_pictures
from rnncourse.viz._lstm_cell import LSTM_PARTS, lstm_cell, lstm_cell_text
from rnncourse.viz._media import moving_clip, sound_player
from rnncourse.viz._series import (
    bars_with_seeds,
    curve_with_seeds,
    forecast_plot,
    frames_strip,
    line_plot,
    loss_plot,
    sound_plot,
    training_curves,
    windows_picture,
)
from rnncourse.viz._show import figure_html, show
from rnncourse.viz._states import evidence_plot, state_heat_map, state_heat_maps, state_planes
from rnncourse.viz._strips import memory_strip, memory_table, share_grid, token_strip
from rnncourse.viz._style import course_style, figure
from rnncourse.viz._vectors import (
    distance_matrices,
    labelled_points,
    memory_order,
    one_hot_grid,
    padding_grid,
    rank_frequency,
    share_curve,
    value_strips,
)

__all__ = [
    "ARCHITECTURES",
    "CELL_VARIANTS",
    "LSTM_PARTS",
    "activation_curves",
    "answer_table",
    "architecture",
    "architecture_text",
    "backprop_sweep",
    "band_plot",
    "bars_with_seeds",
    "cell_variant",
    "cell_variant_text",
    "circles_to_ellipses",
    "course_style",
    "credit_grid",
    "curve_with_seeds",
    "delay_curves",
    "distance_matrices",
    "eigenvalue_planes",
    "evidence_plot",
    "feedback_networks",
    "figure",
    "figure_html",
    "folded_network",
    "forecast_plot",
    "frames_strip",
    "gate_curve",
    "gate_heat_map",
    "gate_lines",
    "gradient_graph",
    "gradient_heat_maps",
    "heard_plot",
    "labelled_points",
    "learned_grid",
    "line_plot",
    "loss_plot",
    "lstm_cell",
    "lstm_cell_text",
    "memory_order",
    "memory_strip",
    "memory_table",
    "moving_clip",
    "norm_curves",
    "one_hot_grid",
    "padding_grid",
    "picture_grid",
    "probability_bars",
    "rank_frequency",
    "share_curve",
    "share_grid",
    "show",
    "show_architecture",
    "sound_player",
    "sound_plot",
    "state_heat_map",
    "state_heat_maps",
    "state_paths",
    "state_planes",
    "sum_of_matrices",
    "task_pictures",
    "text_trace",
    "token_strip",
    "training_curves",
    "unrolled_network",
    "value_strips",
    "windows_picture",
]
