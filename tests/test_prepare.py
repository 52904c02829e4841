import errno
import hashlib
import multiprocessing
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark import prepare
from benchmark.errors import MissingAssetError
from benchmark.prepare import ASSETS, Asset, cache_directory, check, data_directory, ensure, locate, require
from tests.serving import Server, serving

CONTENT = bytes(range(256)) * 9000  # more than two chunks


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path / "served") as running:
        yield running


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv("TICKETBENCH_MIRROR", raising=False)
    monkeypatch.setenv("TICKETBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def offer(monkeypatch: pytest.MonkeyPatch, *urls: str, content: bytes = CONTENT) -> Asset:
    """Put an asset `thing` on the manifest, to be had at these addresses."""
    digest = hashlib.sha256(content).hexdigest()
    asset = Asset("thing.bin", urls, digest, len(content), "MIT", "a thing", "this test")
    monkeypatch.setattr(prepare, "ASSETS", {"thing": asset})
    return asset


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.endswith(".lock")}


def test_a_download_arrives_whole_reports_progress_and_is_not_repeated(
    server: Server, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, f"{server.url}/thing.bin")
    (tmp_path / "served" / "thing.bin").write_bytes(CONTENT)
    assert locate("thing") is None
    steps: list[tuple[int, int]] = []
    path = ensure("thing", lambda done, total: steps.append((done, total)))
    assert path.read_bytes() == CONTENT
    assert steps[-1] == (len(CONTENT), len(CONTENT))
    assert sorted(steps) == steps
    assert len(steps) > 2
    assert ensure("thing") == locate("thing") == require("thing") == path == cache / "thing.bin"
    assert server.requests == ["/thing.bin"]
    assert names(cache) == {"thing.bin"}


def test_a_file_address_works_too(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here.bin").write_bytes(CONTENT)
    offer(monkeypatch, (tmp_path / "here.bin").as_uri())
    assert ensure("thing").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("served", "reason"),
    [
        (CONTENT[:-1] + b"\x00", "SHA-256 differs"),
        (CONTENT[:1000], f"cut off after 1000 of {len(CONTENT)} bytes"),
        (CONTENT + b"more", "SHA-256 differs"),
        (b"", "cut off after 0"),
    ],
)
def test_a_wrong_answer_is_refused_and_leaves_nothing(
    served: bytes, reason: str, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here.bin").write_bytes(served)
    offer(monkeypatch, (tmp_path / "here.bin").as_uri())
    with pytest.raises(MissingAssetError, match=reason):
        ensure("thing")
    assert not names(cache)


def test_a_connection_that_breaks_off_is_a_failed_download(
    server: Server, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, f"{server.url}/thing.bin")
    (tmp_path / "served" / "thing.bin").write_bytes(CONTENT)
    server.cut = 70_000
    with pytest.raises(MissingAssetError, match=r"cut off|IncompleteRead"):
        ensure("thing")
    assert not names(cache)
    server.cut = None
    assert ensure("thing").read_bytes() == CONTENT


@pytest.mark.parametrize(("off", "digits", "arrives"), [(0, 8, True), (5, 8, True), (6, 8, False), (0, 0, False)])
def test_of_a_hash_and_a_size_as_much_is_checked_as_is_published(
    off: int, digits: int, arrives: bool, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here.bin").write_bytes(CONTENT)
    asset = offer(monkeypatch, (tmp_path / "here.bin").as_uri())
    known = asset.sha256[:digits] or "00000000"
    rough = replace(asset, sha256=known, size=len(CONTENT) + off, rounding=5)
    monkeypatch.setattr(prepare, "ASSETS", {"thing": rough})
    if arrives:
        assert ensure("thing") == require("thing")
        assert check(cache / "thing.bin", known, "no remedy") == asset.sha256
    else:
        with pytest.raises(MissingAssetError, match=r"cut off after|another file than expected"):
            ensure("thing")


def test_the_next_address_is_tried_and_every_failure_is_told(
    server: Server, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, f"{server.url}/absent.bin", f"{server.url}/thing.bin")
    with pytest.raises(MissingAssetError, match=r"absent.bin: .*404.*thing.bin: .*404.*by hand.*TICKETBENCH_MIRROR"):
        ensure("thing")
    (tmp_path / "served" / "thing.bin").write_bytes(CONTENT)
    assert ensure("thing").read_bytes() == CONTENT
    assert names(cache) == {"thing.bin"}


def test_without_network_the_message_says_what_to_do(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, "http://127.0.0.1:9/thing.bin")
    with pytest.raises(MissingAssetError, match=r"127.0.0.1:9.*put the file into") as caught:
        ensure("thing")
    assert "\n" not in str(caught.value)


def test_a_mirror_is_asked_first(server: Server, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, "http://127.0.0.1:9/never")
    monkeypatch.setenv("TICKETBENCH_MIRROR", f"{server.url}/mirror/")
    (tmp_path / "served" / "mirror").mkdir()
    (tmp_path / "served" / "mirror" / "thing.bin").write_bytes(CONTENT)
    assert ensure("thing").read_bytes() == CONTENT
    assert server.requests == ["/mirror/thing.bin"]


def test_an_address_of_another_kind_is_refused(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, "ftp://127.0.0.1/thing.bin")
    with pytest.raises(MissingAssetError, match="not an https"):
        ensure("thing")


def test_a_damaged_file_is_refused_by_require_and_replaced_by_ensure(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here.bin").write_bytes(CONTENT)
    offer(monkeypatch, (tmp_path / "here.bin").as_uri())
    ensure("thing").write_bytes(CONTENT[:-1] + b"\x00")
    with pytest.raises(MissingAssetError, match=r"SHA-256 is .* `ticketbench prepare --asset thing`"):
        require("thing")
    assert ensure("thing").read_bytes() == CONTENT
    (cache / "thing.bin").write_bytes(CONTENT[:10])
    assert locate("thing") is None
    assert ensure("thing").read_bytes() == CONTENT


def test_a_cache_that_cannot_be_made_is_one_clear_line(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, "file:///nowhere")
    cache.write_text("a file where the folder should be")
    with pytest.raises(MissingAssetError, match="cannot be written"):
        ensure("thing")


def test_a_full_disk_is_said_so(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here.bin").write_bytes(CONTENT)
    offer(monkeypatch, (tmp_path / "here.bin").as_uri())

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(MissingAssetError, match="No space left"):
        ensure("thing")
    assert not names(cache)


def _ensure_in_process(url: str, cache: str, queue: "multiprocessing.Queue[str]") -> None:
    asset = Asset("thing.bin", (url,), hashlib.sha256(CONTENT).hexdigest(), len(CONTENT), "MIT", "a thing", "a test")
    prepare.ASSETS = {"thing": asset}
    queue.put(hashlib.sha256(ensure("thing", cache=Path(cache)).read_bytes()).hexdigest())


def test_of_two_processes_at_once_one_downloads(server: Server, cache: Path, tmp_path: Path) -> None:
    (tmp_path / "served" / "thing.bin").write_bytes(CONTENT)
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    arguments = (f"{server.url}/thing.bin", str(cache), queue)
    processes = [context.Process(target=_ensure_in_process, args=arguments) for _ in range(2)]
    for process in processes:
        process.start()
    digests = {queue.get(timeout=60) for _ in processes}
    for process in processes:
        process.join()
    assert digests == {hashlib.sha256(CONTENT).hexdigest()}
    assert server.requests == ["/thing.bin"]
    assert names(cache) == {"thing.bin"}


def test_an_unknown_name_gets_a_suggestion() -> None:
    with pytest.raises(MissingAssetError, match="did you mean 'inception_pytorch'"):
        locate("inception_pytroch")


def test_check_names_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MissingAssetError, match=r"absent: cannot be read.*; do this"):
        check(tmp_path / "absent", "0" * 64, "do this")


def test_the_cache_is_where_the_environment_says_or_in_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("TICKETBENCH_CACHE", "/somewhere/else")
    assert cache_directory() == Path("/somewhere/else")
    monkeypatch.delenv("TICKETBENCH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    assert cache_directory() == Path("/xdg/ticketbench")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_directory() == Path.home() / ".cache" / "ticketbench"


def test_data_sets_lie_in_the_cache_unless_the_environment_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKETBENCH_CACHE", "/somewhere")
    monkeypatch.delenv("TICKETBENCH_DATA", raising=False)
    assert data_directory() == Path("/somewhere/data")
    monkeypatch.setenv("TICKETBENCH_DATA", "/sets")
    assert data_directory() == Path("/sets")


@pytest.mark.parametrize("name", sorted(ASSETS))
def test_the_manifest_is_complete(name: str) -> None:
    asset = ASSETS[name]
    assert len(bytes.fromhex(asset.sha256)) == (32 if not asset.rounding else 4)
    assert asset.size > 0
    assert asset.urls
    assert all(url.startswith("https://") and url.endswith(asset.file) for url in asset.urls)
    assert asset.licence
    stated = asset.file.removesuffix(".pth").rpartition("-")[2]
    assert not asset.file.endswith(".pth") or asset.sha256.startswith(stated)
