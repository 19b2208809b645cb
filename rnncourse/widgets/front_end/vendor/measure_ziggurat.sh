#!/bin/sh
# Write ziggurat.js beside this script: how wide NumPy's layers under the bell curve are, measured from its draws.
# NumPy computed its table once, with rounding errors of its own; a table computed anew differs in the last digits.
# Only maintainers run this, with NumPy installed; what it writes is committed.
set -eu

python - "$(dirname "$0")/ziggurat.js" <<'END'
import base64
import math
import struct
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np

rng = np.random.default_rng(0)
bits = rng.bit_generator
low, high = [Fraction(0)] * 256, [Fraction(1)] * 256
for _ in range(300_000):
    before = bits.state
    raw = int(bits.random_raw())
    once = bits.state
    bits.random_raw()
    twice, bits.state = bits.state, before
    drawn = abs(float(rng.standard_normal()))
    layer, far = raw & 0xFF, raw >> 9 & 0xFFFFFFFFFFFFF
    if bits.state != once and (layer == 0 or bits.state != twice):
        continue  # the layer's draw was not taken
    half = Fraction(math.ulp(drawn)) / 2
    low[layer] = max(low[layer], (Fraction(drawn) - half) / far)
    high[layer] = min(high[layer], (Fraction(drawn) + half) / far)
widths = [float((a + b) / 2) for a, b in zip(low, high)]
for k, width in enumerate(widths):
    near = (math.nextafter(width, 0), width, math.nextafter(width, 1))
    assert [one for one in near if low[k] <= Fraction(one) <= high[k]] == [width], k
text = base64.b64encode(struct.pack("<256d", *widths)).decode()
lines = "\n".join(f'  "{text[k : k + 110]}",' for k in range(0, len(text), 110))
head = "/* The widths of NumPy's 256 layers under the bell curve, as numbers of 64 bits. Made by measure_ziggurat.sh. */"
Path(sys.argv[1]).write_text(f'{head}\nconst ZIGGURAT_WIDTHS = [\n{lines}\n].join("");\n', encoding="utf-8")
END
