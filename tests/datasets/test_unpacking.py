"""Archives become one whole folder, or nothing; nothing is written outside of it."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from benchmark.datasets.unpacking import unpack
from benchmark.errors import MissingAssetError

FILES = {"things/a.bin": b"one", "things/deeper/b.bin": bytes(range(256)) * 300}
OUTSIDE = ("../outside", "/outside", "things/../../outside", "things\\..\\outside", "c:/outside")


def tar(path: Path, files: Mapping[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as file:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            file.addfile(member, io.BytesIO(content))
    return path


def zipped(path: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return path


def read(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.endswith(".lock")}


@pytest.mark.parametrize("pack", [tar, zipped])
def test_a_folder_is_unpacked_beside_its_archive_once(
    tmp_path: Path, pack: Callable[[Path, Mapping[str, bytes]], Path]
) -> None:
    archive = pack(tmp_path / "archive", FILES)
    assert unpack(archive, "things") == tmp_path / "things"
    assert {f"things/{name}": content for name, content in read(tmp_path / "things").items()} == FILES
    (tmp_path / "things/a.bin").write_bytes(b"mine")
    unpack(archive, "things")
    assert (tmp_path / "things/a.bin").read_bytes() == b"mine"
    assert left(tmp_path) == {"archive", "things"}


@pytest.mark.parametrize("pack", [tar, zipped])
@pytest.mark.parametrize("name", OUTSIDE)
def test_a_file_outside_is_refused_and_nothing_stays(
    tmp_path: Path, pack: Callable[[Path, Mapping[str, bytes]], Path], name: str
) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(MissingAssetError, match="names a file outside"):
        unpack(pack(tmp_path / "in/archive", {**FILES, name: b"bad"}), "things")
    assert left(tmp_path / "in") == {"archive"}
    assert left(tmp_path) == {"in"}


def test_links_are_passed_over(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "archive", "w") as file:
        for name, kind in (("things/link", tarfile.SYMTYPE), ("things/hard", tarfile.LNKTYPE)):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            file.addfile(member)
        member = tarfile.TarInfo("things/a.bin")
        member.size = 3
        file.addfile(member, io.BytesIO(b"one"))
    assert read(unpack(tmp_path / "archive", "things")) == {"a.bin": b"one"}


@pytest.mark.parametrize("pack", [tar, zipped])
def test_another_archive_than_expected_is_told(
    tmp_path: Path, pack: Callable[[Path, Mapping[str, bytes]], Path]
) -> None:
    with pytest.raises(MissingAssetError, match="does not have the folder images"):
        unpack(pack(tmp_path / "archive", FILES), "images")
    assert left(tmp_path) == {"archive"}


@pytest.mark.parametrize("kept", [0, 100, -50])
def test_a_damaged_archive_is_told(tmp_path: Path, kept: int) -> None:
    archive = tar(tmp_path / "archive", {f"things/{number}": bytes([number]) * 9000 for number in range(200)})
    archive.write_bytes(archive.read_bytes()[:kept])
    with pytest.raises(MissingAssetError, match=r"archive: cannot be unpacked: ."):
        unpack(archive, "things")
    assert left(tmp_path) == {"archive"}
