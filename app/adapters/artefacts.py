"""Model files on a local disk: one folder a version, immutable, complete or absent.

All arrays of a version lie in one packed file, each from an aligned offset, and a manifest says where: however many
there are, a version is two files. It is written beside its place, flushed to the disk and renamed into it, so that a
kill leaves at most a hidden half that nobody reads. Reading maps the file into memory after comparing checksums.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
import secrets
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
import numpy.typing as npt
import orjson

from app.core.ids import ModelVersion, ShopId
from app.errors import Permanent
from app.ports import Json

FORMAT = 2
MANIFEST = "manifest.json"
PACKED = "arrays.bin"
HEADER = b"attune arrays 2\n".ljust(64, b"\0")
"""What a packed file begins with; never empty, because an empty file can't be mapped."""
ALIGNED = 64
"""Bytes; a cache line, and a multiple of every item's size that needs alignment."""
PUT_TRIES = 3
ABANDONED_AFTER_S = 6 * 3600.0
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_NAME = re.compile(r"[a-z][a-z_]{0,59}")

Arrays = Mapping[str, npt.NDArray[Any]]


class FileArtefacts:
    """Artefacts under the folder of a ``file://`` URL, one sub-folder a shop.

    Raises:
        ValueError: the URL is not an absolute ``file://`` path.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "file" or parts.netloc or not parts.path.startswith("/"):
            raise ValueError(f"not a file:///… URL: {url!r}")
        self.root = Path(unquote(parts.path))

    def write(self, shop: ShopId, version: ModelVersion, arrays: Arrays, meta: Json) -> None:
        """Publish the version; the same version written again is left as it stands, unless it is damaged.

        Raises:
            ValueError: the version's or an array's name is not a plain word, or there is no array.
        """
        place = self._place(shop, version)
        if not arrays or any(_NAME.fullmatch(name) is None for name in arrays):
            raise ValueError(f"an artefact holds arrays with plain names, not {sorted(arrays)}")
        place.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(place.parent)
        half = place.parent / f".writing-{secrets.token_hex(8)}"
        half.mkdir()
        try:
            _fill(half, version, arrays, meta)
            self._put(half, place)
        finally:
            shutil.rmtree(half, ignore_errors=True)
        _flush_folder(place.parent)

    def _put(self, half: Path, place: Path) -> None:
        """Rename the finished half into its place; a whole version that is there already stays."""
        for _ in range(PUT_TRIES):
            try:
                half.rename(place)
                return
            except OSError:
                if not place.is_dir():
                    raise
            try:
                _read(place)
                return
            except Permanent:
                # A damaged version gives way; another writer may have moved it aside, or replaced it, meanwhile.
                with suppress(FileNotFoundError):
                    place.rename(place.parent / f".damaged-{secrets.token_hex(8)}")
        raise Permanent(f"artefact {place.name} is damaged again and again as it is written")

    def read(self, shop: ShopId, version: ModelVersion) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """Memory-mapped arrays and the manifest's meta, checksums verified.

        Raises:
            Permanent: the version is missing or damaged.
        """
        return _read(self._place(shop, version))

    def delete(self, shop: ShopId, version: ModelVersion) -> None:
        """Remove the version if it is there. Processes that have it mapped keep their pages until they let go."""
        place = self._place(shop, version)
        gone = place.parent / f".gone-{secrets.token_hex(8)}"
        try:
            place.rename(gone)
        except FileNotFoundError:
            return
        shutil.rmtree(gone)

    def delete_all(self, shop: ShopId) -> int:
        """Remove everything of the shop, halves included; returns how many versions there were."""
        number = len(self.versions(shop))
        shutil.rmtree(self.root / str(int(shop)), ignore_errors=True)
        return number

    def versions(self, shop: ShopId) -> Sequence[ModelVersion]:
        """The versions that are in place, by name."""
        folder = self.root / str(int(shop))
        if not folder.is_dir():
            return []
        return [ModelVersion(entry.name) for entry in sorted(folder.iterdir()) if _VERSION.fullmatch(entry.name)]

    def _place(self, shop: ShopId, version: ModelVersion) -> Path:
        if _VERSION.fullmatch(version) is None:
            raise ValueError(f"not a version: {version!r}")
        return self.root / str(int(shop)) / version


def _fill(folder: Path, version: ModelVersion, arrays: Arrays, meta: Json) -> None:
    facts = {}
    with (folder / PACKED).open("wb") as file:
        file.write(HEADER)
        for name in sorted(arrays):
            array = np.ascontiguousarray(arrays[name])
            file.write(bytes(-file.tell() % ALIGNED))
            facts[name] = _facts(array, offset=file.tell())
            file.write(_bytes(array))
        size = file.tell()
        file.flush()
        os.fsync(file.fileno())
    manifest = {"format": FORMAT, "version": version, "bytes": size, "arrays": facts, "meta": dict(meta)}
    with (folder / MANIFEST).open("wb") as file:
        file.write(orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))
        file.flush()
        os.fsync(file.fileno())
    _flush_folder(folder)


def _facts(array: npt.NDArray[Any], *, offset: int) -> dict[str, Any]:
    return {
        "offset": offset,
        "dtype": np.lib.format.dtype_to_descr(array.dtype),
        "shape": array.shape,
        "sha256": hashlib.sha256(_bytes(array)).hexdigest(),
    }


def _bytes(array: npt.NDArray[Any]) -> memoryview:
    return array.ravel().view(np.uint8).data


def _read(place: Path) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    try:
        manifest = orjson.loads((place / MANIFEST).read_bytes())
        if manifest["format"] != FORMAT or manifest["version"] != place.name:
            raise Permanent(f"artefact {place.name}: the manifest belongs to another version or format")
        packed = np.memmap(place / PACKED, dtype=np.uint8, mode="r")
        if len(packed) != manifest["bytes"]:
            raise Permanent(f"artefact {place.name}: {PACKED} is not as long as what was published")
        arrays = {name: _part(packed, name, facts, place.name) for name, facts in manifest["arrays"].items()}
        return arrays, dict(manifest["meta"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Permanent(f"artefact {place.name} is missing or damaged: {error}") from error


def _part(packed: npt.NDArray[np.uint8], name: str, facts: Mapping[str, Any], version: str) -> npt.NDArray[Any]:
    """One array of the packed file, not copied."""
    described, shape = facts["dtype"], tuple(map(int, facts["shape"]))
    # JSON turns the pairs of a record's fields into lists.
    dtype = np.dtype(described if isinstance(described, str) else [tuple(field) for field in described])
    start = int(facts["offset"])
    part = packed[start : start + math.prod(shape) * dtype.itemsize]
    if hashlib.sha256(part.data).hexdigest() != facts["sha256"]:
        raise Permanent(f"artefact {version}: {name} is not what was published")
    return np.asarray(part).view(dtype).reshape(shape)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove_abandoned(folder: Path) -> None:
    """Clear away the halves that killed writers left; a young one may still be at work."""
    oldest = time.time() - ABANDONED_AFTER_S
    for entry in folder.glob(".*-*"):
        # Another writer may have finished with it since it was listed.
        with suppress(FileNotFoundError):
            if entry.stat().st_mtime < oldest:
                shutil.rmtree(entry, ignore_errors=True)
