"""The numbers of Chen et al. (2021) agree with each other, with the counting rule and with the networks described."""

from __future__ import annotations

import math
from itertools import takewhile
from pathlib import Path

import pytest

from benchmark.catalog import read_text
from benchmark.pruning.count import kept_after
from benchmark.suites import read_references

FILE = Path(__file__).parent.parent / "reference_results" / "chen2021.yaml"
REFERENCES = read_references(read_text(FILE), FILE.name)
NUMBERS = REFERENCES.numbers
CURVES = ("sngan", "horse2zebra", "zebra2horse")
ROUNDS = range(11)


def value(name: str) -> float:
    found = NUMBERS[name].value
    assert found is not None
    return found


def curve(name: str) -> list[float]:
    return [value(f"figure_{name}_round{number}_fid") for number in ROUNDS]


def matching(fids: list[float], dense: float) -> int:
    """Return the last round before the first that lies above the dense network."""
    return len(list(takewhile(lambda fid: fid <= dense, fids[1:])))


def test_the_figure_has_three_curves_of_eleven_points() -> None:
    points = [name for name, one in NUMBERS.items() if one.read == "digitised"]
    assert points == [f"figure_{name}_round{number}_fid" for name in CURVES for number in ROUNDS]


@pytest.mark.parametrize(
    ("name", "error", "ribbon"), [("sngan", 0.03, 0.15), *((name, 0.3, 1.5) for name in CURVES[1:])]
)
def test_every_point_has_its_errors_and_nobody_knows_the_runs(name: str, error: float, ribbon: float) -> None:
    for number in ROUNDS:
        one = NUMBERS[f"figure_{name}_round{number}_fid"]
        assert one.reading_error == (0.06 if (name, number) == ("sngan", 8) else error)
        assert (one.runs, one.spread, one.printed) == (None, None, None)
        assert (one.ribbon is None) == (number == 0)
        if one.ribbon is not None:
            assert (one.ribbon.reading_error, one.ribbon.means) == (ribbon, "unknown")


@pytest.mark.parametrize(("name", "rounds"), [("sngan", 5), ("horse2zebra", 5), ("zebra2horse", 8)])
def test_the_last_matching_level_is_that_of_the_means(name: str, rounds: int) -> None:
    fids = curve(name)
    assert matching(fids, fids[0]) == rounds
    assert value(f"figure_{name}_matching_sparsity") == pytest.approx(1 - 0.8**rounds)


def test_both_directions_of_cyclegan_match_where_each_does() -> None:
    both = min(value(f"figure_{name}_matching_sparsity") for name in CURVES[1:])
    assert value("figure_cyclegan_matching_sparsity") == both


def test_the_verdict_hinges_on_the_dense_network() -> None:
    anchors = ("figure_sngan_round0_fid", "third_party_sngan_pytorch_fid", "log_dense_epoch319_fid")
    assert [value(name) for name in anchors] == [15.69, 14.21, 13.33]
    assert [matching(curve("sngan"), value(name)) for name in anchors] == [5, 1, 0]
    assert REFERENCES.contradictions[0].matters_for[:3] == anchors


def test_the_abstracts_range_is_that_of_rounds_five_and_six() -> None:
    for name, rounds in (("low", 5), ("high", 6)):
        printed = NUMBERS[f"abstract_sparsity_{name}"]
        assert value(f"round{rounds}_sparsity") == pytest.approx(1 - 0.8**rounds)
        assert abs(value(f"abstract_sparsity_{name}") - value(f"round{rounds}_sparsity")) <= printed.rounding
    tickets = {"imp_g": 5, "imp_gd": 6, "imp_gd_short": 6, "imp_gd_kd": 6}
    for name, rounds in tickets.items():
        assert value(f"transfer_{name}_sparsity") == pytest.approx(1 - 0.8**rounds)


@pytest.mark.parametrize("name", ["sngan", "cyclegan"])
def test_the_survivors_of_every_round_are_those_of_the_counting_rule(name: str) -> None:
    left = prunable = int(value(f"{name}_generator_prunable"))
    for number in ROUNDS[1:]:
        left -= round(left / 5)
        assert value(f"{name}_generator_kept_round{number}") == left == kept_after(prunable, 0.2, number)


def test_the_discriminator_loses_some_weights_more() -> None:
    assert value("sngan_discriminator_kept_round10") == 112_999
    assert kept_after(int(value("sngan_discriminator_prunable")), 0.2, 10) == 113_002
    assert "112,999" in (says := REFERENCES.contradictions[5].says)
    assert "113,002" in says


def convolutions(*layers: tuple[int, int, int]) -> int:
    """Return the weights of convolutions (channels in, channels out, side of the kernel)."""
    return sum(inputs * outputs * side**2 for inputs, outputs, side in layers)


def test_the_sngans_counts_are_those_of_its_layers() -> None:
    block = ((256, 256, 3), (256, 256, 3), (256, 256, 1))
    weights = convolutions(*3 * block, (256, 3, 3))
    rest = 3 * (3 * 256 + 2 * 2 * 256) + 2 * 256 + 3 + (128 + 1) * 4096
    assert value("sngan_generator_prunable") == weights
    assert value("sngan_generator_parameters") == weights + rest
    first, second = ((3, 128, 3), (128, 128, 3), (3, 128, 1)), ((128, 128, 3), (128, 128, 3), (128, 128, 1))
    layers = (*first, *second, *4 * ((128, 128, 3),))
    assert value("sngan_discriminator_prunable") == convolutions(*layers)
    assert value("sngan_discriminator_parameters") == convolutions(*layers) + 128 * len(layers) + 128


def test_the_sngans_macs_are_those_of_its_layers() -> None:
    block = convolutions((256, 256, 3), (256, 256, 3), (256, 256, 1))
    generator = 128 * 4096 + sum(block * side**2 for side in (8, 16, 32)) + convolutions((256, 3, 3)) * 32**2
    wide, pooled = convolutions((3, 128, 3), (128, 128, 3)) * 32**2, convolutions((3, 128, 1)) * 16**2
    second = convolutions((128, 128, 3), (128, 128, 3), (128, 128, 1)) * 16**2
    discriminator = wide + pooled + second + 4 * convolutions((128, 128, 3)) * 8**2 + 128
    for name, macs in (("generator", generator), ("discriminator", discriminator)):
        one = NUMBERS[f"sngan_{name}_macs"]
        assert abs(value(f"sngan_{name}_macs") - macs) <= one.reading_error


def test_cyclegans_prunable_weights_are_those_of_its_convolutions() -> None:
    outer = ((3, 64, 7), (64, 128, 3), (128, 256, 3), (256, 128, 3), (128, 64, 3), (64, 3, 7))
    assert value("cyclegan_generator_prunable") == convolutions(*outer, *18 * ((256, 256, 3),))
    assert value("cyclegan_generator_prunable") < value("cyclegan_generator_parameters")


def test_sizes_and_shares_follow_from_the_counts() -> None:
    for name in ("sngan", "cyclegan"):
        assert value(f"{name}_generator_size") == pytest.approx(4e-6 * value(f"{name}_generator_parameters"))
    parameters, prunable = value("sngan_generator_parameters"), value("sngan_generator_prunable")
    for number, share in ((5, "41.2 %"), (6, "35.4 %")):
        left = value(f"sngan_generator_kept_round{number}") + parameters - prunable
        assert f"{100 * left / parameters:.1f} %" == share
        assert share in REFERENCES.contradictions[3].says


def test_lengths_follow_from_each_other() -> None:
    batches = math.ceil(50_000 / 64)
    assert value("sngan_discriminator_steps") == value("sngan_epochs") * batches
    assert value("sngan_generator_steps") == value("sngan_discriminator_steps") / 5
    evaluated = [name for name in NUMBERS if name.startswith("log_dense_epoch")]
    assert len(evaluated) == value("sngan_evaluations")


def test_each_class_of_evidence_has_its_own_places() -> None:
    origins = {
        "text": ("abstract",),
        "code": ("VITA-Group/GAN-LTH at a41f1ef",),
        "digitised": ("VITA-Group/GAN-LTH at a41f1ef, Figs/result.png",),
        "derived": ("1 - 0.8^", "VITA-Group/GAN-LTH at a41f1ef, Figs/result.png", "4 bytes times "),
        "third party": ("Shiweiliuiiiiiii/", "GongXinyuu/", "github.com/VITA-Group/AutoGAN/issues/3"),
    }
    for name, one in NUMBERS.items():
        if one.read is not None:
            assert (one.source or "").startswith(origins[one.read]), name
        assert (one.read == "third party") == name.startswith(("log_", "third_party_")), name


@pytest.mark.parametrize("group", ["discriminator_", "pruning_", "rewinding_", "channels_"])
def test_results_that_stand_only_in_the_paper_are_not_sourced(group: str) -> None:
    results = [one for name, one in NUMBERS.items() if name.startswith(group)]
    assert len(results) >= 4
    assert all(one.status == "not sourced" for one in results)


def test_results_of_transfer_are_not_sourced() -> None:
    results = [one for name, one in NUMBERS.items() if name.startswith("transfer_") and name.endswith("_fid")]
    assert [one.status for one in results] == ["not sourced"] * 4
