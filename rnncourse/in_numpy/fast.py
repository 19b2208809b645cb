"""The time loops of layers.py again, for the plain cells alone, fast.

What is computed is what `forward_loop` and `backward_loop` in layers.py compute with the cells of cells.py; tests
compare the two. This file is about how:

- A sweep keeps its buffers for one shape (T, B, D, H), and a list of views of them, one tuple a step. With
  small nets, making arrays and slices would cost more than the arithmetic.
- The inputs stand in rows [h | x | 1], and the weights, the input's weights and the bias are stacked to match.
  A step's pre-activations are then one product, and its result goes straight to where the gates will be.
- Gates stand one after the other, (blocks, B, H), so that one call works on several. A sigmoid is
  1 / (1 + exp(-a)), in half the time of a tanh. The minus sign costs nothing: it is in the packed copy of the weights.
- A single sequence (B = 1) goes without its batch axis: its rows are vectors, its gates one long row, and a step
  is one product of a vector and a matrix. Many rows are quicker gate by gate.
- Going back, whatever does not depend on dh is computed for a block of steps at once; what remains in the loop
  is a few products. The gradient of the weights is one product over all steps, after the loop.

Packed weights are copies made in every forward: `params` stays as the notation has it, and stays the caller's.
`real` (T, B, 1) says which steps are real: at padding the state stays what it was. None: all of them are.
Backpropagation through time: Werbos (1990), doi:10.1109/5.58337.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy import add, copyto, dot, exp, matmul, multiply, reciprocal, subtract, tanh

from rnncourse.in_both.cells import Cell
from rnncourse.in_numpy.activations import LEAK
from rnncourse.in_numpy.base import Arrays
from rnncourse.in_numpy.cells import GRUCell, LSTMCell, RNNCell

Array = np.ndarray
States = tuple[np.ndarray, ...]
Trace = dict[str, np.ndarray]

VANISHED = 1e-30  # gradients below this change no weight; soon they would be subnormal, and very slow
BLOCK_STEPS = 32  # at most so many steps at once on the way back …
BLOCK_SIZE = 32768  # … and at most so many numbers of each kind, so that they stay in the cache


class Sweep:
    """What the sweeps of RNN, LSTM and GRU share: rows, blocks of steps, padding."""

    def __init__(self, cell: Cell, shape: tuple[int, int, int, int], dtype: np.dtype):
        self.cell, self.shape = cell, shape
        self.T, self.B, self.D, self.H = T, B, _, H = shape
        self.dtype = dtype
        self.single = B == 1
        self.one = np.array(1, dtype)  # an array: NumPy looks longer at a Python number
        self.block = max(1, min(BLOCK_STEPS, T, BLOCK_SIZE // (B * H)))
        self.dh, self.carry, self.held = self.buffers(3)

    def buffers(self, n: int) -> Array:
        """Return n buffers for one step's states: (n, B, H), or (n, H) for a single sequence."""
        return np.empty((n, self.H) if self.single else (n, self.B, self.H), self.dtype)

    def each(self, a: Array) -> list[Array]:
        """Return a view of each step, from an array whose last but one axis is B; a single sequence loses that axis."""
        return list(a[..., 0, :] if self.single else a)

    def gate_by_gate(self, blocks: int, rows: int, width: int) -> tuple[Array, Array]:
        """Return an array (blocks, rows, width), and the same as it is multiplied: (rows, blocks width) if single."""
        if not self.single:
            array = np.empty((blocks, rows, width), self.dtype)
            return array, array
        array = np.empty((rows, blocks, width), self.dtype)
        return array.swapaxes(0, 1), array.reshape(rows, -1)

    def joined(self, blocks: Array) -> Array:
        """Return blocks (n, B, H) as a product wants them: as they are, or as one long row if single."""
        return blocks.reshape(-1) if self.single else blocks

    def turned(self, W: Array) -> Array:
        """Return the transposes (blocks, H, H) of blocks of the state's weights, for the way back.

        BLAS multiplies many rows faster by a transpose that has been written out. A single sequence takes them
        one below the other, (blocks H, H).
        """
        W = W.swapaxes(1, 2)
        return W.reshape(-1, self.H) if self.single else np.ascontiguousarray(W)

    def make_room_to_sum(self, blocks: int) -> None:
        """Make the buffers of sum_back; two calls of add take half as long as one of add.reduce."""
        self.back = back = self.buffers(blocks)
        half = blocks // 2
        self.sums = [(back[:half], back[-half:], back[:half]), (back[0], back[1], self.carry)]

    def sum_back(self, da: Array, W_back: Array) -> None:
        """Set carry to the sum over gates of da_k @ W_k.T."""
        if self.single:
            dot(da, W_back, out=self.carry)
        else:
            matmul(da, W_back, out=self.back)
            for one, other, total in self.sums:
                add(one, other, out=total)

    def blocks(self, dh: Array, *carried: Array) -> Iterator[tuple[int, int]]:
        """Give (first, last + 1) of each block of steps, the last first, leaving out those without a gradient."""
        for end in range(self.T, 0, -self.block):
            start = max(0, end - self.block)
            if all(_vanished(array) for array in carried) and not dh[start:end].any():
                for array in carried:
                    array.fill(0)
                self.dA[:, start:end] = 0
            else:
                yield start, end

    def steps_back(self, start: int, end: int, dh: Array) -> Iterator[tuple]:
        """Give (dh, views, factors, padding) of each step of a block, the last first."""
        views = self.backward_views[start:end], self.factor_views[: end - start], self.padding[start:end]
        return zip(*map(reversed, (self.each(dh[start:end]), *views)), strict=True)

    def pads(self, real: Array | None) -> list[Array | None]:
        """Return for each step where its padding is (B, 1), None at steps without any."""
        if real is None:
            return [None] * self.T
        return [None if step.all() else ~step for step in self.each(real)]

    def states(self) -> Array:
        """Return copies of all states h (T, B, H)."""
        return self.rows[1:, :, : self.H].copy()


class RNNSweep(Sweep):
    """h_t = phi([h_prev | x_t | 1] @ [W_hh; W_xh; b_h]); every slope follows from h itself."""

    def __init__(self, cell: RNNCell, shape: tuple[int, int, int, int], dtype: np.dtype):
        super().__init__(cell, shape, dtype)
        T, B, D, H = shape
        self.phi, self.slope = PHI[cell.phi], SLOPE[cell.phi]
        self.rows = _rows(T + 1, B, H + D + 1, dtype)
        self.W = np.empty((H + D + 1, H), dtype)
        self.a = self.buffers(1)[0]
        self.dA = np.empty((1, T, B, H), dtype)
        self.F = np.empty((self.block, B, H), dtype)
        h = self.each(self.rows[:, :, :H])
        self.forward_views = list(zip(self.each(self.rows[:-1]), h[:-1], h[1:], strict=True))
        self.backward_views = self.each(self.dA[0])
        self.factor_views = self.each(self.F)

    def forward(self, x: Array, first: States, p: Arrays, real: Array | None) -> tuple[Array, States]:
        """Return h (T, B, H) and the last state."""
        (h0,) = first
        H, W, phi, a_t = self.H, self.W, self.phi, self.a
        W[:H], W[H:-1], W[-1] = p["W_hh"], p["W_xh"], p["b_h"]
        self.rows[:-1, :, H:-1], self.rows[0, :, :H] = x, h0
        self.padding = self.pads(real)
        for (row, h_prev, h_t), pad in zip(self.forward_views, self.padding, strict=True):
            dot(row, W, out=a_t)
            phi(a_t, h_t)
            if pad is not None:
                copyto(h_t, h_prev, where=pad)
        h = self.states()
        return h, (h[-1].copy(),)

    def backward(self, dh: Array, d_last: States, p: Arrays) -> tuple[Array, States, Trace]:
        """Return dx, (dh0,) and the gradients of W_xh, W_hh and b_h."""
        T, B, D, H = self.T, self.B, self.D, self.H
        dh_t, carry, held = self.dh, self.carry, self.held
        W_back = self.turned(p["W_hh"][None]).reshape(H, H)
        (carry[...],) = d_last
        for start, end in self.blocks(dh, carry):
            self.slope(self.rows[start + 1 : end + 1, :, :H], self.F[: end - start])
            for from_output, da_t, slope_t, pad in self.steps_back(start, end, dh):
                add(from_output, carry, out=dh_t)  # from this step's output and from the step after
                if pad is not None:
                    _hold_back(dh_t, held, pad)
                multiply(dh_t, slope_t, out=da_t)  # undo phi
                dot(da_t, W_back, out=carry)  # undo h_prev @ W_hh
                if pad is not None:
                    add(carry, held, out=carry)
        da = self.dA.reshape(T * B, H)
        dW = self.rows[:-1].reshape(T * B, -1).T @ da  # the same weights at every step: a sum over all steps
        dx = (da @ p["W_xh"].T).reshape(T, B, D)
        return dx, (carry.reshape(B, H).copy(),), {"W_xh": dW[H:-1], "W_hh": dW[:H], "b_h": dW[-1]}

    def trace(self) -> Trace:
        """Return copies of x, h0, a and h."""
        a = matmul(self.rows[:-1], self.W)  # not kept by forward: h is all that backward needs
        return {**_inputs(self.rows, self.H), "a": a, "h": self.states()}


class LSTMSweep(Sweep):
    """Slots of `gates` (T + 1, 5, B, H): o, i, f, g, and c of the step before.

    With c_prev beside g, the two products of c_t = i_t * g_t + f_t * c_prev are one multiplication of
    neighbors: slots i, f by slots g, c. dA keeps the notation's order, i, f, g, o.
    """

    slots = (3, 0, 1, 2)  # where o, i, f, g are in the notation's i, f, g, o
    scale = (-1.0, -1.0, -1.0, 1.0)  # exp(-a) for sigmoids, tanh(a) for g

    def __init__(self, cell: LSTMCell, shape: tuple[int, int, int, int], dtype: np.dtype):
        super().__init__(cell, shape, dtype)
        T, B, D, H = shape
        self.rows = _rows(T + 1, B, H + D + 1, dtype)
        self.W, self.W_forward = self.gate_by_gate(4, H + D + 1, H)
        self.gates = np.empty((T + 1, 5, B, H), dtype)
        self.tanh_c = np.empty((T, B, H), dtype)
        self.dA, self.dA_rows = self.gate_by_gate(4, T, B * H)
        self.dA = self.dA.reshape(4, T, B, H)
        self.F = np.empty((self.block, 5, B, H), dtype)
        self.products = np.empty((self.block, 2, B, H), dtype)
        self.make_room_to_sum(4)
        self.dc, self.dc_held = self.buffers(2)
        h, G, dA = self.each(self.rows[:, :, :H]), self.each(self.gates), self.each(self.dA.swapaxes(0, 1))
        self.forward_views = [
            (row, self.joined(g[:4]), g[:3], g[1:3], g[3:], g[0], g[3], g[4], next_g[4], tanh_c, h_prev, h_t)
            for row, g, next_g, tanh_c, h_prev, h_t in zip(
                self.each(self.rows[:-1]), G[:-1], G[1:], self.each(self.tanh_c), h[:-1], h[1:], strict=True
            )
        ]
        self.backward_views = [
            (self.joined(da), da[:3], da[3], g[2]) for da, g in zip(dA, G[:-1], strict=True)
        ]
        self.factor_views = [(F[:3], F[3], F[4]) for F in self.each(self.F)]

    @np.errstate(over="ignore")  # exp(-a) may be inf; the sigmoid is then 0, as it should be
    def forward(self, x: Array, first: States, p: Arrays, real: Array | None) -> tuple[Array, States]:
        """Return h (T, B, H) and the last states."""
        h0, c0 = first
        H, W, one = self.H, self.W_forward, self.one
        products = self.each(self.products)[0]
        multiply_all = dot if self.single else matmul
        _pack(self.W, (p["W_h"], p["W_x"], p["b"]), self.slots, self.scale)
        self.rows[:-1, :, H:-1], self.rows[0, :, :H], self.gates[0, 4] = x, h0, c0
        self.padding = self.pads(real)
        for views, pad in zip(self.forward_views, self.padding, strict=True):
            row, all_four, o_i_f, i_f, g_c, o, g, c_prev, c_t, tanh_c, h_prev, h_t = views
            multiply_all(row, W, out=all_four)
            tanh(g, out=g)
            exp(o_i_f, out=o_i_f)
            add(o_i_f, one, out=o_i_f)
            reciprocal(o_i_f, out=o_i_f)  # the sigmoids are ready
            multiply(i_f, g_c, out=products)
            add(products[0], products[1], out=c_t)
            if pad is not None:
                copyto(c_t, c_prev, where=pad)
            tanh(c_t, out=tanh_c)
            multiply(o, tanh_c, out=h_t)
            if pad is not None:
                copyto(h_t, h_prev, where=pad)
        h = self.states()
        return h, (h[-1].copy(), self.gates[-1, 4].copy())

    def backward(self, dh: Array, d_last: States, p: Arrays) -> tuple[Array, States, Trace]:
        """Return dx, (dh0, dc0) and the gradients of W_x, W_h and b."""
        T, B, H = self.T, self.B, self.H
        dh_t, carry, dc = self.dh, self.carry, self.dc
        W_back = self.turned(_blocks_of(p["W_h"], H))
        carry[...], dc[...] = d_last
        for start, end in self.blocks(dh, carry, dc):
            self._factors(start, end)
            for from_output, views, (to_ifg, to_o, to_c), pad in self.steps_back(start, end, dh):
                da, da_ifg, da_o, f = views
                add(from_output, carry, out=dh_t)  # from this step's output and from the step after
                if pad is not None:
                    _hold_back(dh_t, self.held, pad)
                    _hold_back(dc, self.dc_held, pad)
                multiply(dh_t, to_o, out=da_o)
                multiply(dh_t, to_c, out=carry)
                add(dc, carry, out=dc)  # undo h_t = o_t * tanh(c_t), towards c_t
                multiply(dc, to_ifg, out=da_ifg)
                multiply(dc, f, out=dc)  # undo f_t * c_prev, towards c_prev
                self.sum_back(da, W_back)  # undo h_prev @ W_h
                if pad is not None:
                    add(carry, self.held, out=carry)
                    add(dc, self.dc_held, out=dc)
        dW, dx = self._over_all_steps(p["W_x"])
        dx = dx.reshape(T, B, self.D)
        dh0, dc0 = carry.reshape(B, H).copy(), dc.reshape(B, H).copy()
        return dx, (dh0, dc0), {"W_x": dW[H:-1], "W_h": dW[:H], "b": dW[-1]}

    def _over_all_steps(self, W_x: Array) -> tuple[Array, Array]:
        """Return the gradient of the stacked weights, a sum over all steps, and dx (T B, D)."""
        if self.single:  # the gates of a step are one row already, so one product does for all of them
            return self.rows[:-1, 0].T @ self.dA_rows, self.dA_rows @ W_x.T
        rows, da = self.rows[:-1].reshape(self.T * self.B, -1), self.dA.reshape(4, self.T * self.B, self.H)
        return np.concatenate([*matmul(rows.T, da)], axis=1), _to_inputs(da, _blocks_of(W_x, self.H))

    def _factors(self, start: int, end: int) -> None:
        """Compute what dh and dc are multiplied by: slots 0 to 3 of F towards i, f, g, o, slot 4 from dh to dc."""
        G, tanh_c = self.gates[start:end], self.tanh_c[start:end]
        F, products = self.F[: end - start], self.products[: end - start]
        o, i, g, i_f, g_c = G[:, 0], G[:, 1], G[:, 3], G[:, 1:3], G[:, 3:]
        to_i_f, to_g, to_o, to_c = F[:, :2], F[:, 2], F[:, 3], F[:, 4]
        h = multiply(o, tanh_c, out=to_g)  # used before to_g is needed
        multiply(h, tanh_c, out=to_c)
        subtract(o, to_c, out=to_c)  # o * (1 - tanh_c²)
        multiply(h, o, out=to_o)
        subtract(h, to_o, out=to_o)  # tanh_c * o * (1 - o)
        multiply(i_f, g_c, out=products)
        multiply(products, i_f, out=to_i_f)
        subtract(products, to_i_f, out=to_i_f)  # g * i * (1 - i) and c_prev * f * (1 - f)
        multiply(products[:, 0], g, out=to_g)
        subtract(i, to_g, out=to_g)  # i * (1 - g²)

    def trace(self) -> Trace:
        """Return copies of x, h0, c0, every gate, c and h."""
        G = self.gates
        gates = {name: G[:-1, slot].copy() for name, slot in (("i", 1), ("f", 2), ("g", 3), ("o", 0))}
        states = {"c": G[1:, 4].copy(), "h": self.states()}
        return {**_inputs(self.rows, self.H), "c0": G[0, 4].copy(), **gates, **states}


class GRUSweep(Sweep):
    """Slots of `gates` (T, 4, B, H): q, r, z, n, where q is the state's share of n before r scales it.

    r, z and n take their inputs' share from one product over all steps; q, r, z the state's from rows [h | 1].
    So neighbors share a product both ways: q, r, z with the state's weights, r, z, n with the input's.
    """

    from_h, from_x = (2, 0, 1), (0, 1, 2)  # where q, r, z and r, z, n are in the notation's r, z, n
    order = (1, 2, 0)  # where r, z, q are in the slots of the state's weights
    scale_h, scale_x = (1.0, -1.0, -1.0), (-1.0, -1.0, 1.0)  # exp(-a) for sigmoids

    def __init__(self, cell: GRUCell, shape: tuple[int, int, int, int], dtype: np.dtype):
        super().__init__(cell, shape, dtype)
        T, B, D, H = shape
        self.x_rows = _rows(T, B, D + 1, dtype)
        self.rows = _rows(T + 1, B, H + 1, dtype)
        self.W_x = np.empty((3, D + 1, H), dtype)
        self.W_h, self.W_forward = self.gate_by_gate(3, H + 1, H)
        self.from_inputs = np.empty((3, T, B, H), dtype)
        self.gates = np.empty((T, 4, B, H), dtype)
        self.dA, _ = self.gate_by_gate(4, T, B * H)
        self.dA = self.dA.reshape(4, T, B, H)
        self.F = np.empty((self.block, 4, B, H), dtype)
        self.make_room_to_sum(3)
        self.work = self.buffers(1)[0]
        h, G, dA = self.each(self.rows[:, :, :H]), self.each(self.gates), self.each(self.dA.swapaxes(0, 1))
        X = self.each(self.from_inputs.swapaxes(0, 1))
        self.forward_views = [
            (row, self.joined(g[:3]), g[1:3], *g, from_x[:2], from_x[2], h_prev, h_t)
            for row, g, from_x, h_prev, h_t in zip(
                self.each(self.rows[:-1]), G, X, h[:-1], h[1:], strict=True
            )
        ]
        self.backward_views = [(da, self.joined(da[:3]), g[2]) for da, g in zip(dA, G, strict=True)]
        self.factor_views = self.each(self.F)

    @np.errstate(over="ignore")  # exp(-a) may be inf; the sigmoid is then 0, as it should be
    def forward(self, x: Array, first: States, p: Arrays, real: Array | None) -> tuple[Array, States]:
        """Return h (T, B, H) and the last state."""
        (h0,) = first
        T, B, H, W, one, work = self.T, self.B, self.H, self.W_forward, self.one, self.work
        multiply_all = dot if self.single else matmul
        b_h = np.concatenate([np.zeros(2 * H, self.dtype), p["b_hn"]])
        _pack(self.W_x, (p["W_x"], p["b"]), self.from_x, self.scale_x)
        _pack(self.W_h, (p["W_h"], b_h), self.from_h, self.scale_h)
        self.x_rows[:, :, :-1], self.rows[0, :, :H] = x, h0
        matmul(self.x_rows.reshape(T * B, -1), self.W_x, out=self.from_inputs.reshape(3, T * B, H))
        self.padding = self.pads(real)
        for views, pad in zip(self.forward_views, self.padding, strict=True):
            row, q_r_z, r_z, q, r, z, n, x_r_z, x_n, h_prev, h_t = views
            multiply_all(row, W, out=q_r_z)
            add(r_z, x_r_z, out=r_z)
            exp(r_z, out=r_z)
            add(r_z, one, out=r_z)
            reciprocal(r_z, out=r_z)  # the sigmoids are ready
            multiply(r, q, out=n)
            add(n, x_n, out=n)
            tanh(n, out=n)
            subtract(h_prev, n, out=work)
            multiply(work, z, out=work)
            add(work, n, out=h_t)  # (1 - z) * n + z * h_prev
            if pad is not None:
                copyto(h_t, h_prev, where=pad)
        h = self.states()
        return h, (h[-1].copy(),)

    def backward(self, dh: Array, d_last: States, p: Arrays) -> tuple[Array, States, Trace]:
        """Return dx, (dh0,) and the gradients of W_x, W_h, b and b_hn."""
        T, B, D, H = self.T, self.B, self.D, self.H
        dh_t, carry, work = self.dh, self.carry, self.work
        W_back = self.turned(_blocks_of(p["W_h"], H)[list(self.from_h)])
        (carry[...],) = d_last
        for start, end in self.blocks(dh, carry):
            self._factors(start, end)
            for from_output, (da, da_q_r_z, z), to_all, pad in self.steps_back(start, end, dh):
                add(from_output, carry, out=dh_t)
                if pad is not None:
                    _hold_back(dh_t, self.held, pad)
                multiply(dh_t, to_all, out=da)
                self.sum_back(da_q_r_z, W_back)  # undo h_prev @ W_h
                multiply(dh_t, z, out=work)  # undo z * h_prev
                add(carry, work, out=carry)
                if pad is not None:
                    add(carry, self.held, out=carry)
        da = self.dA.reshape(4, T * B, H)
        dW_x = matmul(self.x_rows.reshape(T * B, -1).T, da[1:])
        dW_h = matmul(self.rows[:-1].reshape(T * B, -1).T, da[:3])
        b_hn = dW_h[0, -1].copy()
        dW_x, dW_h = np.concatenate([*dW_x], axis=1), np.concatenate([dW_h[k] for k in self.order], axis=1)
        dx = _to_inputs(da[1:], _blocks_of(p["W_x"], H)).reshape(T, B, D)
        dh0 = carry.reshape(B, H).copy()
        return dx, (dh0,), {"W_x": dW_x[:-1], "W_h": dW_h[:-1], "b": dW_x[-1], "b_hn": b_hn}

    def _factors(self, start: int, end: int) -> None:
        """Compute what dh is multiplied by towards q, r, z and n."""
        G, F, H = self.gates[start:end], self.F[: end - start], self.H
        q, r, z, n = (G[:, k] for k in range(4))
        to_q, to_r, to_z, to_n = (F[:, k] for k in range(4))
        subtract(self.rows[start:end, :, :H], n, out=to_z)
        multiply(to_z, z, out=to_z)
        multiply(to_z, z, out=to_r)
        subtract(to_z, to_r, out=to_z)  # (h_prev - n) * z * (1 - z)
        multiply(n, n, out=to_n)
        subtract(1, to_n, out=to_n)
        multiply(to_n, z, out=to_q)
        subtract(to_n, to_q, out=to_n)  # (1 - z) * (1 - n²)
        multiply(to_n, r, out=to_q)  # undo r * q, towards q
        multiply(to_q, q, out=to_r)
        multiply(to_r, r, out=self.dA[1, start:end])  # a place to work in: the loop has not come here yet
        subtract(to_r, self.dA[1, start:end], out=to_r)  # to_n * q * r * (1 - r)

    def trace(self) -> Trace:
        """Return copies of x, h0, every gate, q and h."""
        gates = {name: self.gates[:, slot].copy() for name, slot in (("r", 1), ("z", 2), ("n", 3), ("q", 0))}
        x, h0 = self.x_rows[:, :, :-1].copy(), self.rows[0, :, : self.H].copy()
        return {"x": x, "h0": h0, **gates, "h": self.states()}


SWEEPS = {RNNCell: RNNSweep, LSTMCell: LSTMSweep, GRUCell: GRUSweep}


def _sigmoid(a: Array, out: Array) -> None:
    multiply(a, 0.5, out=out)
    tanh(out, out=out)
    multiply(out, 0.5, out=out)
    add(out, 0.5, out=out)


def _tanh_slope(h: Array, out: Array) -> None:
    multiply(h, h, out=out)
    subtract(1, out, out=out)


PHI = {
    "tanh": tanh,
    "sigmoid": _sigmoid,
    "relu": lambda a, out: np.maximum(a, 0, out=out),
    "leaky_relu": lambda a, out: np.maximum(a, LEAK * a, out=out),
}
SLOPE = {  # from h = phi(a): all four can be read off it
    "tanh": _tanh_slope,
    "sigmoid": lambda h, out: subtract(h, h * h, out=out),
    "relu": lambda h, out: copyto(out, h > 0),
    "leaky_relu": lambda h, out: copyto(out, np.where(h > 0, 1.0, LEAK)),
}


def _rows(T: int, B: int, width: int, dtype: np.dtype) -> Array:
    """Return rows whose last entry is 1, for the bias."""
    rows = np.empty((T, B, width), dtype)
    rows[:, :, -1] = 1
    return rows


def _pack(into: Array, stacked: Sequence[Array], slots: Sequence[int], scale: Sequence[float]) -> None:
    """Fill `into` (slots, rows, H) with blocks of H columns of the stacked weights, each block scaled."""
    H = into.shape[2]
    first = 0
    for W in stacked:
        rows = slice(first, first + (len(W) if W.ndim == 2 else 1))
        for slot, k in enumerate(slots):
            multiply(W[..., k * H : (k + 1) * H], into.dtype.type(scale[slot]), out=into[slot, rows])
        first = rows.stop


def _blocks_of(W: Array, H: int) -> Array:
    """Return a view (blocks, rows, H) of weights (rows, blocks H)."""
    return W.reshape(len(W), -1, H).swapaxes(0, 1)


def _to_inputs(da: Array, W_x: Array) -> Array:
    """Undo x @ W_x, block by block."""
    dx = da[0] @ W_x[0].T
    for da_k, W_k in zip(da[1:], W_x[1:], strict=True):
        dx += da_k @ W_k.T
    return dx


def _inputs(rows: Array, H: int) -> Trace:
    return {"x": rows[:-1, :, H:-1].copy(), "h0": rows[0, :, :H].copy()}


def _vanished(gradient: Array) -> bool:
    return gradient.max() < VANISHED and gradient.min() > -VANISHED


def _hold_back(gradient: Array, held: Array, pad: Array) -> None:
    """At padding, let the gradient pass by the step: it moves to `held`, and 0 stays."""
    held.fill(0)
    copyto(held, gradient, where=pad)
    copyto(gradient, 0, where=pad)
