"""Where tensors live, and how a GPU runs a whole time loop in one go."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

import torch

Named = dict[str, torch.Tensor]

GRAPHS_KEPT = 16  # each holds the memory of one shape
WARM_UPS = 3  # before a capture, so that libraries have made their choices


def best_device() -> torch.device:
    """Return the first CUDA GPU if there is one, the CPU otherwise."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@dataclass
class _Captured:
    graph: torch.cuda.CUDAGraph
    inputs: Named
    outputs: Named


_captured: OrderedDict[Hashable, _Captured | None] = OrderedDict()


def run(what: Hashable, function: Callable[[Named], Named], inputs: Named) -> Named:
    """Return function(inputs); on a CUDA GPU, `function` is recorded once for each shape and then replayed.

    A step of a small net keeps a GPU busy for less time than Python needs to ask for it. A CUDA graph asks for
    all steps at once. `what` names the computation: the same `what` with tensors of the same shapes, dtypes
    and device must mean the same operations, none of which may look at numbers from Python. Results are
    copies, so that the next replay leaves them alone. On the CPU, inside somebody else's capture, and where
    recording fails, the function runs as it is.
    """
    first = next(iter(inputs.values()))
    if first.device.type != "cuda" or torch.cuda.is_current_stream_capturing():
        return function(inputs)
    key = (what, tuple((name, t.shape, t.dtype, t.device) for name, t in inputs.items()))
    if key not in _captured:
        _captured[key] = _capture(function, inputs)
        while len(_captured) > GRAPHS_KEPT:
            _captured.popitem(last=False)
    _captured.move_to_end(key)
    captured = _captured[key]
    if captured is None:
        return function(inputs)
    for name, tensor in inputs.items():
        captured.inputs[name].copy_(tensor)
    captured.graph.replay()
    return {name: tensor.clone() for name, tensor in captured.outputs.items()}


def _capture(function: Callable[[Named], Named], inputs: Named) -> _Captured | None:
    """Record the function with inputs of its own; return None where the GPU or its driver cannot."""
    device = next(iter(inputs.values())).device
    own = {
        name: tensor.detach().clone(memory_format=torch.contiguous_format) for name, tensor in inputs.items()
    }
    try:
        with torch.cuda.device(device):
            side = torch.cuda.Stream()
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                for _ in range(WARM_UPS):
                    function(own)
            torch.cuda.current_stream().wait_stream(side)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                outputs = function(own)
    except RuntimeError:
        return None
    return _Captured(graph, own, outputs)
