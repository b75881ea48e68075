"""Artefacts: immutable, complete or absent, and damage is noticed before anything is served from them."""

from __future__ import annotations

import mmap
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from app.adapters.artefacts import ALIGNED, MANIFEST, PACKED, FileArtefacts
from app.core.ids import ModelVersion, ShopId
from app.core.recommend.neighbours import NEIGHBOUR
from app.errors import Permanent

SHOP, VERSION = ShopId(7), ModelVersion("20261101-abc-item_item")
ARRAYS: dict[str, npt.NDArray[Any]] = {
    "item_ids": np.arange(5, dtype=np.int64),
    "popularity": np.ones(5, dtype=np.float32),
}
META = {"strategy": "trending", "orders": 3}


@pytest.fixture
def artefacts(tmp_path: Path) -> FileArtefacts:
    return FileArtefacts(f"file://{tmp_path}/some%20models")


@pytest.fixture
def written(artefacts: FileArtefacts) -> Path:
    artefacts.write(SHOP, VERSION, ARRAYS, META)
    return artefacts.root / str(SHOP) / VERSION


def test_what_was_written_is_read_back_memory_mapped(artefacts: FileArtefacts, written: Path) -> None:
    arrays, meta = artefacts.read(SHOP, VERSION)
    assert meta == META
    assert {name: array.tolist() for name, array in arrays.items()} == {n: a.tolist() for n, a in ARRAYS.items()}
    assert all(is_mapped(array) for array in arrays.values())
    assert not arrays["item_ids"].flags.writeable


def is_mapped(array: npt.NDArray[Any]) -> bool:
    """Whether the array is a window into a mapped file, however many views lie between."""
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    return isinstance(base, mmap.mmap)


def test_empty_arrays_are_arrays_too(artefacts: FileArtefacts) -> None:
    artefacts.write(SHOP, VERSION, {"item_ids": np.empty(0, dtype=np.int64)}, {})
    assert artefacts.read(SHOP, VERSION)[0]["item_ids"].shape == (0,)


def flip_a_byte(folder: Path) -> None:
    path = folder / PACKED
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def cut_a_file(folder: Path) -> None:
    path = folder / PACKED
    path.write_bytes(path.read_bytes()[:-8])


def lose_a_file(folder: Path) -> None:
    (folder / PACKED).unlink()


def lose_the_manifest(folder: Path) -> None:
    (folder / MANIFEST).unlink()


def garble_the_manifest(folder: Path) -> None:
    (folder / MANIFEST).write_text("[1, 2")


def swap_the_manifest(folder: Path) -> None:
    path = folder / MANIFEST
    path.write_text(path.read_text().replace(VERSION, "another-version"))


def empty_the_file(folder: Path) -> None:
    (folder / PACKED).write_bytes(b"")


def point_beyond_the_file(folder: Path) -> None:
    path = folder / MANIFEST
    path.write_text(path.read_text().replace('"offset": 64', '"offset": 4096'))


DAMAGE = [flip_a_byte, cut_a_file, lose_a_file, lose_the_manifest, garble_the_manifest, swap_the_manifest,
          point_beyond_the_file, empty_the_file]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_permanent_and_a_new_write_repairs_it(
    artefacts: FileArtefacts, written: Path, damage: Callable[[Path], None]
) -> None:
    damage(written)
    with pytest.raises(Permanent):
        artefacts.read(SHOP, VERSION)
    artefacts.write(SHOP, VERSION, ARRAYS, META)
    assert artefacts.read(SHOP, VERSION)[1] == META


def test_a_missing_version_is_permanent(artefacts: FileArtefacts) -> None:
    with pytest.raises(Permanent):
        artefacts.read(SHOP, VERSION)


def test_a_whole_version_is_never_overwritten(artefacts: FileArtefacts, written: Path) -> None:
    before = (written / MANIFEST).stat().st_ino
    artefacts.write(SHOP, VERSION, {"item_ids": np.zeros(2, dtype=np.int64)}, {"strategy": "other"})
    assert (written / MANIFEST).stat().st_ino == before
    assert artefacts.read(SHOP, VERSION)[1] == META


def test_a_half_written_version_is_invisible_and_cleared_away_in_time(artefacts: FileArtefacts, written: Path) -> None:
    half = written.parent / ".writing-0123"
    half.mkdir()
    (half / PACKED).write_bytes(b"half")
    assert artefacts.versions(SHOP) == [VERSION]
    artefacts.write(SHOP, ModelVersion("next"), ARRAYS, META)
    assert half.exists()
    old = time.time() - 7 * 3600
    os.utime(half, (old, old))
    artefacts.write(SHOP, ModelVersion("next-but-one"), ARRAYS, META)
    assert not half.exists()


def test_many_writers_of_one_version_leave_one_whole_version(artefacts: FileArtefacts) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: artefacts.write(SHOP, VERSION, ARRAYS, META), range(24)))
    assert artefacts.read(SHOP, VERSION)[1] == META
    assert [entry.name for entry in (artefacts.root / str(SHOP)).iterdir()] == [VERSION]


@pytest.mark.parametrize("version", ["../8/x", "..", "", ".hidden", "a/b", "a\x00b", "x" * 200])
def test_a_version_cannot_lead_out_of_the_shops_folder(artefacts: FileArtefacts, version: str) -> None:
    for act in (artefacts.read, artefacts.delete):
        with pytest.raises(ValueError, match="not a version"):
            act(SHOP, ModelVersion(version))


def test_array_names_are_plain_words_and_there_is_one_at_least(artefacts: FileArtefacts) -> None:
    for arrays in ({"../x": ARRAYS["item_ids"]}, {}):
        with pytest.raises(ValueError, match="plain names"):
            artefacts.write(SHOP, VERSION, arrays, META)


def test_however_many_arrays_a_version_has_it_is_two_files_and_each_array_is_aligned(artefacts: FileArtefacts) -> None:
    arrays: dict[str, npt.NDArray[Any]] = {
        "bytes": np.arange(3, dtype=np.uint8),
        "factors": np.arange(12, dtype=np.float32).reshape(3, 4),
        "neighbours": np.array([[(1, 0.5), (2, 0.25)], [(-1, 0.0), (0, 1.0)]], dtype=NEIGHBOUR),
        "none": np.empty((4, 0), dtype=NEIGHBOUR),
        "turned": np.arange(6, dtype=np.int64).reshape(2, 3).T,
    }
    artefacts.write(SHOP, VERSION, arrays, META)
    folder = artefacts.root / str(SHOP) / VERSION
    assert sorted(entry.name for entry in folder.iterdir()) == sorted([MANIFEST, PACKED])
    found, _ = artefacts.read(SHOP, VERSION)
    for name, array in arrays.items():
        assert (found[name].dtype, found[name].tolist()) == (array.dtype, array.tolist())
        assert found[name].ctypes.data % ALIGNED == 0
        assert found[name].shape == array.shape


@pytest.mark.parametrize("url", ["s3://bucket/x", "file://host/path", "file:relative", "/plain"])
def test_only_local_file_urls_are_accepted(url: str) -> None:
    with pytest.raises(ValueError, match="not a file"):
        FileArtefacts(url)


def test_deleting_one_version_leaves_the_others_and_other_shops(artefacts: FileArtefacts, written: Path) -> None:
    artefacts.write(ShopId(8), VERSION, ARRAYS, META)
    artefacts.write(SHOP, ModelVersion("other"), ARRAYS, META)
    artefacts.delete(SHOP, VERSION)
    artefacts.delete(SHOP, VERSION)
    assert (artefacts.versions(SHOP), artefacts.versions(ShopId(8))) == (["other"], [VERSION])
    assert artefacts.delete_all(SHOP) == 1
    assert (artefacts.versions(SHOP), artefacts.versions(ShopId(8))) == ([], [VERSION])


def test_a_reader_keeps_what_it_has_mapped_when_the_version_goes(artefacts: FileArtefacts, written: Path) -> None:
    arrays, _ = artefacts.read(SHOP, VERSION)
    artefacts.delete(SHOP, VERSION)
    assert arrays["item_ids"].tolist() == [0, 1, 2, 3, 4]
