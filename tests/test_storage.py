"""Files appear whole or not at all, and what is damaged is noticed."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.errors import ArtifactError
from benchmark.storage import Storage, write_file

NAMES = ("top.json", "folder/inner.bin")


class Killed(BaseException):
    """The process ends here: nothing after this point happens, not even cleaning up."""


@contextmanager
def killed_at(call: int) -> Iterator[None]:
    """Make the n-th system call of a write the last one; what follows in `finally` does nothing either."""
    count = 0

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def act(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            count += 1
            if count >= call:
                raise Killed
            return real(*args, **kwargs)

        return act

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", counted(os.fsync))
        patch.setattr(os, "fdopen", counted(os.fdopen))
        patch.setattr(tempfile, "mkstemp", counted(tempfile.mkstemp))
        for method in ("replace", "stat", "mkdir", "chmod", "unlink"):
            patch.setattr(Path, method, counted(getattr(Path, method)))
        yield


@settings(max_examples=60)
@given(old=st.none() | st.binary(max_size=40), new=st.binary(max_size=40), call=st.integers(1, 24))
def test_a_write_that_is_killed_leaves_the_old_file_or_none_that_is_trusted(
    old: bytes | None, new: bytes, call: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = Storage(Path(folder))
        if old is not None:
            files.write("a/b.bin", old)
        killed = False
        with killed_at(call):
            try:
                files.write("a/b.bin", new)
            except Killed:
                killed = True
        if files.has("a/b.bin"):
            assert files.read("a/b.bin") in ({old, new} if killed else {new})
        else:
            assert killed
            with pytest.raises(ArtifactError):
                files.read("a/b.bin")
        files.write("a/b.bin", new)
        assert files.read("a/b.bin") == new


@settings(max_examples=60)
@given(data=st.binary(min_size=1, max_size=64), place=st.integers(0, 63), change=st.integers(1, 255))
def test_any_changed_byte_is_noticed_even_with_the_old_time_and_size(data: bytes, place: int, change: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = Storage(Path(folder))
        files.write("file", data)
        path, stat = Path(folder, "file"), Path(folder, "file").stat()
        broken = bytearray(data)
        broken[place % len(data)] ^= change
        path.write_bytes(broken)
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        with pytest.raises(ArtifactError, match="damaged"):
            files.read("file")
        assert not files.has("file")
        assert files.is_damaged("file")


@given(data=st.binary(min_size=1, max_size=64), left=st.integers(0, 63))
@settings(max_examples=30)
def test_a_truncated_file_is_neither_there_nor_readable(data: bytes, left: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = Storage(Path(folder))
        files.write("file", data)
        Path(folder, "file").write_bytes(data[: left % len(data)])
        assert not files.has("file")
        with pytest.raises(ArtifactError, match="damaged"):
            files.read("file")


def test_a_file_put_back_as_it_was_counts_again(tmp_path: Path) -> None:
    files = Storage(tmp_path)
    files.write("file", b"right")
    (tmp_path / "file").write_bytes(b"wrong")
    assert not files.has("file")
    (tmp_path / "file").write_bytes(b"right")
    assert files.has("file")
    assert files.read("file") == b"right"


@pytest.mark.parametrize("record", [b"", b"{", b"[]", b'{"sha256": "0"}', b"null"])
def test_a_file_without_a_readable_record_is_not_trusted(tmp_path: Path, record: bytes) -> None:
    files = Storage(tmp_path)
    files.write("file", b"data")
    (tmp_path / "checksums" / "file.json").write_bytes(record)
    assert not files.has("file")
    assert files.recorded_digest("file") is None
    with pytest.raises(ArtifactError):
        files.read("file")


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    files = Storage(tmp_path)
    (tmp_path / "file").write_bytes(b"")
    assert not files.has("file/below")
    for name in ("none", "file/below"):
        with pytest.raises(ArtifactError, match="missing; run the same command again"):
            files.read(name)


def test_names_are_those_that_were_written_and_not_removed(tmp_path: Path) -> None:
    files = Storage(tmp_path)
    for name in (*NAMES, "gone"):
        files.write(name, b"x")
    files.remove("gone")
    assert list(files.names()) == sorted(NAMES)
    assert list(files.names("folder")) == ["folder/inner.bin"]
    assert not (tmp_path / "gone").exists()


def with_record(path: Path) -> None:
    Storage(path.parent).write(path.name, b"x")


def without_record(path: Path) -> None:
    write_file(path, b"x")


@pytest.mark.parametrize("write", [with_record, without_record])
def test_a_full_disk_is_one_clear_line_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path], None]
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    write(tmp_path / "file")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ArtifactError, match="no space left on the device; free some") as caught:
        write(tmp_path / "file")
    assert "\n" not in str(caught.value)
    assert (tmp_path / "file").read_bytes() == b"x"
    assert not list(tmp_path.rglob(".writing-*"))


def test_a_folder_that_is_a_file_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("a file")
    with pytest.raises(ArtifactError, match="cannot be written"):
        Storage(tmp_path / "folder").write("file", b"x")


def test_files_can_be_read_by_whoever_may_read_the_folder(tmp_path: Path) -> None:
    Storage(tmp_path).write("file", b"x")
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o644


def test_what_a_killed_write_left_behind_is_swept(tmp_path: Path) -> None:
    files = Storage(tmp_path)
    files.write("folder/file", b"x")
    with killed_at(9), pytest.raises(Killed):
        files.write("folder/file", b"y")
    assert list(tmp_path.rglob(".writing-*"))
    files.sweep()
    assert not list(tmp_path.rglob(".writing-*"))
    assert (tmp_path / "folder/file").read_bytes() in (b"x", b"y")
