#!/usr/bin/env bash
# Install the course with PyTorch's CPU build, in the versions that were tested.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
torch="$(grep '^torch==' constraints.txt)"
pip install "$torch" --index-url "${TORCH_INDEX:-https://download.pytorch.org/whl/cpu}"
pip install -c constraints.txt -e .
