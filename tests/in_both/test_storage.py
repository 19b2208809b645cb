"""Parameters in files: the same bits back, and a clear word about every file that is not one."""

from __future__ import annotations

import os
import pickle
import stat
import zipfile

import numpy as np
import pytest
from in_both.engines import furthest, make

from rnncourse import in_numpy, in_torch
from rnncourse.errors import InputError


def net(engine=in_numpy, seed=0, kind="Stack"):
    return engine.RecurrentNet(make(kind, engine, seed=seed), 5, rng=np.random.default_rng(seed))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "net.npz"


@pytest.mark.parametrize("writer", [in_numpy, in_torch], ids=["from numpy", "from torch"])
@pytest.mark.parametrize("reader", [in_numpy, in_torch], ids=["to numpy", "to torch"])
def test_there_and_back(path, writer, reader):
    saved, loaded = net(writer), net(reader, seed=7)
    one = loaded.params["W_x_1"]
    writer.save_parameters(saved, path)
    reader.load_parameters(loaded, path)
    assert furthest(loaded.params, saved.params) == 0
    assert loaded.params["W_x_1"] is one  # in place: whoever holds the arrays sees the change
    assert os.listdir(path.parent) == ["net.npz"]


def test_a_failed_save_leaves_the_old_file(path, monkeypatch):
    model = net()
    in_numpy.save_parameters(model, path)
    before = path.read_bytes()

    def broken(file, **arrays):
        file.write(b"half of")
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez", broken)
    with pytest.raises(OSError, match="disk full"):
        in_numpy.save_parameters(model, path)
    assert path.read_bytes() == before and os.listdir(path.parent) == ["net.npz"]


@pytest.mark.parametrize("engine", [in_numpy, in_torch], ids=["numpy", "torch"])
@pytest.mark.parametrize("broken", ["replace", "fsync"])
def test_a_crash_while_the_file_is_written_leaves_the_old_one(path, monkeypatch, engine, broken):
    engine.save_parameters(net(engine), path)
    before = path.read_bytes()

    def crash(*_):
        raise OSError("power cut")

    monkeypatch.setattr(os, broken, crash)
    with pytest.raises(OSError, match="power cut"):
        engine.save_parameters(net(engine, seed=7), path)
    assert path.read_bytes() == before and os.listdir(path.parent) == ["net.npz"]


@pytest.mark.skipif(os.name != "posix", reason="rights of files as POSIX has them")
@pytest.mark.parametrize("mode", [0o664, 0o640, 0o600])
def test_saving_again_keeps_the_files_rights(path, mode):
    in_numpy.save_parameters(net(), path)
    path.chmod(mode)
    in_numpy.save_parameters(net(seed=7), path)
    assert stat.S_IMODE(path.stat().st_mode) == mode
    loaded = net()
    in_numpy.load_parameters(loaded, path)
    assert furthest(loaded.params, net(seed=7).params) == 0


@pytest.mark.skipif(os.name != "posix", reason="rights of files as POSIX has them")
def test_a_new_file_has_the_rights_that_any_new_file_has(path):
    plain = path.with_name("plain")
    before = os.umask(0o027)
    try:
        plain.write_bytes(b"")
        in_numpy.save_parameters(net(), path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode) == 0o640


def _refused(path, said):
    model = net()
    kept = {name: a.copy() for name, a in model.params.items()}
    with pytest.raises(InputError, match=said):
        in_numpy.load_parameters(model, path)
    assert furthest(model.params, kept) == 0


def test_every_flipped_byte_is_noticed_or_harmless(path):
    model = net()
    in_numpy.save_parameters(model, path)
    whole = path.read_bytes()
    refused = 0
    for at in range(0, len(whole), 97):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        other = net(seed=7)
        before = {name: a.copy() for name, a in other.params.items()}
        try:
            in_numpy.load_parameters(other, path)
        except InputError:
            refused += 1
            assert furthest(other.params, before) == 0
        else:
            assert furthest(other.params, model.params) == 0
    assert refused > 0.9 * len(range(0, len(whole), 97))


def test_every_cut_is_noticed(path):
    in_numpy.save_parameters(net(), path)
    whole = path.read_bytes()
    for length in (0, 1, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        _refused(path, "is damaged, or not a parameter file")


def test_foreign_files_are_named(path):
    path.write_text("hello")
    _refused(path, "is damaged, or not a parameter file")
    path.write_bytes(pickle.dumps({"W": 1}))
    _refused(path, "is damaged, or not a parameter file")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "hello")
    _refused(path, "its mark is missing")
    np.savez(path, **net().params)
    _refused(path, "its mark is missing")
    np.savez(path, format=np.array("something else"), **net().params)
    _refused(path, "not a parameter file of this course")
    np.savez(path, format=np.array("rnncourse parameters 1"), **{n: np.array([{}]) for n in net().params})
    _refused(path, "not a plain array")


def test_a_file_of_another_net_is_named(path):
    in_numpy.save_parameters(net(kind="LSTM"), path)
    _refused(path, "holds W_h, W_hy, W_x, b, b_y, but the model needs")
    model = net()
    model.params["b_1"] = np.zeros(3)
    in_numpy.save_parameters(model, path)
    _refused(path, "b_1 in .* but the model needs shape")
    model = net()
    model.params["b_1"][2] = np.nan
    in_numpy.save_parameters(model, path)
    _refused(path, "b_1 in .* holds NaN")


def test_a_zip_bomb_is_not_unpacked(path):
    big = {name: np.zeros((4000, 4000)) if name == "W_x_1" else a for name, a in net().params.items()}
    np.savez_compressed(path, format=np.array("rnncourse parameters 1"), **big)
    assert path.stat().st_size < 1e6
    _refused(path, "W_x_1 in .* takes 128000128 bytes")


def test_wrong_paths_are_named(tmp_path):
    _refused(tmp_path / "none.npz", "there is no such file")
    _refused(tmp_path, "there is no such file")
    _refused(5, "path must be a file name")
    with pytest.raises(InputError, match="there is no folder"):
        in_numpy.save_parameters(net(), tmp_path / "no" / "net.npz")
    with pytest.raises(InputError, match="that is a folder"):
        in_torch.save_parameters(net(in_torch), tmp_path)
