"""The picture of the Gradient lab for readers who have not run it: the heat map and the curve of its setting."""

from __future__ import annotations

import base64
import io

import numpy as np
from matplotlib.image import imsave

from rnncourse.analysis.gradient_flow import GradientFlow
from rnncourse.notation import PALETTE
from rnncourse.viz._flow import survival_colours

WIDTH, HEIGHT, LEFT, RIGHT = 720, 348, 56, 708
HEAT = (52, 142)  # top and bottom
CURVE = (178, 312)
AXIS_STEPS = (4, 6, 10, 20, 50, 100, 200, 500)
MOST_LINES = 5
LIMITS = (  # log10, color, words, and where they are: x, anchor, below the line
    (3, "vermillion", "above 1,000: explodes", RIGHT - 5, "end", -4),
    (-3, "blue", "below 1/1000: dies", LEFT + 6, "start", 14),
)


def picture(flow: GradientFlow, verdict: str) -> str:
    """Return an SVG of a gradient on its way back: its size in each unit, and its gain, by step t."""
    s = flow.state
    words = (
        f'<text x="{LEFT}" y="20" font-size="16" font-weight="600">{verdict}</text>'
        f'<text x="{LEFT}" y="{HEAT[0] - 7}">|∂L/∂{s}ₜ|, a row for each unit</text>'
        f'<text x="{LEFT}" y="{CURVE[0] - 8}">‖∂{s}<tspan dy="3" font-size="11">T</tspan>'
        f'<tspan dy="-3">/∂{s}ₜ‖, what is left</tspan></text>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="system-ui, sans-serif" font-size="13">{words}{_heat_map(flow)}{_curve(flow)}</svg>'
    )


def _heat_map(flow: GradientFlow) -> str:
    """Return the heat map as an image of one pixel for each step and unit, which the browser enlarges."""
    file = io.BytesIO()
    imsave(file, survival_colours(flow.log10_gradients.T), format="png", metadata={"Software": None})
    source = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
    top, bottom = HEAT
    return (
        f'<image href="{source}" x="{LEFT}" y="{top}" width="{RIGHT - LEFT}" height="{bottom - top}" '
        'preserveAspectRatio="none" style="image-rendering: pixelated"/>'
    )


def _curve(flow: GradientFlow) -> str:
    by_step = flow.log10_norms[::-1]
    finite = by_step[np.isfinite(by_step)]
    low, high = min(-12, int(np.floor(finite.min()))), max(4, int(np.ceil(finite.max())))

    def y(log10: float) -> float:
        return CURVE[1] - (max(low, log10) - low) * (CURVE[1] - CURVE[0]) / (high - low)

    def x(t: float) -> float:
        return LEFT + (t + 0.5) * (RIGHT - LEFT) / (flow.T + 1)

    step = next(one for one in AXIS_STEPS if (high - low) / one <= MOST_LINES)
    lines = [
        f'<path d="M{LEFT} {y(k):.1f}H{RIGHT}" stroke="currentColor" stroke-opacity="{0.2 if k else 1}"/>'
        f'<text x="{LEFT - 6}" y="{y(k) + 4:.1f}" text-anchor="end">{_power(k)}</text>'
        for k in range(-(-low // step) * step, high + 1, step)
    ]
    limits = [
        f'<path d="M{LEFT} {y(power):.1f}H{RIGHT}" stroke="{PALETTE[color]}" stroke-dasharray="2 3"/>'
        f'<text x="{at}" y="{y(power) + below:.1f}" text-anchor="{anchor}">{words}</text>'
        for power, color, words, at, anchor, below in LIMITS
    ]
    points = "L".join(f"{x(t):.1f} {y(float(value)):.1f}" for t, value in enumerate(by_step))
    ticks = [
        f'<text x="{x(t):.1f}" y="{CURVE[1] + 16}" text-anchor="middle">{t}</text>'
        for t in (0, flow.T // 2, flow.T)
    ]
    return (
        f'{"".join(lines)}{"".join(limits)}<path d="M{points}" fill="none" stroke="{PALETTE["blue"]}" stroke-width="3" '
        f'stroke-linejoin="round"/>{"".join(ticks)}<text x="{(LEFT + RIGHT) / 2}" y="{CURVE[1] + 32}" '
        'text-anchor="middle">step t</text>'
    )


def _power(exponent: int) -> str:
    if exponent == 0:
        return "1"
    return f'10<tspan dy="-5" font-size="11">{str(exponent).replace("-", "−")}</tspan>'
