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
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from benchmark.errors import MissingAssetError, did_you_mean

Progress = Callable[[int, int], None]
"""Called with the bytes received and the bytes expected."""

CHUNK = 1 << 20


@dataclass(frozen=True)
class Asset:
    """One downloadable file; `source` says where its hash and size were read.

    `sha256` are the digits that are published: all 64, or as many as the file's name carries. The size is known to
    `rounding` bytes.
    """

    file: str
    urls: tuple[str, ...]
    sha256: str
    size: int
    licence: str
    says: str
    source: str
    rounding: int = 0

    def fits(self, size: int) -> bool:
        """Tell whether a file of so many bytes may be this one."""
        return abs(size - self.size) <= self.rounding


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
    "vgg16": Asset(
        file="vgg16-397923af.pth",
        urls=("https://download.pytorch.org/models/vgg16-397923af.pth",),
        sha256="397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
        size=553_433_881,
        licence="BSD-3-Clause (torchvision)",
        says="VGG-16 of torchvision, trained on ImageNet: activations vgg16",
        source="UBC's primitives for D3M, cnn.py (hash; its first 8 digits are in the file's name); others (size)",
    ),
    "vgg19_bn": Asset(
        file="vgg19_bn-c79401a0.pth",
        urls=("https://download.pytorch.org/models/vgg19_bn-c79401a0.pth",),
        sha256="c79401a0",
        size=574_769_594,
        rounding=525,
        licence="BSD-3-Clause (torchvision)",
        says="VGG-19 with batch norm of torchvision, trained on ImageNet: activations vgg19_bn",
        source="torchvision, models/vgg.py (the first 8 digits of the hash; 548.143 MiB): no more was found published",
    ),
    "inception_torchvision": Asset(
        file="inception_v3_google-0cc3c7bd.pth",
        urls=("https://download.pytorch.org/models/inception_v3_google-0cc3c7bd.pth",),
        sha256="0cc3c7bd75056d25e46cba549dc184522069b81e9787eff6df84f397bd52a5ef",
        size=108_949_747,
        licence="BSD-3-Clause (torchvision)",
        says="Inception-v3 of torchvision, trained on ImageNet-1k: the extractor inception_torchvision",
        source="three projects' records of the file (hash; its first 8 digits are in the file's name); one of them and "
        "a download's log in a notebook of PyTorch-Ignite (size; torchvision states 103.903 MiB)",
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
    return path if path.is_file() and _asset(name).fits(path.stat().st_size) else None


def require(name: str, cache: Path | None = None) -> Path:
    """Return a cached file whose hash was checked; raise `MissingAssetError` where it is absent or altered."""
    path = locate(name, cache)
    remedy = f"`ticketbench prepare --asset {name}` downloads it ({_asset(name).size / 1e6:.0f} MB)"
    if path is None:
        missing = (cache or cache_directory()) / _asset(name).file
        raise MissingAssetError(f"{missing}: not there; {remedy}")
    check(path, _asset(name).sha256, remedy)
    return path


def check(path: Path, sha256: str, remedy: str) -> str:
    """Return a file's SHA-256; raise `MissingAssetError` unless it is there and its hash begins with these digits."""
    try:
        found = _digest(path)
    except OSError as error:
        raise MissingAssetError(f"{path}: cannot be read: {error.strerror}; {remedy}") from None
    if not found.startswith(sha256):
        raise MissingAssetError(f"{path}: its SHA-256 is {found}, expected {sha256}; {remedy}")
    return found


def ensure(name: str, progress: Progress | None = None, cache: Path | None = None) -> Path:
    """Return a cached file as `obtain` does, by its name on the manifest."""
    return obtain(_asset(name), cache or cache_directory(), progress)


def obtain(asset: Asset, folder: Path, progress: Progress | None = None) -> Path:
    """Return a file of `folder` whose hash was checked, downloading it first if need be.

    Of several processes one downloads and the others wait. Raises `MissingAssetError` with one reason per address.
    """
    from filelock import FileLock

    target = folder / asset.file
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f"{asset.file}.lock"):
            if not (target.is_file() and _digest(target).startswith(asset.sha256)):
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
    import urllib.request  # here: whoever asks where the cache is downloads nothing
    from http.client import HTTPException

    if urlsplit(url).scheme not in {"https", "http", "file"}:
        return "not an https, http or file address"
    digest, received, most = hashlib.sha256(), 0, asset.size + asset.rounding
    try:
        with urllib.request.urlopen(url, timeout=30) as response:  # noqa: S310 - the scheme was checked above
            # One byte more than expected is enough to know that an answer is too long.
            while received <= most and (chunk := response.read(min(CHUNK, most + 1 - received))):
                file.write(chunk)
                digest.update(chunk)
                received += len(chunk)
                if progress is not None:
                    progress(min(received, asset.size), asset.size)
        file.flush()
        os.fsync(file.fileno())
    except (OSError, HTTPException) as error:
        return str(error)
    if received < asset.size - asset.rounding:
        return f"cut off after {received} of {asset.size} bytes"
    same = asset.fits(received) and digest.hexdigest().startswith(asset.sha256)
    return None if same else "another file than expected (its SHA-256 differs)"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
