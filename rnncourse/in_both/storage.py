"""Parameters in a file and back: NumPy's .npz without pickle, so that opening a file never runs code.

A file is written beside its place and then moved there, so a crash leaves the old file or the new one, never
half of one. Every array carries a checksum (zip's CRC-32), and sizes are read before anything is unpacked.
"""

from __future__ import annotations

import io
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from rnncourse.arguments import require_that
from rnncourse.errors import InputError, describe
from rnncourse.files import write_whole

MARK = "rnncourse parameters 1"
MARK_NAME = "format"
HEADER_BYTES = 1024  # more than the description that .npy puts before the numbers


def save_arrays(path: str | os.PathLike, arrays: Mapping[str, np.ndarray]) -> None:
    """Write named arrays to `path`, replacing a file there all at once."""
    path = _path(path)
    if not path.parent.is_dir():
        raise InputError(f"path is {path}, but there is no folder {path.parent}")
    if path.is_dir():
        raise InputError(f"path is {path}, but that is a folder; add a file name such as net.npz")
    packed = io.BytesIO()
    np.savez(packed, **{MARK_NAME: np.array(MARK)}, **arrays)
    write_whole(path, packed.getvalue())


def load_arrays(path: str | os.PathLike, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Return the arrays of a file that save_arrays wrote; they must have these names and shapes.

    Raises InputError where there is no such file, where it is damaged or of another kind, and where names,
    shapes or numbers do not fit.
    """
    path = _path(path)
    if not path.is_file():
        raise InputError(f"path is {path}, but there is no such file")
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(path, archive, shapes)
        with np.load(path, allow_pickle=False) as file:
            if file[MARK_NAME].shape != () or str(file[MARK_NAME]) != MARK:
                raise InputError(f"{path} is not a parameter file of this course, or of a newer version")
            arrays = {name: file[name] for name in shapes}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError, NotImplementedError) as error:
        raise InputError(f"{path} is damaged, or not a parameter file: {error}") from error
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path} holds something that is not a plain array: {error}") from error
    for name, shape in shapes.items():
        _check_array(path, name, arrays[name], shape)
    return arrays


def _path(path: str | os.PathLike) -> Path:
    require_that("path", path, isinstance(path, (str, os.PathLike)), "a file name")
    return Path(path)


def _check_members(path: Path, archive: zipfile.ZipFile, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Compare the table of contents with what is expected, before anything is read into memory."""
    sizes = {member.filename.removesuffix(".npy"): member.file_size for member in archive.infolist()}
    if MARK_NAME not in sizes:
        raise InputError(f"{path} is not a parameter file of this course: its mark is missing")
    found = sorted(set(sizes) - {MARK_NAME})
    if found != sorted(shapes):
        raise InputError(
            f"{path} holds {', '.join(found) or 'nothing'}, but the model needs {', '.join(sorted(shapes))}; "
            "was it saved from a net of the same kind?"
        )
    for name, size in sizes.items():
        if size > HEADER_BYTES + 8 * int(np.prod(shapes.get(name, ()))):
            raise InputError(
                f"{name} in {path} takes {size} bytes, more than the model's parameter of that name"
            )


def _check_array(path: Path, name: str, array: np.ndarray, shape: tuple[int, ...]) -> None:
    if array.dtype.kind != "f" or array.shape != tuple(shape):
        raise InputError(f"{name} in {path} is {describe(array)}, but the model needs shape {tuple(shape)}")
    if not np.isfinite(array).all():
        raise InputError(f"{name} in {path} holds NaN or infinity")
