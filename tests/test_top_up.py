"""More seeds for open claims: which jobs, which verdicts, whatever else runs and wherever it is stopped."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.artifacts import ResultsDir
from benchmark.cli import app
from benchmark.errors import UsageError
from benchmark.judge import judge
from benchmark.schema.job import CampaignSuite, PlannedJob
from benchmark.schema.measurement import Outcome
from benchmark.top_up import run_looks
from reports.build import build
from tests.looks import CLAIMS, TEXT, Lab, Value
from tests.tiny import contents, planned, run, suite_of


@pytest.fixture(scope="module")
def suite() -> CampaignSuite:
    return suite_of(TEXT)


def wavering(until: int) -> Value:
    """The GAN's ticket is open against its dense parent until it has so many seeds; all else is clear at once."""

    def value(experiment: str, level: int, seed: int) -> float:
        if experiment == "gan_imp" and level == 2:
            return 9.0 + (0.01 * seed if seed >= 3 else (seed - 1) * 3.0 / (until - 2))
        return {"auto": 5.0, "auto_imp": 5.0, "gan_random": 30.0}.get(experiment, 10.0) + 0.001 * seed * (level + 1)

    return value


def test_an_open_claim_goes_on_until_it_is_decided_with_its_own_arms_alone(
    tmp_path: Path, suite: CampaignSuite
) -> None:
    lab = Lab(tmp_path, wavering(5))
    told = lab.top_up(suite)
    found = lab.verdicts()
    assert told[0] == "small_networks/image was open with 3 seeds: look 2 of 3 takes 5"
    assert {name: one.status for name, one in found.items()} == dict.fromkeys(CLAIMS, "reproduced")
    assert lab.looks() == {"image": 2}
    assert [len(one.parts[0].arm.observations) for one in found.values()] == [3, 5, 3, 3]
    # Those of two seeds more: the ticket, what it needs and its parent, and neither autoencoders nor random tickets.
    more = set(lab.ran) - {planned.id for planned in suite.plan.jobs}
    eight = planned(TEXT, ["top_up=null", "seeds=8"])
    wanted = {arm.job for arm in eight.arms if arm.experiment == "gan_imp" and arm.seed in (103, 104)}
    assert more == wanted
    assert lab.code() == 0


def test_levels_are_those_of_the_look_and_the_reason_says_so(tmp_path: Path, suite: CampaignSuite) -> None:
    lab = Lab(tmp_path, wavering(5))
    lab([suite], frozenset())
    first = lab.verdicts()["image"]
    assert first.status == "inconclusive"
    assert "at look 1 of 3, the 96.2 % interval of the disadvantage" in first.reason
    assert first.reason.endswith("; look 2 of 3 may decide with its 5 seeds")
    lab.top_up(suite)
    found = lab.verdicts()
    effects = {name: one.parts[0].effect for name, one in found.items()}
    assert {name: one.level for name, one in effects.items() if one is not None} == pytest.approx(
        {"ticket": 0.9625, "image": 0.975, "random": 0.9625, "size": 0.90}
    )
    assert "at look 2 of 3, the 97.5 % interval" in found["image"].reason
    assert "look" not in found["size"].reason
    assert (found["image"].look, found["size"].look) == (found["image"].parts[0].look, None)


def test_without_a_schedule_verdicts_are_what_they_were(tmp_path: Path) -> None:
    plain = suite_of(TEXT, ["top_up=null"])
    lab = Lab(tmp_path, wavering(5))
    lab([plain], frozenset())
    effect = lab.verdicts()["image"].parts[0].effect
    assert effect is not None
    assert effect.level == 0.90
    assert "look" not in lab.verdicts()["image"].reason
    with pytest.raises(UsageError, match="no suite here declares 'top_up'"):
        lab.top_up(plain)


def alternating(experiment: str, level: int, seed: int) -> float:
    """Tickets of level 2 stay as good and as bad as all others, however many seeds there are."""
    return 10.0 + (experiment == "gan_imp" and level == 2) * (seed % 2) * 2.0 - (experiment == "gan_random")


def test_an_open_claim_ends_with_the_last_look(tmp_path: Path, suite: CampaignSuite) -> None:
    lab = Lab(tmp_path, alternating)
    lab.top_up(suite)
    found = lab.verdicts()["image"]
    assert (lab.looks()["image"], found.status) == (3, "inconclusive")
    assert "at look 3 of 3, the 96.2 % interval" in found.reason
    assert "may decide" not in found.reason


def test_not_reproduced_is_a_decision_too(tmp_path: Path, suite: CampaignSuite) -> None:
    lab = Lab(tmp_path, lambda experiment, level, seed: 10.0 + (level == 2) * (9.0 + 0.1 * seed))
    lab.top_up(suite, "image")
    assert lab.verdicts()["image"].status == "not reproduced"
    assert (lab.looks(), len(lab.rounds)) == ({}, 1)


@settings(max_examples=4, deadline=None)
@given(values=st.lists(st.floats(-4, 4), min_size=16, max_size=16), claim=st.sampled_from(["image", "random"]))
def test_a_verdict_never_depends_on_which_other_claims_ran(
    suite: CampaignSuite, values: list[float], claim: str
) -> None:
    def value(experiment: str, level: int, seed: int) -> float:
        return 10.0 + values[(seed + 3 * level + len(experiment)) % 16]

    with tempfile.TemporaryDirectory() as folder:
        alone, together = Lab(Path(folder) / "alone", value), Lab(Path(folder) / "together", value)
        alone.top_up(suite, claim)
        together.top_up(suite)
        assert set(alone.looks()) <= {claim}
        assert alone.looks().get(claim) == together.looks().get(claim)
        assert alone.verdicts()[claim] == together.verdicts()[claim]
        # Topping the rest up afterwards comes to the same as all at once.
        alone.top_up(suite)
        assert alone.verdicts() == together.verdicts()


def test_seeds_that_another_claim_brought_are_not_seen(tmp_path: Path, suite: CampaignSuite) -> None:
    lab = Lab(tmp_path, alternating)
    lab([suite], frozenset())
    before = lab.verdicts()["random"]
    lab.top_up(suite, "image")  # which shares the arm gan_imp@2
    assert lab.looks() == {"image": 3}
    assert lab.verdicts()["random"] == before


def test_stopped_anywhere_it_goes_on_to_the_same_bytes(tmp_path: Path, suite: CampaignSuite) -> None:
    begun = Lab(tmp_path / "begun", alternating)
    begun([suite], frozenset({"image"}))
    whole = Lab(tmp_path / "whole", alternating)
    whole.top_up(suite, "image")
    later = len(whole.ran) - len(begun.ran)
    assert later == 3 * 5  # a dense network and two tickets, of five seeds
    for patience in range(0, later, 2):
        folder = shutil.copytree(begun.results.path, tmp_path / str(patience))
        with pytest.raises(KeyboardInterrupt):
            Lab(folder, alternating, patience).top_up(suite, "image")
        cut = Lab(folder, alternating)
        found = cut.verdicts()["image"]
        # What was asked for later is owed to nobody: the verdict is that of the look before.
        look = 1 if patience < 6 else 2
        assert (found.status, found.look and found.look.number) == ("inconclusive", look)
        assert found.reason.endswith(f"; look {look + 1} of 3 lacks some of its {(5, 8)[look - 1]} seeds")
        cut.top_up(suite, "image")
        assert contents(folder) == contents(whole.results.path)
        assert judge(cut.results) == judge(whole.results)


def test_a_later_run_without_it_leaves_all_as_it_is(tmp_path: Path, suite: CampaignSuite) -> None:
    lab = Lab(tmp_path, wavering(5))
    lab.top_up(suite)
    before, ran = contents(tmp_path), len(lab.ran)
    found = judge(lab.results)
    lab([suite], frozenset())
    lab([suite], frozenset({"random"}))
    lab.top_up(suite)
    assert contents(tmp_path) == before
    assert len(lab.ran) == ran
    assert judge(lab.results) == found


def test_a_look_of_which_a_job_fails_decides_nothing_and_is_told(tmp_path: Path, suite: CampaignSuite) -> None:
    lab = Lab(tmp_path, wavering(5), failing=frozenset({104}))
    lab.top_up(suite)
    found = lab.verdicts()["image"]
    assert found.status == "inconclusive"
    assert "at look 1 of 3" in found.reason
    assert found.reason.endswith("; look 2 of 3 lacks some of its 5 seeds")
    assert lab.code() == 4


def test_a_divergence_under_five_seeds_is_open_and_then_judged_by_ranks(tmp_path: Path, suite: CampaignSuite) -> None:
    class Diverging(Lab):
        def make(self, one: PlannedJob, value: float) -> None:
            if one.job.seed == 101 and "-draw-" in one.id and "autoencoder" in one.id:
                self.results.run(one.id).files.write("diverged.json", b"{}")
            else:
                super().make(one, value)

    lab = Diverging(tmp_path, lambda experiment, level, seed: 10.0 + 0.01 * seed)
    lab.top_up(suite, "ticket")
    found = lab.verdicts()["ticket"]
    assert lab.looks() == {"ticket": 3}
    # One of eight on the wrong side: 9 of 256 sign patterns are as bad, more than the 0.0188 of the last look.
    assert found.status == "inconclusive"
    assert "1 of 8 seeds of auto_imp@1 diverged" in found.reason


@pytest.mark.slow
def test_real_trainings_of_later_looks_are_those_of_as_many_seeds_from_the_start(tmp_path: Path) -> None:
    overrides = ["claims.ticket.margin.absolute=0", "top_up.looks=[3, 4]"]
    suite = suite_of(TEXT, overrides)
    folders = {name: tmp_path / name for name in ("topped", "straight")}

    def once(suites: list[CampaignSuite], only: frozenset[str]) -> Mapping[str, Outcome]:
        return run(folders["topped"], suites[0], only=only)

    run_looks(ResultsDir(folders["topped"]), [suite], frozenset({"ticket"}), once, lambda line: None)
    added = ResultsDir(folders["topped"]).read_campaign().suites["small_networks"].added
    assert added is not None
    assert added.looks == {"ticket": 2}
    straight = suite_of(TEXT, ["claims.ticket.margin.absolute=0", "top_up=null", "seeds=4"])
    run(folders["straight"], straight, only=frozenset({"ticket"}))
    runs = [{k: v for k, v in contents(folder).items() if k.startswith("runs")} for folder in folders.values()]
    assert runs[0] == runs[1]


def test_the_report_shows_the_look_with_its_level_and_seeds(tmp_path: Path, suite: CampaignSuite) -> None:
    lab = Lab(tmp_path, wavering(5))
    lab.top_up(suite)
    (chapter,) = build([lab.results], [judge(lab.results)]).chapters
    page = chapter.model_dump_json()
    assert "looks at open claims" in page
    assert "with 3, 5, 8 seeds, alpha spending: uniform; a seed takes a blink" in page
    image = next(claim for claim in chapter.claims if claim.name == "image")
    assert "at look 2 of 3, the 97.5 % interval" in image.reason
    assert image.comparisons is not None
    assert "(97.5\N{NO-BREAK SPACE}%)" in image.comparisons.rows[0][7].text
    assert "--only image --top-up --results results/" in image.commands[0]
    assert image.seeds is not None
    assert len(image.seeds.columns) == 1 + 5


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(TEXT)
    return path


def test_more_seeds_and_a_limit_of_hours_do_not_go_together(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = written.parent / "results"
    assert app.run(["run", str(written), "--results", str(folder), "--top-up", "--max-hours", "1"]) == 2
    assert "leave out --max-hours" in capsys.readouterr().err
    assert not folder.exists()


@pytest.mark.slow
def test_the_command_runs_looks_and_says_so(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(written.parent / "results")
    changes = ["--set", "claims.ticket.margin.absolute=0", "--set", "top_up.looks=[3, 4]"]
    common = ["run", str(written), "--results", folder, "--executor", "inline", "--only", "ticket", *changes]
    assert app.run([*common, "--top-up"]) == 0
    assert "small_networks/ticket was open with 3 seeds: look 2 of 2 takes 4\n" in capsys.readouterr().err
    assert app.run(["verify", folder, "--json"]) == 4  # the other claims were not run
    assert '"number": 2' in capsys.readouterr().out
    assert app.run([*common, "--top-up", "--quiet"]) == 0
    assert capsys.readouterr().err == ""
