"""VGG activations on random weights: against torchvision's own networks, and what is checked of a file."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision import models
from torchvision.transforms.functional import normalize

from benchmark.activations import ACTIVATIONS
from benchmark.activations.activations import Activations
from benchmark.activations.vgg import build
from benchmark.errors import MissingAssetError
from benchmark.prepare import ASSETS
from benchmark.schema.record import Selection
from benchmark.streams import stream
from benchmark.table import OptionError

BLOCKS = {"vgg16": (2, 2, 3, 3, 3), "vgg19_bn": (2, 2, 4, 4, 4)}


def parsed(name: str, **options: Any) -> Any:
    return ACTIVATIONS.parse(ACTIVATIONS.resolve(Selection.model_validate({"name": name, **options})))


def values(network: nn.Module) -> dict[str, Tensor]:
    """Return random weights of a scale at which all layers stay alive, and statistics that are not the default."""
    found = {}
    for name, tensor in network.state_dict().items():
        chance = torch.randn(tensor.shape, generator=stream(0, name))
        fan_in = tensor[0].numel() if tensor.ndim == 4 else 1
        found[name] = chance * (2.0 / fan_in) ** 0.5 if tensor.ndim == 4 else chance.abs() / 4 + 0.5
        if name.endswith("num_batches_tracked"):
            found[name] = tensor
    return found


@pytest.fixture(scope="module")
def torchvisions() -> dict[str, nn.Sequential]:
    """The convolutions of torchvision's networks with random weights."""
    networks = {}
    for name in BLOCKS:
        with torch.device("meta"):
            features = getattr(models, name)(weights=None, init_weights=False).features
        networks[name] = features.to_empty(device="cpu")
        networks[name].load_state_dict(values(networks[name]))
    return networks


@pytest.fixture(scope="module")
def files(
    torchvisions: dict[str, nn.Sequential], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, str]]:
    """The weights as files, as options name them."""
    found = {}
    for name, features in torchvisions.items():
        path = tmp_path_factory.mktemp("weights") / "mine.pth"
        torch.save({f"features.{key}": tensor for key, tensor in features.state_dict().items()}, path)
        found[name] = {"weights": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    return found


def load(name: str, **options: Any) -> Activations:
    activations: Activations = ACTIVATIONS[name].load()(parsed(name, **options), "cpu", None)
    return activations


def expected(features: nn.Sequential, images: Tensor) -> list[Tensor]:
    """Return what comes out of every ReLU of torchvision's network, its own normalization before it."""
    given = normalize((images.expand(-1, 3, -1, -1) + 1) / 2, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    found = []
    for module in features:
        given = module(given)
        if isinstance(module, nn.ReLU):
            found.append(given.clone())
    return found


@pytest.mark.parametrize(("name", "channels"), [("vgg16", 3), ("vgg19_bn", 3), ("vgg19_bn", 1)])
def test_the_layers_are_those_of_torchvision(
    name: str, channels: int, files: dict[str, dict[str, str]], torchvisions: dict[str, nn.Sequential]
) -> None:
    options: dict[str, Any] = {"layers": list(ACTIVATIONS[name].options.known)}  # type: ignore[attr-defined]
    images = torch.rand(3, channels, 32, 32, generator=stream(1, "images")) * 2 - 1
    modes = (True, False) if name == "vgg19_bn" else (False,)
    for batch_statistics in modes:
        mode = {"batch_statistics": batch_statistics} if name == "vgg19_bn" else {}
        activations = load(name, **files[name], **options, **mode)
        assert activations.mixes_batch is batch_statistics
        torchvisions[name].train(batch_statistics)
        with torch.no_grad():
            wanted = expected(torchvisions[name], images)
            torchvisions[name].load_state_dict(values(torchvisions[name]))  # a pass in training mode moved statistics
            seen = activations(images)
        assert len(seen) == len(wanted) == len(activations.layers) == sum(BLOCKS[name])
        for ours, theirs in zip(seen, wanted, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


def test_layers_are_chosen_by_name_and_those_after_them_are_not_computed(files: dict[str, dict[str, str]]) -> None:
    images = torch.rand(2, 3, 16, 16, generator=stream(1, "images"))
    every = load("vgg16", **files["vgg16"], layers=list(ACTIVATIONS["vgg16"].options.known))  # type: ignore[attr-defined]
    some = load("vgg16", **files["vgg16"])
    assert some.layers == ("relu1_2", "relu2_2", "relu3_3", "relu4_3")
    found = dict(zip(every.layers, every(images), strict=True))
    assert all(torch.equal(found[name], one) for name, one in zip(some.layers, some(images), strict=True))
    assert sum(isinstance(module, nn.Conv2d) for module in some.network.modules()) == 10


def test_gradients_reach_the_images_and_nothing_else(files: dict[str, dict[str, str]]) -> None:
    activations = load("vgg19_bn", **files["vgg19_bn"])
    before = {name: tensor.clone() for name, tensor in activations.network.state_dict().items()}
    images = torch.rand(2, 3, 16, 16, generator=stream(1, "images")).requires_grad_()
    (slopes,) = torch.autograd.grad(torch.stack([layer.mean() for layer in activations(images)]).sum(), images)
    assert slopes.abs().sum() > 0
    assert not any(parameter.requires_grad for parameter in activations.network.parameters())
    assert all(torch.equal(before[name], tensor) for name, tensor in activations.network.state_dict().items())


@pytest.mark.parametrize(("size", "count"), [(32, 303_104), (64, 1_212_416)])
def test_vgg19_has_as_many_values_as_gfmn_matches(size: int, count: int) -> None:
    options = parsed("vgg19_bn")
    assert ACTIVATIONS["vgg19_bn"].facts["count"](options, (3, size, size)) == count
    seen = build(options)(torch.empty(2, 3, size, size, device="meta"))
    assert sum(layer[0].numel() for layer in seen) == count


def test_images_too_small_for_a_layer_are_refused() -> None:
    count = ACTIVATIONS["vgg19_bn"].facts["count"]
    assert count(parsed("vgg19_bn"), (3, 16, 16)) == 75_776
    with pytest.raises(ValueError, match="'relu5_4' needs images of 16x16 at least"):
        count(parsed("vgg19_bn"), (3, 15, 32))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layers": ["relu1_3"]}, "unknown layer 'relu1_3'; did you mean"),
        ({"layers": ["relu2_1", "relu1_1"]}, "order of the network: relu1_1, relu2_1"),
        ({"layers": []}, "at least 1"),
        ({"sha256": "0" * 64}, "goes with 'weights'"),
    ],
)
def test_what_no_network_has_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        parsed("vgg16", **options)


@pytest.mark.parametrize("name", sorted(BLOCKS))
def test_absent_weights_name_the_command_that_brings_them(name: str, tmp_path: Path) -> None:
    assert ACTIVATIONS[name].facts["assets"](parsed(name)) == (name,)
    with pytest.raises(MissingAssetError, match=f"ticketbench prepare --asset {name}"):
        ACTIVATIONS[name].load()(parsed(name), "cpu", tmp_path)


def test_a_file_is_held_against_all_published_digits(tmp_path: Path) -> None:
    path = tmp_path / "mine.pth"
    path.write_bytes(b"something else")
    for name in BLOCKS:
        assert ACTIVATIONS[name].facts["assets"](parsed(name, weights=str(path))) == ()
        with pytest.raises(MissingAssetError, match=f"expected {ASSETS[name].sha256}; .* state its hash"):
            load(name, weights=str(path))


@pytest.mark.parametrize("content", [{"features.0.weight": torch.zeros(1)}, {}, [1], Path])
def test_a_file_of_something_else_is_one_clear_line(content: object, tmp_path: Path) -> None:
    path = tmp_path / "mine.pth"
    torch.save(content, path)
    with pytest.raises(MissingAssetError, match="not the weights that this network has") as caught:
        load("vgg16", weights=str(path), sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    assert "\n" not in str(caught.value)


def test_without_values_nothing_is_read(tmp_path: Path) -> None:
    activations = ACTIVATIONS["vgg16"].load()(parsed("vgg16"), "meta", tmp_path)
    assert activations.sha256 is None
    assert [layer.shape[1] for layer in activations(torch.empty(1, 3, 32, 32, device="meta"))] == [64, 128, 256, 512]
