"""`verify` ends with the code that its verdicts deserve: 0, 1, 3 or 4, the first that applies."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmark.artifacts import ResultsDir
from benchmark.campaigns import Request, prepare_suite
from benchmark.schema.job import Campaign
from tests.end_to_end.conftest import Call

NOISY = (
    "claims.sparser={says: A ticket reconstructs better by a little., source: {paper: a test}, kind: beats, "
    "metric: mse, compare: [{arm: winning@1, baseline: winning@0}], by: {absolute: 0.0, because: any gain counts here}}"
)


@pytest.mark.parametrize(
    ("change", "code", "label"),
    [
        ((), 0, "holds at small scale"),
        (("claims.sparser.expect=not reproduced",), 1, "holds at small scale"),
        (("claims.sparser.by.absolute=0.9", "claims.sparser.expect=any"), 0, "does not hold at small scale"),
        (("claims.sparser.by.absolute=0.9",), 1, "does not hold at small scale"),
        ((NOISY, "seeds=2"), 3, "inconclusive"),
        ((NOISY, "seeds=2", "claims.sparser.expect=any"), 0, "inconclusive"),
    ],
)
def test_verify_ends_with_the_code_of_its_verdicts(
    coder: Path, coded_copy: Path, call: Call, change: tuple[str, ...], code: int, label: str
) -> None:
    # The same jobs in a campaign that was begun with other claims: nothing has to be trained again.
    suite = prepare_suite(Request(str(coder), "small", change))
    ResultsDir(coded_copy).write_campaign(Campaign(device="cpu", suites={"coder": suite}))
    junit = coded_copy / "verdicts.xml"
    found, out, _ = call("verify", coded_copy, "--json", "--junit", junit)
    verdict = json.loads(out)["verdicts"][0]
    assert (found, verdict["label"]) == (code, label), verdict["reason"]
    case = next(ElementTree.parse(junit).getroot().iter("testcase"))
    assert case.get("name") == "sparser"
    assert (case.find("failure") is not None) == (code == 1)


def test_a_diverged_training_is_an_outcome_and_a_failed_one_is_not(coder: Path, tmp_path: Path, call: Call) -> None:
    folder = tmp_path / "diverged"
    arguments = ["run", coder, "--results", folder, "--executor", "inline", "--device", "cpu"]
    wild = ["--set", "experiments.dense.training.optimizers.*={name: sgd, lr: 1.0e+30}"]
    code, _, err = call(*arguments, *wild)
    assert code == 0
    assert err.count("diverged conv_autoencoder") == 6
    code, _, err = call("verify", folder)
    assert code in {0, 1, 3}
    assert "6 diverged" in err

    folder = tmp_path / "failed"
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (tmp_path / "data/MNIST/raw").mkdir(parents=True, exist_ok=True)
        (tmp_path / f"data/MNIST/raw/{name}-ubyte").write_bytes(b"no digits")
    spoiled = ["--set", "experiments.dense.dataset={name: mnist, image_size: 32}", "--data", tmp_path / "data"]
    code, _, err = call(*arguments[:3], folder, *arguments[4:], *spoiled)
    assert code == 4
    assert err.count("failed conv_autoencoder") == 3
    assert "train-images-idx3-ubyte: not an IDX file" in err
    assert call("verify", folder)[0] == 4
