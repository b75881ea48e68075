"""Model files on a local disk: one folder a version, immutable, complete or absent.

A version is written beside its place, flushed to the disk and renamed into it, so that a kill leaves at most a hidden
half that nobody reads. Reading maps the arrays into memory after their checksums have been compared.
"""

from __future__ import annotations

import hashlib
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

FORMAT = 1
MANIFEST = "manifest.json"
MOST_FILES = 3
PUT_TRIES = 3
ABANDONED_AFTER_S = 6 * 3600.0
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_NAME = re.compile(r"[a-z][a-z_]{0,39}")

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
            ValueError: the version's or an array's name is not a plain word, or there are too many arrays.
        """
        place = self._place(shop, version)
        if not arrays or len(arrays) > MOST_FILES or any(_NAME.fullmatch(name) is None for name in arrays):
            raise ValueError(f"an artefact holds 1 to {MOST_FILES} arrays with plain names, not {sorted(arrays)}")
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
    files = {}
    for name, array in arrays.items():
        path = folder / f"{name}.npy"
        with path.open("wb") as file:
            np.save(file, np.ascontiguousarray(array), allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
        files[name] = {"bytes": path.stat().st_size, "sha256": _checksum(path)}
    manifest = {"format": FORMAT, "version": version, "files": files, "meta": dict(meta)}
    with (folder / MANIFEST).open("wb") as file:
        file.write(orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))
        file.flush()
        os.fsync(file.fileno())
    _flush_folder(folder)


def _read(place: Path) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    try:
        manifest = orjson.loads((place / MANIFEST).read_bytes())
        if manifest["format"] != FORMAT or manifest["version"] != place.name:
            raise Permanent(f"artefact {place.name}: the manifest belongs to another version or format")
        arrays = {name: _map(place, name, facts) for name, facts in manifest["files"].items()}
        return arrays, dict(manifest["meta"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Permanent(f"artefact {place.name} is missing or damaged: {error}") from error


def _map(place: Path, name: str, facts: Mapping[str, Any]) -> npt.NDArray[Any]:
    if _NAME.fullmatch(name) is None:
        raise Permanent(f"artefact {place.name}: the manifest names an unexpected file")
    path = place / f"{name}.npy"
    if path.stat().st_size != facts["bytes"] or _checksum(path) != facts["sha256"]:
        raise Permanent(f"artefact {place.name}: {path.name} is not what was published")
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    return np.asarray(array)


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
