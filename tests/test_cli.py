"""The command line itself: help, wrong usage, and one line for every fault of a suite."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.calling import call
from tests.end_to_end.command import SUITE, environment

DEMO = (Path(__file__).parents[1] / "suites/demo.yaml").read_text(encoding="utf-8")
COMMANDS = ["list", "show", "validate", "plan", "prepare", "run", "verify", "report", "doctor", "baseline", "trend"]

GAN = "model: {name: dcgan, base_channels: 4, z_dim: 4}"
BROKEN: dict[str, tuple[str, str, str]] = {
    # what is broken: (what is replaced, by what, the fault's line after FILE:)
    "unknown key": (
        "      steps: 100\n",
        "      stepz: 100\n      steps: 100\n",
        "11: experiments.gan.training.stepz: unknown key; did you mean 'steps'?",
    ),
    "wrong type": ("steps: 100", "steps: many", "11: experiments.gan.training.steps: expected a whole number"),
    "number as text": ("seeds: 2", 'seeds: "2"', "4: seeds: expected a whole number, found '2' (text)"),
    "duplicate key": ("seeds: 2", "seeds: 2\nseeds: 3", "5: seeds: the key was already given in line 4"),
    "unknown model": (GAN, "model: {name: dcgam}", "8: experiments.gan.model.name: unknown "),
    "unknown option": ("base_channels: 4, z_dim", "base_chanels: 4, z_dim", "8: experiments.gan.model.base_chanels: "),
    "unknown data set": ("{name: digits, image_size: 8}", "{name: digit}", "7: experiments.gan.dataset.name: unknown "),
    "unknown objective": ("{name: gan}", "{name: gann}", "9: experiments.gan.objective.name: unknown "),
    "unknown metric": ("fid: {name: fid,", "fid: {name: fad,", "15: experiments.gan.metrics.fid.name: unknown "),
    "unknown extractor": ("digits_classifier", "digit", "15: experiments.gan.metrics.fid.extractor"),
    "extractor missing": (
        "fid, extractor: {name: digits_classifier}, generated: 200",
        "fid, generated: 200",
        "15: experiments.gan.metrics.fid.extractor: is missing",
    ),
    "unknown component": ('{"*": {lr', "{decoder: {lr", "13: experiments.gan.training.optimizers.decoder: unknown "),
    "metric that the objective cannot give": (
        "mse: {name: reconstruction_error, split: test}",
        "mse: {name: fid, extractor: {name: digits_classifier}, generated: 20, split: test}",
        "36: experiments.coder.metrics.mse",
    ),
    "margin missing": (
        "    margin: {relative: 0.2, because: a number for the test}\n",
        "",
        "39: claims.gan_matches.margin: is missing",
    ),
    "margin without its reason": (
        ", because: a number for the test",
        "",
        "45: claims.gan_matches.margin.because: is missing",
    ),
    "exclude that matches nothing": (
        "  gan_random:\n    extends: gan\n",
        "  gan_random:\n    extends: gan\n    matrix: {training.steps: [50, 60], exclude: [{training.steps: 70}]}\n",
        "24: experiments.gan_random.matrix.exclude.0: ",
    ),
    "unknown level": (
        "arm: gan_winning@1",
        "arm: gan_winning@2",
        "44: claims.gan_matches.compare.0.arm: unknown level",
    ),
    "unknown experiment": (
        "{arm: gan_winning@1",
        "{arm: gan_wining@1",
        "44: claims.gan_matches.compare.0.arm: unknown ",
    ),
    "cycle": (
        "{from: self@previous, fraction: 0.2",
        "{from: gan_random@same, fraction: 0.2",
        "17: experiments.gan_winning",
    ),
    "step beyond the end": ("at: 20", "at: 2000", "20: experiments.gan_winning.weights.at: "),
    "newer format": ("format: 1", "format: 2", "1: format: "),
    "not YAML": ("experiments:", "experiments: [}", "5: not valid YAML"),
    "a tab": ("  gan:", "\tgan:", "6: not valid YAML: a tab"),
    "reference unknown": (
        "    expect: any\n",
        "    expect: any\n    references: [kalibhat2021/no_such_number]\n",
        "47: claims.gan_matches.references.0: unknown number 'no_such_number'",
    ),
    "reference file unknown": (
        "    expect: any\n",
        "    expect: any\n    references: [nobody1999/number]\n",
        "47: claims.gan_matches.references.0: ",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_suite_is_one_line_with_file_line_and_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    before, after, told = BROKEN[what]
    assert before in SUITE
    file = tmp_path / "broken.yaml"
    file.write_text(SUITE.replace(before, after, 1))
    code, out, err = call(capsys, "validate", file)
    lines = [line for line in err.splitlines() if told in line]
    assert (code, out) == (2, "")
    assert lines, err
    assert all(line.startswith(f"{file}:") for line in err.splitlines()), err
    assert len(err.splitlines()) == (2 if what == "unknown component" else 1), err
    for command in ("plan", "prepare", "run"):
        more: list[str | Path] = ["--results", tmp_path / "results", "--device", "cpu"] if command == "run" else []
        code, out, same = call(capsys, command, file, "--scale", "small", *more)
        assert (code, out, same) == (2, "", err)
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "1: the file is empty"),
        (b"\x00\x01\x02\xff\xfe", "1: not UTF-8 text, expected YAML; is this a binary file?"),
        (b"format: 1\nkey: \x00\n", "2: not valid YAML: a control character"),
        (b"- 1\n", "1: the file is not a mapping"),
        (b"just a sentence", "1: the file is not a mapping"),
        (b"a: &a [*a]", "1: "),
    ],
)
def test_a_file_that_is_no_suite_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes, told: str
) -> None:
    file = tmp_path / "broken.yaml"
    file.write_bytes(data)
    for command in ("validate", "plan", "run"):
        code, out, err = call(capsys, command, file)
        assert (code, out) == (2, "")
        assert err.startswith(f"{file}:{told}")
        assert err.count("\n") == 1
    code, out, _ = call(capsys, "validate", file, "--json")
    assert (code, json.loads(out)["valid"]) == (2, False)


def test_several_faults_are_several_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text(
        SUITE.replace("seeds: 2", "seeds: 0").replace("steps: 100", "steps: -1").replace("lr: 0.001", "lr: 0")
    )
    code, _, err = call(capsys, "validate", file)
    assert code == 2
    assert [line.split(": ")[1] for line in err.splitlines()] == [
        "seeds",
        "experiments.gan.training.steps",
        "experiments.gan.training.optimizers.*.lr",
        "experiments.coder.training.optimizers.*.lr",
    ]


LINE = re.compile(r"[^\n]*(broken\.yaml(:\d+)?|ticketbench): \S[^\n]*")
ODD = st.sampled_from(
    ["", "null", "[]", "{}", "-1", "1.5", ".nan", "true", "x", "{name: x}", "self@same", "99999999999", "'"]
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    lines = DEMO.splitlines()
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["delete", "letter", "value", "indent", "word", "swap"])):
            case "delete":
                lines[at] = ""
            case "letter":
                place = draw(st.integers(0, len(lines[at])))
                lines[at] = lines[at][:place] + draw(st.characters(codec="utf-8")) + lines[at][place + 1 :]
            case "value":
                lines[at] = lines[at].partition(":")[0] + ": " + draw(ODD)
            case "indent":
                lines[at] = " " * draw(st.integers(0, 9)) + lines[at].lstrip()
            case "word":
                words = re.findall(r"[\w@.]+", lines[at])
                if words:
                    lines[at] = lines[at].replace(draw(st.sampled_from(words)), draw(ODD), 1)
            case _:
                other = draw(st.integers(0, len(lines) - 1))
                lines[at], lines[other] = lines[other], lines[at]
    return "\n".join(lines)


@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(text=mutated())
def test_a_mutated_demo_is_valid_or_gets_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text(text, encoding="utf-8")
    code, out, err = call(capsys, "validate", file)
    assert code in {0, 2}
    assert out == ""
    assert err
    assert all(LINE.fullmatch(line) for line in err.splitlines()), err


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=st.lists(
        st.sampled_from(
            [*COMMANDS, "demo", "--json", "--scale", "small", "--set", "seeds=0", "--only", "x", "-x", "--", "", "3"]
        ),
        min_size=1,
        max_size=4,
    )
)
def test_odd_calls_end_with_an_exit_code(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    if words[0] in {"run", "doctor"} or words == ["report", "demo"]:
        words = ["plan", *words[1:]]
    assert call(capsys, *words)[0] in {0, 2}


def test_wrong_usage_is_told_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, told in (
        (("frobnicate",), "No such command 'frobnicate'"),
        (("run",), "Missing argument"),
        (("run", "demo", "--seeds", "0"), "--seeds"),
        (("run", "demo", "--workers", "none"), "--workers none: expected a positive number or auto"),
        (("run", "demo", "--executor", "cloud"), "--executor cloud: expected pool, inline or ray"),
        (("run", "demo", "--device", "tpu"), "--device tpu: expected auto, cpu or cuda"),
        (("run", "dmeo"), "no suite 'dmeo'; did you mean 'demo'?"),
        (("plan", "demo", "--set", "seeds"), "seeds"),
    ):
        code, out, err = call(capsys, *arguments)
        assert (code, out) == (2, ""), arguments
        assert told in err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example_that_parses(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setenv("TERMINAL_WIDTH", "400")
    code, out, err = call(capsys, command, "--help")
    assert (code, err) == (0, "")
    examples = re.findall(rf"ticketbench {command}\b[^|\n]*", out)
    assert examples, out
    for example in examples:
        # `--help` behind a complete call is answered only once everything before it has been parsed.
        arguments = shlex.split(example.strip())[1:]
        assert call(capsys, *arguments, "--no-such-option")[0] == 2
        assert call(capsys, *arguments, "--help")[0] == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["list", "models", "--json"],
        ["show", "demo"],
        ["show", "demo", "--claim", "dcgan_matches"],
        ["show", "demo", "--resolved"],
        ["plan", "demo", "--json"],
        ["prepare", "demo"],
        ["doctor", "--json"],
    ],
)
def test_the_examples_run(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    code, out, _ = call(capsys, *arguments)
    assert code == 0
    assert out or arguments[0] == "prepare"
    if "--json" in arguments or "--resolved" in arguments:
        assert json.loads(out)


def test_every_family_is_listed_with_what_its_members_are(capsys: pytest.CaptureFixture[str]) -> None:
    for family in ("datasets", "models", "objectives", "criteria", "metrics", "extractors", "activations"):
        code, out, _ = call(capsys, "list", family, "--json")
        members = json.loads(out)
        assert code == 0
        assert members
        assert all(member["says"] for member in members.values())
        assert all(name in call(capsys, "list", family)[1] for name in members)
    assert call(capsys, "list", "model")[::2] == (2, "ticketbench: unknown family 'model'; did you mean 'models'?\n")


def test_output_that_nobody_reads_is_no_error() -> None:
    shown = subprocess.Popen(
        [sys.executable, "-m", "benchmark", "show", "demo"],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert shown.stdout is not None
    shown.stdout.close()
    _, err = shown.communicate()
    assert b"Traceback" not in err
    assert b"Error" not in err
