"""Images as they are stored: the order of a folder's files, and of a database's entries."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from benchmark.datasets.pictures import Database, Folder, Pictures
from benchmark.errors import MissingAssetError
from tests.datasets.folders import BEDROOMS, bedrooms, keys, write_database, write_export


def contents(pictures: Pictures, chosen: range = range(BEDROOMS)) -> list[bytes]:
    return [data for _, data in pictures.encoded(chosen)]


@pytest.mark.parametrize("flat", [False, True])
def test_an_export_has_the_databases_images_in_its_order(tmp_path: Path, flat: bool) -> None:
    entries = bedrooms()
    database = Database(write_database(tmp_path / "db", dict(reversed(entries.items()))))
    folder = Folder(write_export(tmp_path / "images", entries, flat))
    assert len(database) == len(folder) == BEDROOMS
    assert contents(database) == contents(folder) == [entries[key] for key in keys()]
    assert contents(database, range(2, 5)) == contents(folder, range(2, 5)) == contents(folder)[2:5]
    assert [Path(name).stem for name, _ in folder.encoded(range(3))] == keys()[:3]
    assert [name for name, _ in database.encoded(range(1))] == [f"{tmp_path / 'db'}, entry {keys()[0]}"]


def test_only_image_files_count_whatever_the_case_of_their_suffix(tmp_path: Path) -> None:
    for name in ("b.JPG", "a.jpeg", "c.txt", ".d.png", "e", "f.png.lock"):
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "g.png").write_bytes(b"g")
    assert Folder(tmp_path).names == ("a.jpeg", "b.JPG")


def test_the_fingerprint_is_that_of_the_files_not_of_their_place(tmp_path: Path) -> None:
    folder = write_export(tmp_path / "one", bedrooms(3), flat=True)
    before = Folder(folder).fingerprint
    assert Folder(Path(shutil.copytree(folder, tmp_path / "two"))).fingerprint == before
    first = next(folder.iterdir())
    os.utime(first, ns=(1, 1))
    touched = Folder(folder).fingerprint
    first.rename(folder / "z.webp")
    renamed = Folder(folder).fingerprint
    (folder / "z.webp").unlink()
    assert len({before, touched, renamed, Folder(folder).fingerprint}) == 4


def test_a_database_that_was_written_to_has_another_fingerprint(tmp_path: Path) -> None:
    import lmdb

    folder = write_database(tmp_path / "db", bedrooms(3))
    before = Database(folder).fingerprint
    with lmdb.open(str(folder), map_size=1 << 22) as environment, environment.begin(write=True) as transaction:
        transaction.put(b"key", b"value" * 10_000)
    assert Database(folder).fingerprint != before
    assert len(Database(folder)) == 4


def test_what_has_no_images_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for made in (lambda: Folder(tmp_path / "empty"), lambda: Database(write_database(tmp_path / "db", {}))):
        with pytest.raises(MissingAssetError, match=r"(empty|db): has no images"):
            made()


@pytest.mark.parametrize("kept", [0, 10, 4_096, 5_000, 20_000])
def test_a_database_that_was_cut_off_is_an_error_and_not_the_end_of_the_process(tmp_path: Path, kept: int) -> None:
    file = write_database(tmp_path / "db", dict.fromkeys(keys(), 9_000 * b"x")) / "data.mdb"
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(MissingAssetError, match="db"):
        contents(Database(tmp_path / "db"))


def test_a_file_that_vanished_is_named(tmp_path: Path) -> None:
    pictures = Folder(write_export(tmp_path, bedrooms(2), flat=True))
    (tmp_path / pictures.names[1]).unlink()
    with pytest.raises(MissingAssetError, match=rf"{pictures.names[1]}: cannot be read"):
        contents(pictures)


def test_without_the_package_a_database_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_database(tmp_path / "db", bedrooms(1))

    def absent(name: str, *_: Any) -> Any:
        raise ImportError(name)

    monkeypatch.setattr("benchmark.datasets.pictures.import_module", absent)
    with pytest.raises(MissingAssetError, match=r"`pip install ticketbench\[lsun\]`.*folder of image files"):
        Database(tmp_path / "db")
