"""Opening a results directory: new, resumed, added to, or refused with what differs."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.artifacts import ResultsDir
from benchmark.campaigns import Request, open_campaign, prepare_suite
from benchmark.errors import CampaignError, SuiteError, UsageError
from benchmark.schema.job import CampaignSuite
from tests.tiny import SUITE, contents, run, suite_of


def opened(folder: Path, *suites: CampaignSuite, device: str = "cpu") -> set[str]:
    return set(open_campaign(ResultsDir(folder), device, list(suites)).suites)


def test_the_same_suite_goes_on_and_nothing_is_written(tmp_path: Path, tiny_suite: CampaignSuite) -> None:
    opened(tmp_path, tiny_suite)
    before = (tmp_path / "campaign.json").stat().st_mtime_ns
    assert opened(tmp_path, suite_of()) == {"small_networks"}
    assert (tmp_path / "campaign.json").stat().st_mtime_ns == before


def test_another_suite_is_added(tmp_path: Path, tiny_suite: CampaignSuite) -> None:
    other = suite_of(SUITE.replace("key: small_networks", "key: other"))
    opened(tmp_path, tiny_suite)
    assert opened(tmp_path, other) == {"small_networks", "other"}
    assert opened(tmp_path, tiny_suite) == {"small_networks", "other"}


def test_two_suites_with_one_key_are_refused(tmp_path: Path, tiny_suite: CampaignSuite) -> None:
    with pytest.raises(CampaignError, match="two different suites have the key 'small_networks'"):
        opened(tmp_path, tiny_suite, suite_of(SUITE.replace("steps: 12", "steps: 13")))
    assert not (tmp_path / "campaign.json").exists()


def refusal(folder: Path, suite: CampaignSuite, device: str = "cpu") -> str:
    before = contents(folder)
    with pytest.raises(CampaignError) as caught:
        open_campaign(ResultsDir(folder), device, [suite])
    assert contents(folder) == before
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_a_changed_suite_is_refused_with_what_changed(tmp_path: Path, tiny_suite: CampaignSuite) -> None:
    opened(tmp_path, tiny_suite)
    message = refusal(tmp_path, suite_of(SUITE.replace("batch_size: 8", "batch_size: 9", 1)))
    assert "suite 'small_networks' is not as it was begun here; use a new directory, or undo:" in message
    assert [line.strip() for line in message.splitlines() if "batch_size" in line] == [
        "-      batch_size: 8",
        "+      batch_size: 9",
    ]


def test_changed_references_are_refused_with_what_changed(tmp_path: Path, tiny_suite: CampaignSuite) -> None:
    opened(tmp_path, tiny_suite.model_copy(update={"references": {"paper": "fid: 1\n"}}))
    message = refusal(tmp_path, tiny_suite.model_copy(update={"references": {"paper": "fid: 2\n"}}))
    assert "references of paper" in message
    assert "-fid: 1" in message
    assert "+fid: 2" in message


def test_other_settings_are_refused_by_name(tmp_path: Path, tiny_suite: CampaignSuite) -> None:
    opened(tmp_path, tiny_suite)
    message = refusal(tmp_path, suite_of(overrides=["seeds=2"]))
    assert "--set/--seeds was [], is ['seeds=2']" in message


def test_another_device_is_refused(tmp_path: Path, tiny_suite: CampaignSuite) -> None:
    opened(tmp_path, tiny_suite)
    assert "was begun on cpu" in refusal(tmp_path, tiny_suite, device="cuda")


def test_other_jobs_for_the_same_text_are_refused(tmp_path: Path, tiny_suite: CampaignSuite) -> None:
    opened(tmp_path, tiny_suite)
    plan = tiny_suite.plan.model_copy(update={"jobs": tiny_suite.plan.jobs[:-1]})
    message = refusal(tmp_path, tiny_suite.model_copy(update={"plan": plan}))
    assert "this version of ticketbench plans other jobs" in message


@pytest.mark.parametrize("name", ["notes.txt", "runs", "verdicts.json"])
def test_a_folder_with_other_things_is_left_alone(tmp_path: Path, tiny_suite: CampaignSuite, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(CampaignError, match="exists and is no results directory; name a new or empty folder"):
        run(tmp_path, tiny_suite)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("left", [["lock"], ["lock", "checksums"], ["lock", "checksums", ".writing-x"]])
def test_what_a_run_left_that_was_killed_at_once_is_no_stranger(
    tmp_path: Path, tiny_suite: CampaignSuite, left: list[str]
) -> None:
    for name in left:
        (tmp_path / name).mkdir() if name == "checksums" else (tmp_path / name).touch()
    assert run(tmp_path, tiny_suite, only=frozenset({"auto"}))
    assert not list(tmp_path.glob(".writing-*"))


def test_a_suite_is_prepared_with_its_plan_and_text(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SUITE)
    suite = prepare_suite(Request(str(path), "small", ("seeds=2",)))
    assert (suite.text, suite.overrides, suite.references) == (SUITE, ("seeds=2",), {})
    assert suite.plan == suite_of(overrides=["seeds=2"]).plan


def test_a_wrong_suite_is_told_by_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SUITE.replace("name: dcgan", "name: dcgam"))
    with pytest.raises(SuiteError, match=r"mine\.yaml:\d+: experiments\.gan\.model\.name: .*did you mean 'dcgan'"):
        prepare_suite(Request(str(path), "small"))
    with pytest.raises(UsageError):
        prepare_suite(Request(str(tmp_path / "none.yaml"), "small"))


def test_a_damaged_campaign_is_restored_and_still_refuses_a_changed_suite(
    tmp_path: Path, tiny_suite: CampaignSuite
) -> None:
    other = suite_of(SUITE.replace("key: small_networks", "key: other"))
    opened(tmp_path, tiny_suite, other)
    whole = (tmp_path / "campaign.json").read_bytes()
    (tmp_path / "campaign.json").write_bytes(whole[:100])
    assert "is not as it was begun here" in refusal(tmp_path, suite_of(SUITE.replace("steps: 12", "steps: 13")))
    assert "was begun on cpu" in refusal(tmp_path, tiny_suite, device="cuda")
    assert opened(tmp_path, tiny_suite) == {"small_networks", "other"}
    assert (tmp_path / "campaign.json").read_bytes() == whole


def test_a_campaign_whose_copy_is_damaged_too_is_begun_again_only_where_no_job_was(
    tmp_path: Path, tiny_suite: CampaignSuite
) -> None:
    opened(tmp_path, tiny_suite)
    for name in ("campaign.json", "campaign.copy.json"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "runs" / "a_job").mkdir(parents=True)
    assert "campaign.json and its copy are damaged; use a new directory" in refusal(tmp_path, tiny_suite)
    (tmp_path / "runs" / "a_job").rmdir()
    assert opened(tmp_path, tiny_suite) == {"small_networks"}


def test_a_newer_format_is_refused_though_its_checksum_is_not_ours(tmp_path: Path, tiny_suite: CampaignSuite) -> None:
    opened(tmp_path, tiny_suite)
    text = (tmp_path / "campaign.json").read_text()
    (tmp_path / "campaign.json").write_text(text.replace('"format": 1', '"format": 99', 1))
    assert "written by a newer ticketbench (format 99" in refusal(tmp_path, tiny_suite)
    with pytest.raises(CampaignError, match="newer"):
        ResultsDir(tmp_path).read_campaign()
