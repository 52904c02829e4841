"""The numbers of Yeo et al. (2023) agree with each other and with the networks described."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from benchmark.catalog import read_text
from benchmark.suites import read_references

FILE = Path(__file__).parent.parent / "reference_results" / "yeo2023.yaml"
REFERENCES = read_references(read_text(FILE), FILE.name)
NUMBERS = REFERENCES.numbers
PAIRS = {
    "gfmn_lsun_bedroom": (17.32, 17.32),
    "biggan_celeba": (7.76, 10.96),
    "sngan_celeba": (12.08, 16.60),
}


def value(name: str) -> float:
    found = NUMBERS[name].value
    assert found is not None
    return found


def test_six_fids_were_read_and_no_more() -> None:
    fids = {name for name, one in NUMBERS.items() if one.unit == "FID" and one.read not in (None, "derived")}
    assert fids == {f"{pair}_{network}_fid" for pair in PAIRS for network in ("dense", "ticket")}
    assert all(NUMBERS[name].read == "page" and NUMBERS[name].runs is None for name in fids)


@pytest.mark.parametrize(("pair", "fids"), PAIRS.items())
def test_a_change_is_the_difference_of_its_pair(pair: str, fids: tuple[float, float]) -> None:
    dense, ticket = (NUMBERS[f"{pair}_{network}_fid"] for network in ("dense", "ticket"))
    assert (dense.value, ticket.value) == fids
    change = NUMBERS[f"{pair}_fid_change"]
    assert change.value == pytest.approx(fids[1] - fids[0])
    assert change.reading_error == pytest.approx(dense.rounding + ticket.rounding)


def test_what_asks_for_care_says_so() -> None:
    for network in ("dense", "ticket"):
        assert any("identical" in text for text in NUMBERS[f"gfmn_lsun_bedroom_{network}_fid"].cautions)
    for pair in ("biggan_celeba", "sngan_celeba"):
        assert any("observed degradation" in text for text in NUMBERS[f"{pair}_ticket_fid"].cautions)
    for pair in PAIRS:
        assert any("states no protocol" in text for text in NUMBERS[f"{pair}_dense_fid"].cautions)


@pytest.mark.parametrize("name", ["abstract_sparsity", "ticket_sparsity", "code_sparsity"])
def test_the_fraction_kept_is_converted_and_said_to_be(name: str) -> None:
    assert value(name) == pytest.approx(1 - 0.1)
    assert "converted to 1 - 0.1" in (NUMBERS[name].source or "")


@pytest.mark.parametrize("model", ["gfmn", "biggan", "sngan"])
def test_printed_tickets_are_a_tenth_of_their_networks(model: str) -> None:
    ticket = NUMBERS[f"{model}_ticket_parameters"]
    assert abs(value(f"{model}_ticket_parameters") - 0.1 * value(f"{model}_parameters")) <= ticket.rounding


def generator(widths: tuple[int, ...], latents: int, skips: bool = True) -> int:
    """Return the weights of GFMN's generator: a 4x4, blocks of two 3x3 with a 1x1 beside them, a 3x3 to the colors."""
    blocks = sum(9 * (inputs * outputs + outputs**2) + skips * inputs * outputs for inputs, outputs in pairwise(widths))
    return 16 * latents * widths[0] + blocks + 9 * widths[-1] * 3


def test_gfmns_weights_are_those_of_its_layers() -> None:
    wide, narrow = (1024, 512, 256, 128, 64), (512, 256, 128, 64)
    assert value("code_gfmn64_weights") == generator(wide, 128)
    assert value("code_gfmn64_nz100_weights") == generator(wide, 100)
    assert value("code_gfmn64_nz100_weights_without_skips") == generator(wide, 100, skips=False)
    assert value("code_gfmn64_skip_weights") == generator(wide, 100) - generator(wide, 100, skips=False)
    assert value("code_gfmn32_weights") == generator(narrow, 128)
    assert value("code_gfmn32_nz100_weights") == generator(narrow, 100)
    for name in ("gfmn64", "gfmn64_nz100", "gfmn32", "gfmn32_nz100", "sngan64"):
        assert 0 < value(f"code_{name}_parameters") - value(f"code_{name}_weights") < 12_000


@pytest.mark.parametrize("side", [32, 64])
def test_features_are_those_of_vgg19(side: int) -> None:
    channels = (64, 64, 128, 128, *4 * [256], *8 * [512])
    halvings = (0, 0, 1, 1, *4 * [2], *4 * [3], *4 * [4])
    maps = (width * (side >> halved) ** 2 for width, halved in zip(channels, halvings, strict=True))
    assert value(f"code_features{side}") == sum(maps)


def test_the_search_for_the_best_evaluation_is_as_long_as_said() -> None:
    evaluations = value("code_steps") / value("code_evaluation_interval")
    assert any(f"{evaluations:,.0f}" in found.says for found in REFERENCES.contradictions)


def test_each_class_of_evidence_has_its_own_places() -> None:
    for name, one in NUMBERS.items():
        where = one.place.section or ""
        assert (one.read == "code") <= (where == "authors' code"), name
        assert (one.read == "page") <= (where == "project page"), name
        assert one.read in (None, "text", "page", "code", "derived"), name


@pytest.mark.parametrize(
    "group",
    ["table1_", "pretrained_", "trained_further", "baby_imagenet", "precision", "recall", "density", "coverage"],
)
def test_results_that_stand_only_in_the_paper_are_not_sourced(group: str) -> None:
    results = [one for name, one in NUMBERS.items() if name.startswith(group)]
    assert results
    assert all(one.status == "not sourced" for one in results)
