"""The LSTM in Triton, for GPUs: what a step does besides its product in one kernel, or all steps in one launch.

Two ways, each with its backward:

- `steps`: one kernel for everything in a step but the product with W_h, which stays PyTorch's.
- `sequence`: one launch for all T. Rows of the batch don't need one another, so each program takes some of them
  through all steps without waiting for the others. W_h is read once and stays on the chip, h and c too.
  `row_kernel` takes a single row, with W_h in registers, while there is a multiprocessor for every row and W_h fits.
  `sequence_kernel` takes ROWS of them, with W_h in shared memory and products on tensor cores.

All do the arithmetic of `step` and `step_backward` in float32, whatever dtype is stored. W_h keeps float32 if that is
stored and TF32 is not allowed; else it may be rounded to float16, which is as fine as TF32 and finer than bfloat16.
Sums are float32. `row_kernel` rounds only where H is above ROW_UNITS, and multiplies in float32; `sequence_kernel`
rounds h and da too.

Gates come as four pointers whose rows are `gate_row` numbers apart. Entries past the end of a block are read as 0 and
not written. A mask `real` may be None. The loop over steps asks for the next step's numbers before it works on this
one's: memory is slow to answer.

Triton comes with PyTorch's builds for CUDA; nobody may import this file where `ways.triton_runs` says no.
Keeping the weights on the chip: Diamos et al. (2016), "Persistent RNNs: Stashing Recurrent Weights On-Chip",
ICML; in Triton: Pöppel, Beck and Hochreiter (2024), doi:10.48550/arXiv.2412.07752.
"""

from __future__ import annotations

import math

import torch
import triton
import triton.language as tl

from rnncourse.in_torch.device import multiprocessors, products_are_exact

POINTS = 256  # numbers of a state that one program of a step works on
ROWS = 16  # rows of the batch that one program takes through all steps: the fewest that tensor cores multiply
ROW_UNITS = 64  # the most hidden units whose weights one program holds in registers; twice as many in float16
SHARES = 2  # warps that share 32 units of a row, each with half of their weights: the fastest on an H200
# A row's sizes are no multiples of 16 that the compiler may count on: else each thread would take four units side by
# side, and every warp all of them, where one unit a thread means a quarter of the work besides the product.
ROW_SIZES = ("gate_row", "da_row", "W_row", "W_block", "H", "nothing")


@triton.jit
def tanh(a):
    """Return the hyperbolic tangent, to about 1e-7."""
    return 2 * tl.sigmoid(2 * a) - 1


@triton.jit
def step(a_i, a_f, a_g, a_o, c_prev):
    """Return i_t, f_t, g_t, o_t, c_t and h_t; see cells.lstm_step."""
    i_t = tl.sigmoid(a_i)
    f_t = tl.sigmoid(a_f)
    g_t = tanh(a_g)
    o_t = tl.sigmoid(a_o)
    c_t = f_t * c_prev + i_t * g_t
    h_t = o_t * tanh(c_t)
    return i_t, f_t, g_t, o_t, c_t, h_t


@triton.jit
def step_backward(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, c_prev):
    """Return da_i, da_f, da_g, da_o and dc_prev; see cells.lstm_step_backward."""
    tanh_c = tanh(c_t)
    dc_t = dc_t + dh_t * o_t * (1 - tanh_c * tanh_c)
    da_i = dc_t * g_t * i_t * (1 - i_t)
    da_f = dc_t * c_prev * f_t * (1 - f_t)
    da_g = dc_t * i_t * (1 - g_t * g_t)
    da_o = dh_t * tanh_c * o_t * (1 - o_t)
    return da_i, da_f, da_g, da_o, dc_t * f_t


@triton.jit
def _load(pointer, at, inside):
    return tl.load(pointer + at, mask=inside, other=0).to(tl.float32)


@triton.jit
def _load_4(i, f, g, o, at, inside):
    return _load(i, at, inside), _load(f, at, inside), _load(g, at, inside), _load(o, at, inside)


@triton.jit
def _store_4(i, f, g, o, at, inside, i_t, f_t, g_t, o_t):
    tl.store(i + at, i_t, mask=inside)
    tl.store(f + at, f_t, mask=inside)
    tl.store(g + at, g_t, mask=inside)
    tl.store(o + at, o_t, mask=inside)


@triton.jit
def point_kernel(
    i, f, g, o, gate_row, c_prev, h_prev, real, c, h, B, H,
    POINTS: tl.constexpr,
):  # fmt: skip
    """Turn a step's pre-activations into gates, in place; write c_t and h_t."""
    at = tl.program_id(0) * POINTS + tl.arange(0, POINTS)
    row = at // H
    at_gate = row * gate_row + at % H
    inside = row < B
    a_i, a_f, a_g, a_o = _load_4(i, f, g, o, at_gate, inside)
    before = _load(c_prev, at, inside)
    i_t, f_t, g_t, o_t, c_t, h_t = step(a_i, a_f, a_g, a_o, before)
    if real is not None:
        here = tl.load(real + row, mask=inside, other=0) != 0
        c_t = tl.where(here, c_t, before)
        h_t = tl.where(here, h_t, _load(h_prev, at, inside))
    _store_4(i, f, g, o, at_gate, inside, i_t, f_t, g_t, o_t)
    tl.store(c + at, c_t, mask=inside)
    tl.store(h + at, h_t, mask=inside)


@triton.jit
def point_backward_kernel(
    i, f, g, o, gate_row, c, c_prev, real, dh, da, dh_T, dc_T, B, H,
    POINTS: tl.constexpr,
):  # fmt: skip
    """Write da_t; replace dc_T by the gradient of c_prev, dh_T by what of dh passes the step by."""
    at = tl.program_id(0) * POINTS + tl.arange(0, POINTS)
    row = at // H
    at_gate = row * gate_row + at % H
    at_da = row * 4 * H + at % H
    inside = row < B
    i_t, f_t, g_t, o_t = _load_4(i, f, g, o, at_gate, inside)
    c_t, before = _load(c, at, inside), _load(c_prev, at, inside)
    dh_t, dc_t = _load(dh, at, inside) + _load(dh_T, at, inside), _load(dc_T, at, inside)
    dh_past, dc_past = tl.zeros_like(dh_t), tl.zeros_like(dc_t)
    if real is not None:
        here = tl.load(real + row, mask=inside, other=0) != 0
        dh_past, dc_past = tl.where(here, 0.0, dh_t), tl.where(here, 0.0, dc_t)
        dh_t, dc_t = tl.where(here, dh_t, 0.0), tl.where(here, dc_t, 0.0)
    da_i, da_f, da_g, da_o, dc_t = step_backward(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, before)
    _store_4(da, da + H, da + 2 * H, da + 3 * H, at_da, inside, da_i, da_f, da_g, da_o)
    tl.store(dh_T + at, dh_past, mask=inside)
    tl.store(dc_T + at, dc_t + dc_past, mask=inside)


@triton.jit
def _block(W_h, k, H, PADDED: tl.constexpr, EXACT: tl.constexpr):
    """Return block k of W_h (H, 4H), with zeros up to (PADDED, PADDED)."""
    row, column = tl.arange(0, PADDED)[:, None], tl.arange(0, PADDED)[None, :]
    W = tl.load(W_h + row * 4 * H + k * H + column, mask=(row < H) & (column < H), other=0)
    return W.to(tl.float32 if EXACT else tl.float16)


@triton.jit
def _block_turned(W_h, k, H, PADDED: tl.constexpr, EXACT: tl.constexpr):
    """Return the transpose of block k."""
    row, column = tl.arange(0, PADDED)[:, None], tl.arange(0, PADDED)[None, :]
    W = tl.load(W_h + column * 4 * H + k * H + row, mask=(row < H) & (column < H), other=0)
    return W.to(tl.float32 if EXACT else tl.float16)


@triton.jit
def _row_size(a_1, a_2, a_3, a_4):
    """Return each row's largest absolute value, 1 where all are 0: divided by it, tiny gradients fit float16."""
    larger = tl.maximum(tl.maximum(tl.abs(a_1), tl.abs(a_2)), tl.maximum(tl.abs(a_3), tl.abs(a_4)))
    size = tl.max(larger, axis=1)[:, None]
    return tl.where(size > 0, size, 1.0)


@triton.jit
def sequence_kernel(
    i, f, g, o, gate_row, W_h, h0, c0, real, c, h, T, B, H,
    ROWS: tl.constexpr, PADDED: tl.constexpr, EXACT: tl.constexpr,
):  # fmt: skip
    """Turn the inputs' share of all pre-activations into gates, in place; write c and h."""
    row, unit = tl.program_id(0) * ROWS + tl.arange(0, ROWS)[:, None], tl.arange(0, PADDED)[None, :]
    inside = (row < B) & (unit < H)
    at, at_gate = row * H + unit, row * gate_row + unit
    W_i, W_f = _block(W_h, 0, H, PADDED, EXACT), _block(W_h, 1, H, PADDED, EXACT)
    W_g, W_o = _block(W_h, 2, H, PADDED, EXACT), _block(W_h, 3, H, PADDED, EXACT)
    h_t, c_t = _load(h0, at, inside), _load(c0, at, inside)
    a_i, a_f, a_g, a_o = _load_4(i, f, g, o, at_gate, inside)
    for t in range(T):
        next_gates = at_gate + B * gate_row
        soon_i, soon_f, soon_g, soon_o = _load_4(i, f, g, o, next_gates, inside & (t + 1 < T))
        h_prev, c_prev = h_t, c_t
        operand = h_prev.to(W_i.dtype)
        a_i = tl.dot(operand, W_i, a_i, input_precision="ieee")
        a_f = tl.dot(operand, W_f, a_f, input_precision="ieee")
        a_g = tl.dot(operand, W_g, a_g, input_precision="ieee")
        a_o = tl.dot(operand, W_o, a_o, input_precision="ieee")
        i_t, f_t, g_t, o_t, c_t, h_t = step(a_i, a_f, a_g, a_o, c_prev)
        if real is not None:
            here = tl.load(real + row, mask=row < B, other=0) != 0
            c_t, h_t = tl.where(here, c_t, c_prev), tl.where(here, h_t, h_prev)
            real += B
        _store_4(i, f, g, o, at_gate, inside, i_t, f_t, g_t, o_t)
        tl.store(c + at, c_t, mask=inside)
        tl.store(h + at, h_t, mask=inside)
        a_i, a_f, a_g, a_o = soon_i, soon_f, soon_g, soon_o
        i, f, g, o = i + B * gate_row, f + B * gate_row, g + B * gate_row, o + B * gate_row
        c, h = c + B * H, h + B * H


@triton.jit
def sequence_backward_kernel(
    i, f, g, o, gate_row, W_h, c, c0, real, dh, da, dh_T, dc_T, dh_0, dc_0, T, B, H,
    ROWS: tl.constexpr, PADDED: tl.constexpr, EXACT: tl.constexpr,
):  # fmt: skip
    """Write da and the initial states' gradients."""
    row, unit = tl.program_id(0) * ROWS + tl.arange(0, ROWS)[:, None], tl.arange(0, PADDED)[None, :]
    inside = (row < B) & (unit < H)
    at, at_gate, at_da = row * H + unit, row * gate_row + unit, row * 4 * H + unit
    W_i, W_f = _block_turned(W_h, 0, H, PADDED, EXACT), _block_turned(W_h, 1, H, PADDED, EXACT)
    W_g, W_o = _block_turned(W_h, 2, H, PADDED, EXACT), _block_turned(W_h, 3, H, PADDED, EXACT)
    dh_next, dc_next = _load(dh_T, at, inside), _load(dc_T, at, inside)
    last = tl.cast(T - 1, tl.int64) * B
    i, f, g, o = i + last * gate_row, f + last * gate_row, g + last * gate_row, o + last * gate_row
    c, dh, da = c + last * H, dh + last * H, da + last * 4 * H
    if real is not None:
        real += last
    i_t, f_t, g_t, o_t = _load_4(i, f, g, o, at_gate, inside)
    c_t, from_output, c_first = _load(c, at, inside), _load(dh, at, inside), _load(c0, at, inside)
    before = tl.where(T > 1, _load(c, at - B * H, inside & (T > 1)), c_first)
    for t in range(T):
        more, earlier = inside & (t + 1 < T), at - B * H
        soon_i, soon_f, soon_g, soon_o = _load_4(i, f, g, o, at_gate - B * gate_row, more)
        soon_dh = _load(dh, earlier, more)
        soon_before = tl.where(t + 2 < T, _load(c, earlier - B * H, inside & (t + 2 < T)), c_first)
        dh_t, dc_t = from_output + dh_next, dc_next
        dh_past, dc_past = tl.zeros_like(dh_t), tl.zeros_like(dc_t)
        if real is not None:
            here = tl.load(real + row, mask=row < B, other=0) != 0
            dh_past, dc_past = tl.where(here, 0.0, dh_t), tl.where(here, 0.0, dc_t)
            dh_t, dc_t = tl.where(here, dh_t, 0.0), tl.where(here, dc_t, 0.0)
            real -= B
        da_i, da_f, da_g, da_o, dc_t = step_backward(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, before)
        _store_4(da, da + H, da + 2 * H, da + 3 * H, at_da, inside, da_i, da_f, da_g, da_o)
        size = 1.0 if EXACT else _row_size(da_i, da_f, da_g, da_o)
        dh_next = tl.dot((da_i / size).to(W_i.dtype), W_i, input_precision="ieee")
        dh_next = tl.dot((da_f / size).to(W_f.dtype), W_f, dh_next, input_precision="ieee")
        dh_next = tl.dot((da_g / size).to(W_g.dtype), W_g, dh_next, input_precision="ieee")
        dh_next = tl.dot((da_o / size).to(W_o.dtype), W_o, dh_next, input_precision="ieee")
        dh_next = dh_next * size + dh_past
        dc_next = dc_t + dc_past
        i_t, f_t, g_t, o_t = soon_i, soon_f, soon_g, soon_o
        c_t, before, from_output = before, soon_before, soon_dh
        i, f, g, o = i - B * gate_row, f - B * gate_row, g - B * gate_row, o - B * gate_row
        c, dh, da = c - B * H, dh - B * H, da - B * 4 * H
    tl.store(dh_0 + at, dh_next, mask=inside)
    tl.store(dc_0 + at, dc_next, mask=inside)


@triton.jit
def _add_4(i, f, g, o, more_i, more_f, more_g, more_o):
    return i + more_i, f + more_f, g + more_g, o + more_o


@triton.jit
def _tile(W, k, W_row, W_block, H, PADDED: tl.constexpr):
    """Return block k of W in float32, with zeros up to (PADDED, PADDED).

    W_row and W_block: how many numbers apart its rows and its blocks are.
    """
    row, column = tl.arange(0, PADDED)[:, None], tl.arange(0, PADDED)[None, :]
    return _load(W, k * W_block + row * W_row + column, (row < H) & (column < H))


@triton.jit
def _pair(W, k, W_row, W_block, H, PADDED: tl.constexpr):
    """Return blocks k and k + 1 of W as pairs: each entry is 32 bits, a float16 of either block."""
    low = _tile(W, k, W_row, W_block, H, PADDED).to(tl.float16).to(tl.uint16, bitcast=True)
    high = _tile(W, k + 1, W_row, W_block, H, PADDED).to(tl.float16).to(tl.uint16, bitcast=True)
    return low.to(tl.uint32) | (high.to(tl.uint32) << 16)


@triton.jit
def _tiles(W, W_row, W_block, H, PADDED: tl.constexpr):
    """Return the four blocks of W in float32."""
    W_i, W_f = _tile(W, 0, W_row, W_block, H, PADDED), _tile(W, 1, W_row, W_block, H, PADDED)
    W_g, W_o = _tile(W, 2, W_row, W_block, H, PADDED), _tile(W, 3, W_row, W_block, H, PADDED)
    return W_i, W_f, W_g, W_o


@triton.jit
def _pairs(W, W_row, W_block, H, PADDED: tl.constexpr):
    """Return the four blocks of W as pairs: i and f, g and o."""
    return _pair(W, 0, W_row, W_block, H, PADDED), _pair(W, 2, W_row, W_block, H, PADDED)


@triton.jit
def _halves(pair):
    """Return the two numbers of each pair in float32."""
    low, high = (pair & 0xFFFF).to(tl.uint16), (pair >> 16).to(tl.uint16)
    return low.to(tl.float16, bitcast=True).to(tl.float32), high.to(tl.float16, bitcast=True).to(tl.float32)


@triton.jit
def _unpacked(W_if, W_go):
    """Return the four blocks in float32 from their pairs."""
    W_i, W_f = _halves(W_if)
    W_g, W_o = _halves(W_go)
    return W_i, W_f, W_g, W_o


@triton.jit
def _times(a, W, SHARES: tl.constexpr, PADDED: tl.constexpr):
    """Return a (PADDED,) @ W in SHARES parts (SHARES, PADDED), whose sum it is: one for each group of warps.

    Warps add up what they have; adding their parts costs barriers, and is left for the end.
    """
    return tl.sum(tl.reshape(a[:, None] * W, (PADDED // SHARES, SHARES, PADDED)), axis=0)


@triton.jit
def _store_row(pointer, numbers, inside, PADDED: tl.constexpr):
    """Store numbers (PADDED,) as the first row of a masked square: its layout is that of the weights' tiles.

    A plain store would move the numbers to another layout first, through shared memory and past a barrier.
    """
    first, at = tl.arange(0, PADDED)[:, None] == 0, tl.arange(0, PADDED)[None, :]
    square = tl.broadcast_to(numbers[None, :], PADDED, PADDED)
    tl.store(pointer + tl.broadcast_to(at, PADDED, PADDED), square, mask=first & inside[None, :])


@triton.jit(do_not_specialize=ROW_SIZES)
def row_kernel(
    i, f, g, o, gate_row, W, W_row, W_block, h0, c0, real, c, h, T, B, H, nothing,
    PADDED: tl.constexpr, PACKED: tl.constexpr, SHARES: tl.constexpr,
):  # fmt: skip
    """Do what `sequence_kernel` does for one row of the batch, without tensor cores.

    W: the blocks i, f, g, o of W_h; see `_tile`. PACKED: two of them share registers, in float16.
    SHARES: how many warps share 32 units.
    nothing: 0. The compiler does not know, so it unpacks the pairs at every step, and not once into registers that
    it does not have.
    """
    row, unit = tl.program_id(0), tl.arange(0, PADDED)
    inside = unit < H
    i, f, g, o = i + row * gate_row, f + row * gate_row, g + row * gate_row, o + row * gate_row
    c, h = c + row * H, h + row * H
    if PACKED:
        W_if, W_go = _pairs(W, W_row, W_block, H, PADDED)
    else:
        W_i, W_f, W_g, W_o = _tiles(W, W_row, W_block, H, PADDED)
    h_t, c_t = _load(h0 + row * H, unit, inside), _load(c0 + row * H, unit, inside)
    a_i, a_f, a_g, a_o = _load_4(i, f, g, o, unit, inside)
    for t in range(T):
        more = inside & (t + 1 < T)
        soon_i, soon_f, soon_g, soon_o = _load_4(i, f, g, o, unit + B * gate_row, more)
        h_prev, c_prev = h_t, c_t
        if PACKED:
            W_if, W_go = W_if ^ nothing, W_go ^ nothing
            W_i, W_f, W_g, W_o = _unpacked(W_if, W_go)
        h_i, h_f = _times(h_prev, W_i, SHARES, PADDED), _times(h_prev, W_f, SHARES, PADDED)
        h_g, h_o = _times(h_prev, W_g, SHARES, PADDED), _times(h_prev, W_o, SHARES, PADDED)
        h_i, h_f, h_g, h_o = tl.reduce((h_i, h_f, h_g, h_o), 0, _add_4)
        i_t, f_t, g_t, o_t, c_t, h_t = step(a_i + h_i, a_f + h_f, a_g + h_g, a_o + h_o, c_prev)
        if real is not None:
            here = tl.load(real + row) != 0
            c_t, h_t = tl.where(here, c_t, c_prev), tl.where(here, h_t, h_prev)
            real += B
        _store_row(i, i_t, inside, PADDED)
        _store_row(f, f_t, inside, PADDED)
        _store_row(g, g_t, inside, PADDED)
        _store_row(o, o_t, inside, PADDED)
        _store_row(c, c_t, inside, PADDED)
        _store_row(h, h_t, inside, PADDED)
        a_i, a_f, a_g, a_o = soon_i, soon_f, soon_g, soon_o
        i, f, g, o = i + B * gate_row, f + B * gate_row, g + B * gate_row, o + B * gate_row
        c, h = c + B * H, h + B * H


@triton.jit(do_not_specialize=ROW_SIZES)
def row_backward_kernel(
    i, f, g, o, gate_row, W, W_row, W_block, c, c0, real, dh, da, da_row, dh_T, dc_T, dh_0, dc_0, T, B, H, nothing,
    PADDED: tl.constexpr, PACKED: tl.constexpr, SHARES: tl.constexpr,
):  # fmt: skip
    """Do what `sequence_backward_kernel` does for one row of the batch, without tensor cores.

    Arguments are those of `row_kernel`, but every block of W is transposed.
    """
    row, unit = tl.program_id(0), tl.arange(0, PADDED)
    inside = unit < H
    last = tl.cast(T - 1, tl.int64) * B + row
    i, f, g, o = i + last * gate_row, f + last * gate_row, g + last * gate_row, o + last * gate_row
    c, dh, da = c + last * H, dh + last * H, da + last * da_row
    if real is not None:
        real += last
    if PACKED:
        W_if, W_go = _pairs(W, W_row, W_block, H, PADDED)
    else:
        W_i, W_f, W_g, W_o = _tiles(W, W_row, W_block, H, PADDED)
    dh_next, dc_next = _load(dh_T + row * H, unit, inside), _load(dc_T + row * H, unit, inside)
    i_t, f_t, g_t, o_t = _load_4(i, f, g, o, unit, inside)
    c_t, from_output = _load(c, unit, inside), _load(dh, unit, inside)
    c_first = _load(c0 + row * H, unit, inside)
    before = tl.where(T > 1, _load(c, unit - B * H, inside & (T > 1)), c_first)
    for t in range(T):
        more, earlier = inside & (t + 1 < T), unit - B * H
        soon_i, soon_f, soon_g, soon_o = _load_4(i, f, g, o, unit - B * gate_row, more)
        soon_dh = _load(dh, earlier, more)
        soon_before = tl.where(t + 2 < T, _load(c, earlier - B * H, inside & (t + 2 < T)), c_first)
        dh_t, dc_t = from_output + dh_next, dc_next
        dh_past, dc_past = tl.zeros_like(dh_t), tl.zeros_like(dc_t)
        if real is not None:
            here = tl.load(real) != 0
            dh_past, dc_past = tl.where(here, 0.0, dh_t), tl.where(here, 0.0, dc_t)
            dh_t, dc_t = tl.where(here, dh_t, 0.0), tl.where(here, dc_t, 0.0)
            real -= B
        da_i, da_f, da_g, da_o, dc_t = step_backward(dh_t, dc_t, i_t, f_t, g_t, o_t, c_t, before)
        _store_row(da, da_i, inside, PADDED)
        _store_row(da + H, da_f, inside, PADDED)
        _store_row(da + 2 * H, da_g, inside, PADDED)
        _store_row(da + 3 * H, da_o, inside, PADDED)
        if PACKED:
            W_if, W_go = W_if ^ nothing, W_go ^ nothing
            W_i, W_f, W_g, W_o = _unpacked(W_if, W_go)
        parts = _times(da_i, W_i, SHARES, PADDED) + _times(da_f, W_f, SHARES, PADDED)
        parts += _times(da_g, W_g, SHARES, PADDED)
        parts += _times(da_o, W_o, SHARES, PADDED)
        dh_next = tl.sum(parts, axis=0) + dh_past
        dc_next = dc_t + dc_past
        i_t, f_t, g_t, o_t = soon_i, soon_f, soon_g, soon_o
        c_t, before, from_output = before, soon_before, soon_dh
        i, f, g, o = i - B * gate_row, f - B * gate_row, g - B * gate_row, o - B * gate_row
        c, dh, da = c - B * H, dh - B * H, da - B * da_row
    tl.store(dh_0 + row * H + unit, dh_next, mask=inside)
    tl.store(dc_0 + row * H + unit, dc_next, mask=inside)


def steps(
    a: torch.Tensor,
    W_h: torch.Tensor,
    h0: torch.Tensor,
    c0: torch.Tensor,
    real: torch.Tensor | None,
    c: torch.Tensor,
    h: torch.Tensor,
) -> None:
    """Turn the inputs' share a (T, B, 4H) into gates, in place, and fill c and h (T, B, H), step by step."""
    T, B, H = c.shape
    gates = a.chunk(4, dim=2)
    h_prev, c_prev = h0.contiguous(), c0.contiguous()
    real = [None] * T if real is None else real.contiguous()
    for t in range(T):
        a[t].addmm_(h_prev, W_h)
        point_kernel[(triton.cdiv(B * H, POINTS),)](
            *(gate[t] for gate in gates), 4 * H, c_prev, h_prev, real[t], c[t], h[t], B, H, POINTS=POINTS
        )
        h_prev, c_prev = h[t], c[t]


def steps_back(
    gates: tuple[torch.Tensor, ...],
    W_h: torch.Tensor,
    c: torch.Tensor,
    c0: torch.Tensor,
    real: torch.Tensor | None,
    dh: torch.Tensor,
    dh_T: torch.Tensor,
    dc_T: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return da (T, B, 4H), dh0 and dc0, going back step by step."""
    T, B, H = c.shape
    c0, dh, dh_0, dc_0 = c0.contiguous(), dh.contiguous(), _copy(dh_T), _copy(dc_T)
    da = c.new_empty(T, B, 4 * H)
    real = [None] * T if real is None else real.contiguous()
    for t in reversed(range(T)):
        point_backward_kernel[(triton.cdiv(B * H, POINTS),)](
            *(gate[t] for gate in gates), gates[0].stride(1),
            c[t], c[t - 1] if t else c0, real[t], dh[t], da[t], dh_0, dc_0, B, H, POINTS=POINTS,
        )  # fmt: skip
        dh_0.addmm_(da[t], W_h.T)
    return da, dh_0, dc_0


def sequence(
    a: torch.Tensor,
    W_h: torch.Tensor,
    h0: torch.Tensor,
    c0: torch.Tensor,
    real: torch.Tensor | None,
    c: torch.Tensor,
    h: torch.Tensor,
) -> None:
    """Do what `steps` does, in one launch."""
    T, B, H = c.shape
    real = None if real is None else real.contiguous()
    W_h, gates, rest = W_h.contiguous(), a.chunk(4, dim=2), (h0.contiguous(), c0.contiguous(), real, c, h)
    if _rows_alone(B, W_h):
        row_kernel[(B,)](*gates, 4 * H, W_h, 4 * H, H, *rest, T, B, H, 0, **_row_plan(H))
    else:
        sequence_kernel[(triton.cdiv(B, ROWS),)](*gates, 4 * H, W_h, *rest, T, B, H, **_plan(W_h))


def sequence_back(
    gates: tuple[torch.Tensor, ...],
    W_h: torch.Tensor,
    c: torch.Tensor,
    c0: torch.Tensor,
    real: torch.Tensor | None,
    dh: torch.Tensor,
    dh_T: torch.Tensor,
    dc_T: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Do what `steps_back` does, in one launch."""
    T, B, H = c.shape
    c0, dh_T, dc_T = c0.contiguous(), dh_T.contiguous(), dc_T.contiguous()
    da, dh_0, dc_0 = c.new_empty(T, B, 4 * H), torch.empty_like(c0), torch.empty_like(c0)
    real = None if real is None else real.contiguous()
    gate_row, states, ends = gates[0].stride(1), (c, c0, real, dh.contiguous()), (dh_T, dc_T, dh_0, dc_0)
    if _rows_alone(B, W_h):
        given = (*gates, gate_row, W_h.T.contiguous(), H, H * H, *states, da, 4 * H, *ends)
        row_backward_kernel[(B,)](*given, T, B, H, 0, **_row_plan(H))
    else:
        given = (*gates, gate_row, W_h.contiguous(), *states, da, *ends)
        sequence_backward_kernel[(triton.cdiv(B, ROWS),)](*given, T, B, H, **_plan(W_h))
    return da, dh_0, dc_0


LOOPS = {"step": (steps, steps_back), "sequence": (sequence, sequence_back)}


def try_out(device: torch.device, dtype: torch.dtype) -> None:
    """Do one step on the device; raise whatever Triton raises, or ArithmeticError if the number is wrong."""
    a, W_h = torch.ones(1, 1, 4, device=device, dtype=dtype), torch.zeros(1, 4, device=device, dtype=dtype)
    h0, c0, c, h = torch.zeros(4, 1, 1, 1, device=device, dtype=dtype)
    steps(a, W_h, h0[0], c0[0], None, c, h)
    gate = 1 / (1 + math.exp(-1))
    expected = gate * math.tanh(gate * math.tanh(1))
    if not abs(h.item() - expected) < 0.01:
        raise ArithmeticError(f"a step gave {h.item()} instead of {expected}")


def _plan(W_h: torch.Tensor) -> dict[str, int | bool]:
    """Return sizes and precision of a `sequence` kernel."""
    padded = _padded(len(W_h))
    exact = products_are_exact(W_h.dtype)
    return {"ROWS": ROWS, "PADDED": padded, "EXACT": exact, "num_warps": max(4, padded // 8)}


def _padded(H: int) -> int:
    """Return the size of a kernel's square block of weights; tensor cores multiply at least 16 columns."""
    return max(16, triton.next_power_of_2(H))


def _rows_alone(B: int, W_h: torch.Tensor) -> bool:
    """Say whether each row of the batch gets a program of its own: if all run at once, and registers hold W_h."""
    fits = ROW_UNITS if products_are_exact(W_h.dtype) else 2 * ROW_UNITS
    return len(W_h) <= fits and multiprocessors(W_h.device) >= B


def _row_plan(H: int) -> dict[str, int | bool]:
    """Return the sizes of a `row` kernel."""
    padded = _padded(H)
    return {"PADDED": padded, "PACKED": H > ROW_UNITS, "SHARES": SHARES, "num_warps": SHARES * padded // 32}


def _copy(tensor: torch.Tensor) -> torch.Tensor:
    """Return a contiguous copy. Made by PyTorch, it also opens the GPU to autograd's thread, as Triton does not."""
    return tensor.clone(memory_format=torch.contiguous_format)
