"""How a GPU runs a whole time loop in one go: as a recorded CUDA graph."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from threading import Lock

import torch

from rnncourse.in_torch.device import products_are_exact

Named = dict[str, torch.Tensor]

GRAPHS_KEPT = 16  # each holds the memory of one shape
WARM_UPS = 3  # before a recording, so that libraries have made their choices


def run(what: Hashable, function: Callable[[Named], Named], inputs: Named, record: bool = True) -> Named:
    """Return function(inputs); a CUDA GPU records `function` the second time that it sees a shape, then replays.

    A step of a small net keeps a GPU busy for less time than Python needs to ask for it. A CUDA graph asks for
    all steps at once. `what` names the computation: the same `what` with tensors of the same shapes, dtypes
    and device must mean the same operations, none of which may look at numbers from Python. Results are
    copies, so that the next replay leaves them alone. On the CPU, with `record` False, while somebody else
    records, and where recording fails, the function runs as it is. Autocast is off: dtypes stay what they are.
    """
    first = next(iter(inputs.values()))
    with torch.cuda.device_of(first), _without_autocast(first.device.type):
        if first.device.type != "cuda" or not record or torch.cuda.is_current_stream_capturing():
            return function(inputs)
        with _one_at_a_time:
            recording = _recordings.meet(key_of(what, inputs), lambda: _record(function, inputs))
            if recording is not None:
                return recording.replay(inputs)
        return function(inputs)


def _without_autocast(device_type: str) -> AbstractContextManager:
    """Return a context that switches autocast off; one that does nothing, sooner, where it is off anyway."""
    on = torch.is_autocast_enabled(device_type)
    return torch.autocast(device_type, enabled=False) if on else nullcontext()


def key_of(what: Hashable, inputs: Named) -> Hashable:
    """Return all that a recording depends on but the numbers."""
    exact = products_are_exact(torch.float32)
    return what, exact, tuple((name, t.shape, t.dtype, t.device) for name, t in inputs.items())


class Twice:
    """What was made for a key when it came the second time. Keys that came longest ago are forgotten.

    Recording takes longer than several runs: it is not worth it for a shape that occurs once, nor for one of
    more shapes in turn than are kept, such as texts of any length.
    """

    _ONCE = object()

    def __init__(self, kept: int):
        self.kept = kept
        self.made: OrderedDict[Hashable, object] = OrderedDict()

    def meet(self, key: Hashable, make: Callable[[], object]) -> object:
        """Return what make() gave for this key, None the first time."""
        if key not in self.made:
            self.made[key] = self._ONCE
        elif self.made[key] is self._ONCE:
            self.made[key] = make()
        self.made.move_to_end(key)
        while len(self.made) > self.kept:
            self.made.popitem(last=False)
        return None if self.made[key] is self._ONCE else self.made[key]


@dataclass
class _Recording:
    graph: torch.cuda.CUDAGraph
    inputs: Named
    outputs: Named
    free: torch.cuda.Event

    def replay(self, inputs: Named) -> Named:
        stream = torch.cuda.current_stream()
        stream.wait_event(self.free)  # another stream may be in the middle of a replay
        for name, tensor in inputs.items():
            self.inputs[name].copy_(tensor)
        self.graph.replay()
        found = {name: tensor.clone() for name, tensor in self.outputs.items()}
        self.free.record(stream)
        return found


_recordings = Twice(GRAPHS_KEPT)
_one_at_a_time = Lock()  # two threads must not fill the same recording's inputs


def _record(function: Callable[[Named], Named], inputs: Named) -> _Recording | None:
    """Record the function with inputs of its own; return None where the GPU, its driver or its memory cannot."""
    try:
        stream, graph, own = torch.cuda.Stream(), torch.cuda.CUDAGraph(), own_copies(inputs)
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_UPS):
                function(own)
        torch.cuda.current_stream().wait_stream(stream)
        # Backward runs in autograd's thread; what other threads do meanwhile must not spoil the recording.
        with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
            outputs = function(own)
    except RuntimeError as error:
        if isinstance(error, torch.OutOfMemoryError):
            _recordings.made.clear()  # the memory is better spent on the numbers themselves
        warnings.warn(f"no CUDA graph could be recorded, so steps run one by one: {error}", stacklevel=2)
        return None
    return _Recording(graph, own, outputs, torch.cuda.Event())


def own_copies(inputs: Named) -> Named:
    """Return contiguous copies that may be overwritten later, in inference mode or out of it."""
    with torch.inference_mode(False), torch.no_grad():
        return {
            name: torch.empty_like(t, memory_format=torch.contiguous_format).copy_(t)
            for name, t in inputs.items()
        }
