"""Artefacts: immutable, complete or absent, and damage is noticed before anything is served from them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from app.adapters.artefacts import MANIFEST, FileArtefacts
from app.core.ids import ModelVersion, ShopId
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
    assert isinstance(arrays["item_ids"].base, np.memmap)
    assert not arrays["item_ids"].flags.writeable


def test_empty_arrays_are_arrays_too(artefacts: FileArtefacts) -> None:
    artefacts.write(SHOP, VERSION, {"item_ids": np.empty(0, dtype=np.int64)}, {})
    assert artefacts.read(SHOP, VERSION)[0]["item_ids"].shape == (0,)


def flip_a_byte(folder: Path) -> None:
    path = folder / "item_ids.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def cut_a_file(folder: Path) -> None:
    path = folder / "item_ids.npy"
    path.write_bytes(path.read_bytes()[:-8])


def lose_a_file(folder: Path) -> None:
    (folder / "popularity.npy").unlink()


def lose_the_manifest(folder: Path) -> None:
    (folder / MANIFEST).unlink()


def garble_the_manifest(folder: Path) -> None:
    (folder / MANIFEST).write_text("[1, 2")


def swap_the_manifest(folder: Path) -> None:
    path = folder / MANIFEST
    path.write_text(path.read_text().replace(VERSION, "another-version"))


def name_a_file_outside(folder: Path) -> None:
    path = folder / MANIFEST
    path.write_text(path.read_text().replace('"item_ids"', '"../../item_ids"'))


DAMAGE = [flip_a_byte, cut_a_file, lose_a_file, lose_the_manifest, garble_the_manifest, swap_the_manifest,
          name_a_file_outside]  # fmt: skip


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
    (half / "item_ids.npy").write_bytes(b"half")
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


def test_array_names_are_plain_words_and_few(artefacts: FileArtefacts) -> None:
    for arrays in ({"../x": ARRAYS["item_ids"]}, {}, dict.fromkeys("abcd", ARRAYS["item_ids"])):
        with pytest.raises(ValueError, match="1 to 3 arrays"):
            artefacts.write(SHOP, VERSION, arrays, META)


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
