"""For tests and notebooks alike: the variables under which a notebook gives the same output twice.

They are set before NumPy loads, here and so in the workers and kernels that inherit them.
"""

import os

from rnncourse.environment import REPRODUCIBLE

os.environ.update(REPRODUCIBLE)
