import hashlib
import sys
from pathlib import Path

import pytest
import torch

from benchmark.errors import MissingAssetError
from benchmark.features import EXTRACTORS
from benchmark.features.inception import load
from benchmark.features.options import InceptionOptions
from benchmark.prepare import ASSETS
from benchmark.schema.record import Resolved, Selection
from benchmark.table import OptionError

TORCHSCRIPT = ASSETS["inception_torchscript"].file


@pytest.mark.parametrize(
    ("mode", "asset"),
    [
        ("clean", "inception_torchscript"),
        ("legacy_tensorflow", "inception_torchscript"),
        ("legacy_pytorch", "inception_pytorch"),
    ],
)
def test_absent_weights_name_the_command_that_brings_them(mode: str, asset: str, tmp_path: Path) -> None:
    options = InceptionOptions.model_validate({"mode": mode})
    with pytest.raises(MissingAssetError, match=f"ticketbench prepare --asset {asset}"):
        load(options, "cpu", tmp_path)
    assert EXTRACTORS["inception"].facts["assets"](options) == (asset,)


def test_a_given_file_needs_no_download_but_the_published_hash(tmp_path: Path) -> None:
    path = tmp_path / TORCHSCRIPT
    path.write_bytes(b"something else")
    options = InceptionOptions(weights=str(path))
    assert EXTRACTORS["inception"].facts["assets"](options) == ()
    with pytest.raises(MissingAssetError, match=r"SHA-256 is .* state its hash"):
        load(options, "cpu")


def test_a_given_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingAssetError, match="absent"):
        load(InceptionOptions(weights=str(tmp_path / "absent")), "cpu")


def test_a_hash_without_a_file_is_refused() -> None:
    with pytest.raises(OptionError, match="goes with 'weights'"):
        EXTRACTORS.resolve(Selection.model_validate({"name": "inception", "sha256": "0" * 64}))


def test_a_renamed_file_is_refused_with_the_name_it_needs(tmp_path: Path) -> None:
    path = tmp_path / "mine.pt"
    path.write_bytes(b"weights")
    options = InceptionOptions(weights=str(path), sha256=hashlib.sha256(b"weights").hexdigest())
    with pytest.raises(MissingAssetError, match=TORCHSCRIPT):
        load(options, "cpu")


@pytest.mark.parametrize("mode", ["clean", "legacy_pytorch"])
@pytest.mark.parametrize("content", [b"", b"no archive at all", b"PK\x03\x04"])
def test_a_file_of_another_format_is_one_clear_line(mode: str, content: bytes, tmp_path: Path) -> None:
    options = InceptionOptions.model_validate({"mode": mode})
    path = tmp_path / ASSETS[options.asset].file
    path.write_bytes(content)
    given = {"mode": mode, "weights": str(path), "sha256": hashlib.sha256(content).hexdigest()}
    with pytest.raises(MissingAssetError, match="not the weights that the mode") as caught:
        load(InceptionOptions.model_validate(given), "cpu")
    assert "\n" not in str(caught.value)


def test_a_state_dict_with_code_in_it_is_not_run(tmp_path: Path) -> None:
    path = tmp_path / ASSETS["inception_pytorch"].file
    torch.save({"weight": Trap(tmp_path / "sprung")}, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(MissingAssetError, match="not the weights"):
        load(InceptionOptions(mode="legacy_pytorch", weights=str(path), sha256=digest), "cpu")
    assert not (tmp_path / "sprung").exists()


class Trap:
    """Makes a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self.path,)


def test_without_torchvision_the_message_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torchvision", None)
    monkeypatch.delitem(sys.modules, "cleanfid.inception_pytorch", raising=False)
    monkeypatch.delattr("cleanfid.inception_pytorch", raising=False)
    path = tmp_path / ASSETS["inception_pytorch"].file
    torch.save({}, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(MissingAssetError, match="torch and torchvision from one source"):
        load(InceptionOptions(mode="legacy_pytorch", weights=str(path), sha256=digest), "cpu")


def test_the_mode_is_clean_unless_another_is_named() -> None:
    assert EXTRACTORS.resolve(Selection(name="inception")) == Resolved(
        name="inception", options={"mode": "clean", "weights": None, "sha256": None}
    )
