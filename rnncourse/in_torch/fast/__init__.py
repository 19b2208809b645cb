"""The same numbers in less time on a GPU: whole sequences in one CUDA graph or one Triton kernel."""
