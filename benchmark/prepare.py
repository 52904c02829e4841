"""Downloads: a manifest with hashes, and a cache directory in which files appear whole or not at all.

`TICKETBENCH_CACHE` names the cache directory (default: the platform's, ~/.cache/ticketbench), `TICKETBENCH_DATA` the
folder of data sets (default: `data` in the cache directory), `TICKETBENCH_MIRROR` a base URL that is tried first, as
MIRROR/FILE.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from filelock import FileLock

from benchmark.errors import MissingAssetError, did_you_mean

Progress = Callable[[int, int], None]
"""Called with the bytes received and the bytes expected."""

CHUNK = 1 << 20


@dataclass(frozen=True)
class Asset:
    """One downloadable file; `source` says where its hash and size were read."""

    file: str
    urls: tuple[str, ...]
    sha256: str
    size: int
    licence: str
    says: str
    source: str


ASSETS: Mapping[str, Asset] = {
    "inception_torchscript": Asset(
        file="inception-2015-12-05.pt",
        urls=(
            "https://nvlabs-fi-cdn.nvidia.com/stylegan2-ada-pytorch/pretrained/metrics/inception-2015-12-05.pt",
            "https://api.ngc.nvidia.com/v2/models/nvidia/research/stylegan3/versions/1/files/metrics/inception-2015-12-05.pt",
        ),
        sha256="f58cb9b6ec323ed63459aa4fb441fe750cfe39fafad6da5cb504a16f19e958f4",
        size=95_607_719,
        licence="Apache-2.0 (Inception-v3, TensorFlow models); TorchScript translation by NVIDIA",
        says="Inception-v3 of 2015-12-05 as TorchScript: clean-fid's modes clean and legacy_tensorflow",
        source="k-diffusion, evaluation.py (hash); an audited download published on GitHub (size)",
    ),
    "inception_pytorch": Asset(
        file="pt_inception-2015-12-05-6726825d.pth",
        urls=(
            "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth",
        ),
        sha256="6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
        size=95_628_359,
        licence="Apache-2.0",
        says="Inception-v3 of 2015-12-05 as a PyTorch state dict: clean-fid's mode legacy_pytorch",
        source="genforce, inception_model.py (hash; its first 8 digits are in the file's name); converters (size)",
    ),
}


def cache_directory() -> Path:
    """Return the cache directory; it need not exist yet."""
    chosen = os.environ.get("TICKETBENCH_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "ticketbench"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "ticketbench"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ticketbench"


def data_directory() -> Path:
    """Return the folder of data sets where none is named; it need not exist yet."""
    chosen = os.environ.get("TICKETBENCH_DATA")
    return Path(chosen).expanduser() if chosen else cache_directory() / "data"


def locate(name: str, cache: Path | None = None) -> Path | None:
    """Return where a file is cached, or null if it is not there in its full size; its hash is not read."""
    path = (cache or cache_directory()) / _asset(name).file
    return path if path.is_file() and path.stat().st_size == _asset(name).size else None


def require(name: str, cache: Path | None = None) -> Path:
    """Return a cached file whose hash was checked; raise `MissingAssetError` where it is absent or altered."""
    path = locate(name, cache)
    remedy = f"`ticketbench prepare --asset {name}` downloads it ({_asset(name).size / 1e6:.0f} MB)"
    if path is None:
        missing = (cache or cache_directory()) / _asset(name).file
        raise MissingAssetError(f"{missing}: not there; {remedy}")
    check(path, _asset(name).sha256, remedy)
    return path


def check(path: Path, sha256: str, remedy: str) -> None:
    """Raise `MissingAssetError` unless the file is there and has this hash."""
    try:
        found = _digest(path)
    except OSError as error:
        raise MissingAssetError(f"{path}: cannot be read: {error.strerror}; {remedy}") from None
    if found != sha256:
        raise MissingAssetError(f"{path}: its SHA-256 is {found}, expected {sha256}; {remedy}")


def ensure(name: str, progress: Progress | None = None, cache: Path | None = None) -> Path:
    """Return a cached file as `obtain` does, by its name on the manifest."""
    return obtain(_asset(name), cache or cache_directory(), progress)


def obtain(asset: Asset, folder: Path, progress: Progress | None = None) -> Path:
    """Return a file of `folder` whose hash was checked, downloading it first if need be.

    Of several processes one downloads and the others wait. Raises `MissingAssetError` with one reason per address.
    """
    target = folder / asset.file
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f"{asset.file}.lock"):
            if not (target.is_file() and _digest(target) == asset.sha256):
                _fetch(asset, target, progress)
    except OSError as error:
        raise MissingAssetError(f"{target}: cannot be written: {error.strerror or error}") from None
    return target


def _asset(name: str) -> Asset:
    if name not in ASSETS:
        raise MissingAssetError(f"unknown download '{name}'{did_you_mean(name, ASSETS)}")
    return ASSETS[name]


def _addresses(asset: Asset) -> tuple[str, ...]:
    mirror = os.environ.get("TICKETBENCH_MIRROR")
    return (f"{mirror.rstrip('/')}/{asset.file}", *asset.urls) if mirror else asset.urls


def _fetch(asset: Asset, target: Path, progress: Progress | None) -> None:
    reasons = []
    for url in _addresses(asset):
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{asset.file}-")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                fault = _download(url, asset, file, progress)
            if fault is None:
                temporary.chmod(0o644)
                temporary.replace(target)
                return
            reasons.append(f"{url}: {fault}")
        finally:
            temporary.unlink(missing_ok=True)
    raise MissingAssetError(
        f"{asset.file} could not be downloaded ({'; '.join(reasons)}); put the file into {target.parent} by hand, "
        "or set TICKETBENCH_MIRROR to an address that has it"
    )


def _download(url: str, asset: Asset, file: IO[bytes], progress: Progress | None) -> str | None:
    """Write one address's answer to an open file; return what is wrong with it, or null if it is the asset."""
    if urlsplit(url).scheme not in {"https", "http", "file"}:
        return "not an https, http or file address"
    digest, received = hashlib.sha256(), 0
    try:
        with urllib.request.urlopen(url, timeout=30) as response:  # noqa: S310 - the scheme was checked above
            # One byte more than expected is enough to know that an answer is too long.
            while received <= asset.size and (chunk := response.read(min(CHUNK, asset.size + 1 - received))):
                file.write(chunk)
                digest.update(chunk)
                received += len(chunk)
                if progress is not None:
                    progress(min(received, asset.size), asset.size)
        file.flush()
        os.fsync(file.fileno())
    except (OSError, HTTPException) as error:
        return str(error)
    if received < asset.size:
        return f"cut off after {received} of {asset.size} bytes"
    return None if digest.hexdigest() == asset.sha256 else "another file than expected (its SHA-256 differs)"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
