"""Published weights: the cached download or a file of one's own, with the hash that it really has."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import ClassVar, cast

import pytest
from pydantic import ValidationError

from benchmark.errors import MissingAssetError
from benchmark.prepare import ASSETS, Asset
from benchmark.published import PublishedOptions, weights_of

CONTENT = b"published weights"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class ThingOptions(PublishedOptions):
    asset: ClassVar[str] = "thing"


@pytest.fixture(autouse=True)
def asset(monkeypatch: pytest.MonkeyPatch) -> Asset:
    """Weights of whose hash eight digits are published."""
    thing = Asset("thing.pth", (), DIGEST[:8], len(CONTENT), "MIT", "a thing", "this test")
    monkeypatch.setitem(cast("dict[str, Asset]", ASSETS), "thing", thing)
    return thing


def test_the_cached_download_comes_with_its_whole_hash(asset: Asset, tmp_path: Path) -> None:
    (tmp_path / asset.file).write_bytes(CONTENT)
    assert weights_of(ThingOptions(), tmp_path) == (tmp_path / asset.file, DIGEST)
    assert ThingOptions().assets == ("thing",)


def test_an_absent_or_altered_download_is_to_be_prepared(asset: Asset, tmp_path: Path) -> None:
    with pytest.raises(MissingAssetError, match="not there; `ticketbench prepare --asset thing`"):
        weights_of(ThingOptions(), tmp_path)
    (tmp_path / asset.file).write_bytes(CONTENT[::-1])
    with pytest.raises(MissingAssetError, match=f"expected {DIGEST[:8]}; `ticketbench prepare --asset thing`"):
        weights_of(ThingOptions(), tmp_path)


def test_a_file_of_ones_own_is_the_published_one_or_has_the_hash_stated(tmp_path: Path) -> None:
    path = tmp_path / "mine.pth"
    path.write_bytes(CONTENT)
    assert weights_of(ThingOptions(weights=str(path)), None) == (path, DIGEST)
    path.write_bytes(b"my own")
    own = hashlib.sha256(b"my own").hexdigest()
    assert weights_of(ThingOptions(weights=str(path), sha256=own), None) == (path, own)
    assert ThingOptions(weights=str(path)).assets == ()
    with pytest.raises(MissingAssetError, match=rf"expected {DIGEST[:8]}; .* state its hash"):
        weights_of(ThingOptions(weights=str(path)), None)


def test_a_hash_goes_with_a_file() -> None:
    with pytest.raises(ValidationError, match="goes with 'weights'"):
        ThingOptions(sha256=DIGEST)
