"""Against clean-fid's own code, on the same numbers and on the same image files."""

import contextlib
import hashlib
import io
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import scipy.linalg
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from benchmark.features.inception import load
from benchmark.features.options import InceptionOptions
from benchmark.frechet import moments
from benchmark.metrics.kid import kernel_distance
from benchmark.prepare import ASSETS

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from cleanfid import fid as cleanfid
    from cleanfid import inception_pytorch
    from cleanfid.inception_pytorch import InceptionV3
    from cleanfid.inception_torchscript import InceptionV3W

Mode = str
Array = NDArray[np.float64]
FEATURES = 2048


class Layers(nn.Module):
    """Stands in for the network below its softmax: normalized images [B, 3, 299, 299] to [B, 2048]."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 7, stride=8)
        self.dense = nn.Linear(8 * 4, FEATURES)

    def forward(self, x: Tensor) -> Tensor:
        pooled = functional.adaptive_avg_pool2d(torch.tanh(self.conv(x)), (2, 2))
        features: Tensor = self.dense(pooled.flatten(1))
        return features


class Scripted(nn.Module):
    """Has the call signature of the published TorchScript file: pixels 0..255 of any size, resized inside."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = Layers()
        self.output = nn.Linear(FEATURES, 1008)

    def forward(self, img: Tensor, return_features: bool = False, no_output_bias: bool = False) -> Tensor:
        x = functional.interpolate(img, size=[299, 299], mode="bilinear", align_corners=False)
        features: Tensor = self.layers((x - 128.0) / 128.0)
        if return_features:
            return features
        bias = torch.zeros_like(self.output.bias) if no_output_bias else self.output.bias
        return functional.linear(features, self.output.weight, bias).softmax(dim=1)


def seeded(module: nn.Module) -> nn.Module:
    """Draw all weights from a fixed stream, so that features differ from image to image."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for layer in module.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=generator)
    return module.eval()


def save_torchscript(folder: Path) -> Path:
    """Write a TorchScript file under the published name and return its path."""
    path = folder / ASSETS["inception_torchscript"].file
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.script(seeded(Scripted())), path)
    return path


def save_state_dict(folder: Path) -> Path:
    """Write a state dict of clean-fid's own Inception under the published name and return its path."""
    path = folder / ASSETS["inception_pytorch"].file
    fetch, load = inception_pytorch.load_state_dict_from_url, nn.Module.load_state_dict
    inception_pytorch.load_state_dict_from_url = lambda *_, **__: {}
    nn.Module.load_state_dict = lambda *_, **__: None  # type: ignore[method-assign]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            network = inception_pytorch.fid_inception_v3()
    finally:
        inception_pytorch.load_state_dict_from_url = fetch
        nn.Module.load_state_dict = load  # type: ignore[method-assign]
    torch.save(seeded(network).state_dict(), path)
    return path


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def rows(seed: int, count: int, dimensions: int) -> Array:
    rng = np.random.default_rng(seed)
    return np.asarray(rng.normal(size=(count, dimensions)) * np.linspace(0.1, 2, dimensions) + 0.1 * rng.normal())


@pytest.fixture
def two_result_sqrtm(monkeypatch: pytest.MonkeyPatch) -> None:
    """SciPy 1.18 dropped the argument `disp` that clean-fid passes; give it the call it was written for."""
    plain = scipy.linalg.sqrtm

    def sqrtm(matrix: Array, disp: bool = True) -> object:
        return plain(matrix) if disp else (plain(matrix), 0.0)

    monkeypatch.setattr(cleanfid.linalg, "sqrtm", sqrtm)


@pytest.mark.usefixtures("two_result_sqrtm")
@pytest.mark.parametrize(("count", "dimensions"), [(500, 64), (200, 16), (300, 128)])
def test_frechet_distance_equals_clean_fids(count: int, dimensions: int) -> None:
    first, second = moments([rows(0, count, dimensions)]), moments([rows(1, count, dimensions)])
    theirs = cleanfid.frechet_distance(first.mean, first.covariance, second.mean, second.covariance)
    assert first.distance(second) == pytest.approx(float(theirs), rel=1e-6)


@pytest.mark.usefixtures("two_result_sqrtm")
def test_frechet_distance_equals_clean_fids_from_features() -> None:
    a, b = rows(2, 400, 48), rows(3, 250, 48)
    assert moments([a]).distance(moments([b])) == pytest.approx(float(cleanfid.fid_from_feats(a, b)), rel=1e-6)


def test_kernel_distance_equals_clean_fids_on_one_full_subset() -> None:
    # With as many images on both sides and one subset of all of them, clean-fid's estimate has no chance in it.
    a, b = rows(4, 120, 32), rows(5, 120, 32)
    theirs = cleanfid.kernel_distance(a, b, num_subsets=1, max_subset_size=120)
    assert kernel_distance(a, b) == pytest.approx(theirs, rel=1e-9)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    (tmp_path / "images").mkdir()
    for index in range(5):
        picture = rng.integers(0, 256, (24, 32, 3), dtype=np.uint8)
        Image.fromarray(picture).save(tmp_path / "images" / f"{index}.png")
    return tmp_path / "images"


def pixels_of(folder: Path) -> Tensor:
    return torch.stack([torch.from_numpy(np.array(Image.open(path))) for path in sorted(folder.iterdir())]).permute(
        0, 3, 1, 2
    )


@contextlib.contextmanager
def as_clean_fid_is() -> Iterator[None]:
    """Let clean-fid warn and print as it does."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


def theirs(folder: Path, mode: Mode, model: Callable[[Tensor], Tensor]) -> NDArray[np.float32]:
    with as_clean_fid_is():
        features = cleanfid.get_folder_features(
            str(folder), model, num_workers=0, device=torch.device("cpu"), mode=mode, verbose=False
        )
    return np.asarray(features)


@pytest.mark.parametrize("mode", ["clean", "legacy_tensorflow"])
def test_torchscript_features_equal_clean_fids_pipeline(mode: Mode, tmp_path: Path, folder: Path) -> None:
    path = save_torchscript(tmp_path)
    with as_clean_fid_is():
        network = InceptionV3W(str(tmp_path), download=False, resize_inside=mode == "legacy_tensorflow")
    options = InceptionOptions.model_validate({"mode": mode, "weights": str(path), "sha256": sha256_of(path)})
    ours = load(options, "cpu")(pixels_of(folder)).numpy()
    assert ours.std(axis=0).max() > 1e-2
    np.testing.assert_allclose(ours, theirs(folder, mode, network), rtol=1e-4, atol=1e-4)


def test_state_dict_features_equal_clean_fids_pipeline(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save_state_dict(tmp_path)
    state = torch.load(path, weights_only=True)
    monkeypatch.setattr("cleanfid.inception_pytorch.load_state_dict_from_url", lambda *_, **__: state)
    with as_clean_fid_is():
        network: nn.Module = InceptionV3(output_blocks=[3], resize_input=False).eval()
    options = InceptionOptions(mode="legacy_pytorch", weights=str(path), sha256=sha256_of(path))
    ours = load(options, "cpu")(pixels_of(folder)).numpy()
    assert ours.std(axis=0).max() > 1e-2
    expected = theirs(folder, "legacy_pytorch", lambda x: network(x / 255)[0].squeeze(-1).squeeze(-1))
    np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-4)


def test_torchscript_classes_equal_the_files_own_without_its_bias(tmp_path: Path, folder: Path) -> None:
    path = save_torchscript(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scripted = torch.jit.load(path)  # type: ignore[no-untyped-call]
    options = InceptionOptions(mode="legacy_tensorflow", weights=str(path), sha256=sha256_of(path))
    extractor, pixels = load(options, "cpu"), pixels_of(folder)
    probabilities = extractor.probabilities(extractor(pixels))
    assert probabilities.shape == (len(pixels), 1008)
    with torch.no_grad():
        expected, biased = (scripted(pixels.float(), no_output_bias=without) for without in (True, False))
    torch.testing.assert_close(probabilities, expected, rtol=1e-4, atol=1e-6)
    assert (probabilities - biased).abs().max() > 1e-5


def test_state_dict_classes_are_those_of_its_last_layer_without_its_bias(tmp_path: Path) -> None:
    path = save_state_dict(tmp_path)
    options = InceptionOptions(mode="legacy_pytorch", weights=str(path), sha256=sha256_of(path))
    features = torch.randn(3, FEATURES, generator=torch.Generator().manual_seed(2))
    weight = torch.load(path, weights_only=True)["fc.weight"]
    expected = functional.linear(features, weight).softmax(dim=1)
    torch.testing.assert_close(load(options, "cpu").probabilities(features), expected)


@pytest.mark.parametrize("mode", ["clean", "legacy_tensorflow"])
def test_gray_images_are_read_as_clean_fid_reads_them(mode: Mode, tmp_path: Path) -> None:
    path = save_torchscript(tmp_path)
    gray = np.random.default_rng(1).integers(0, 256, (3, 16, 16), dtype=np.uint8)
    (tmp_path / "gray").mkdir()
    for index, picture in enumerate(gray):
        Image.fromarray(picture).save(tmp_path / "gray" / f"{index}.png")
    with as_clean_fid_is():
        network = InceptionV3W(str(tmp_path), download=False, resize_inside=mode == "legacy_tensorflow")
    options = InceptionOptions.model_validate({"mode": mode, "weights": str(path), "sha256": sha256_of(path)})
    ours = load(options, "cpu")(torch.from_numpy(gray)[:, None]).numpy()
    np.testing.assert_allclose(ours, theirs(tmp_path / "gray", mode, network), rtol=1e-4, atol=1e-4)


def test_inception_features_do_not_depend_on_the_batch_size(tmp_path: Path, folder: Path) -> None:
    path = save_torchscript(tmp_path)
    extractor = load(InceptionOptions(weights=str(path), sha256=sha256_of(path)), "cpu")
    together = extractor(pixels_of(folder))
    one_by_one = torch.cat([extractor(image[None]) for image in pixels_of(folder)])
    torch.testing.assert_close(together, one_by_one, rtol=1e-5, atol=1e-5)
