"""Against torchvision's own model on random weights."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import inception_v3
from torchvision.transforms import functional as transforms

from benchmark.errors import MissingAssetError
from benchmark.features import EXTRACTORS
from benchmark.features.inception_torchvision import load, normalized
from benchmark.features.options import TorchvisionInceptionOptions
from benchmark.prepare import ASSETS
from benchmark.schema.record import Selection
from benchmark.streams import stream
from benchmark.table import OptionError


@pytest.fixture(scope="module")
def network() -> Any:
    """torchvision's own model, every weight and running statistic drawn."""
    with torch.device("meta"):
        network = inception_v3(weights=None, init_weights=False)
    network.to_empty(device="cpu")
    chance = torch.Generator().manual_seed(0)
    for name, tensor in network.state_dict().items():
        if tensor.ndim > 1:
            nn.init.kaiming_normal_(tensor, nonlinearity="relu", generator=chance)
        elif tensor.is_floating_point():
            tensor.uniform_(*((0.5, 1.5) if name.endswith(("weight", "var")) else (-0.2, 0.2)), generator=chance)
        else:
            tensor.zero_()
    return network.eval()


@pytest.fixture(scope="module")
def given(network: Any, tmp_path_factory: pytest.TempPathFactory) -> TorchvisionInceptionOptions:
    path = tmp_path_factory.mktemp("weights") / "mine.pth"
    torch.save(network.state_dict(), path)
    return TorchvisionInceptionOptions(weights=str(path), sha256=hashlib.sha256(path.read_bytes()).hexdigest())


def pixels(channels: int, height: int = 20, width: int = 24) -> Tensor:
    shape = (3, channels, height, width)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=stream(0, "pixels"))


def theirs(network: Any, images: Tensor) -> Tensor:
    """The pooled features and class probabilities of images, by torchvision's transforms and its whole network."""
    values = functional.interpolate(images.float(), size=(299, 299), mode="bilinear", align_corners=False) / 255
    seen = transforms.normalize(values, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    pooled: list[Tensor] = []
    hook = network.avgpool.register_forward_hook(lambda module, inputs, output: pooled.append(output.flatten(1)))
    with torch.no_grad():
        logits = network(seen)
    hook.remove()
    return torch.cat([pooled[0], logits.softmax(dim=1)], dim=1)


@pytest.mark.parametrize("channels", [3, 1])
def test_features_and_classes_equal_those_of_torchvisions_own_model(
    network: Any, given: TorchvisionInceptionOptions, channels: int
) -> None:
    images = pixels(channels)
    extractor = load(given, "cpu")
    features = extractor(images)
    found = torch.cat([features, extractor.probabilities(features)], dim=1)
    expected = theirs(network, images.expand(-1, 3, -1, -1))
    assert features.shape == (3, extractor.dimensions) == (3, 2048)
    assert features.std(dim=0).max() > 1e-2
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    assert extractor.sha256 == given.sha256


def test_an_image_is_made_smaller_without_antialiasing() -> None:
    # Two pixels become one by their plain mean, while PIL weighs four of them.
    image = pixels(3, 598, 598)[:1]
    shrunk = np.asarray(
        Image.fromarray(image[0].permute(1, 2, 0).numpy()).resize((299, 299), Image.Resampling.BILINEAR)
    )
    values = normalized(image)[0, 0] * 0.229 + 0.485
    plain = image[0, 0].float().unfold(0, 2, 2).unfold(1, 2, 2).mean(dim=(2, 3)) / 255
    torch.testing.assert_close(values, plain, rtol=0, atol=1e-5)
    assert np.abs(shrunk[..., 0] / 255 - values.numpy()).max() > 0.05


def test_building_it_draws_nothing_from_global_chance(given: TorchvisionInceptionOptions) -> None:
    before = torch.random.get_rng_state()
    load(given, "cpu")
    assert torch.equal(torch.random.get_rng_state(), before)


def test_the_published_weights_are_asked_for_by_name(tmp_path: Path) -> None:
    options = TorchvisionInceptionOptions()
    with pytest.raises(MissingAssetError, match="ticketbench prepare --asset inception_torchvision"):
        load(options, "cpu", tmp_path)
    assert EXTRACTORS["inception_torchvision"].facts["assets"](options) == ("inception_torchvision",)


def test_the_manifest_has_the_address_that_torchvision_publishes() -> None:
    from torchvision.models import Inception_V3_Weights

    weights, asset = Inception_V3_Weights.IMAGENET1K_V1, ASSETS["inception_torchvision"]
    assert asset.urls == (weights.url,)
    assert round(asset.size / 2**20, 3) == weights.meta["_file_size"]


def test_a_given_file_needs_no_download_but_the_published_hash(tmp_path: Path) -> None:
    path = tmp_path / "mine.pth"
    path.write_bytes(b"something else")
    options = TorchvisionInceptionOptions(weights=str(path))
    assert EXTRACTORS["inception_torchvision"].facts["assets"](options) == ()
    with pytest.raises(MissingAssetError, match=r"SHA-256 is .* state its hash"):
        load(options, "cpu")
    with pytest.raises(OptionError, match="goes with 'weights'"):
        EXTRACTORS.resolve(Selection.model_validate({"name": "inception_torchvision", "sha256": "0" * 64}))


class Trap:
    """Makes a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self.path,)


def test_a_file_that_is_not_the_network_is_one_clear_line_and_nothing_in_it_is_run(tmp_path: Path) -> None:
    path = tmp_path / "mine.pth"
    for content in ({"weight": Trap(tmp_path / "sprung")}, {"weight": torch.zeros(1)}, b"no archive"):
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            torch.save(content, path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        with pytest.raises(MissingAssetError, match="not the weights of torchvision's Inception-v3") as caught:
            load(TorchvisionInceptionOptions(weights=str(path), sha256=digest), "cpu")
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "sprung").exists()


def test_without_torchvision_the_message_says_how_to_install_it(
    given: TorchvisionInceptionOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torchvision.models", None)
    with pytest.raises(MissingAssetError, match="torch and torchvision from one source"):
        load(given, "cpu")
