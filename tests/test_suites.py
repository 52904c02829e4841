# ruff: noqa: E501  a case of a table stands on one line
"""The suite reader: what is written is what is read, and every fault has its file, line and key path."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from benchmark.catalog import read_text
from benchmark.errors import SuiteError, UsageError
from benchmark.suites import (
    Loaded,
    read_references,
    read_suite,
    references_schema,
    scale_names,
    suite_schema,
    write_schemas,
)
from tests import tiny

SUITE = (Path(__file__).parent / "tiny_suite.yaml").read_text(encoding="utf-8")


def read(text: str = SUITE, scale: str = "small", *overrides: str) -> Loaded:
    return read_suite(text, "s.yaml", scale, overrides)


def faults(text: str, scale: str = "small", *overrides: str) -> tuple[str, ...]:
    with pytest.raises(SuiteError) as caught:
        read(text, scale, *overrides)
    return caught.value.problems


def line_of(part: str, text: str = SUITE) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def test_a_scale_is_laid_over_the_suite() -> None:
    paper, small = read(scale="paper").suite, read(scale="small").suite
    assert (paper.seeds, small.seeds, paper.small, small.small) == (3, 2, False, True)
    assert paper.experiments["imp"].training.steps == 100
    assert small.experiments["imp"].training.steps == 20
    assert small.experiments["imp"].training.batch_size == 16
    assert scale_names(SUITE, "s.yaml") == ("paper", "small")


def test_a_claim_is_left_out_at_other_scales() -> None:
    assert list(read(scale="paper").suite.claims) == ["winning"]
    assert list(read(scale="small").suite.claims) == ["winning", "deepest"]


@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("{name: dcgan, z_dim: 8}", {"base_channels": 4, "z_dim": 8}),
        ("{name: sngan}", {}),
        ("{base_channels: 8}", {"base_channels": 8, "z_dim": 4}),
    ],
)
def test_the_options_of_a_member_stay_unless_another_member_is_named(model: str, options: dict[str, int]) -> None:
    text = tiny.SUITE.replace(
        "  small: {small: true}", f"  small: {{small: true, experiments: {{gan: {{model: {model}}}}}}}"
    )
    found = read_suite(text, "s.yaml", "small").suite.experiments["gan_imp"].model.options
    assert found == options


def test_an_experiment_extends_another_with_the_scale_already_merged() -> None:
    random = read().suite.experiments["random"]
    assert random.training.steps == 20
    assert random.mask is not None
    assert (random.mask.op, random.mask.source, random.mask.fraction) == ("reuse", "imp@same", None)
    assert random.level_numbers() == (2, 4)


def test_a_matrix_gives_the_combinations_of_github_actions() -> None:
    experiments = read().suite.experiments
    curve = {name: experiment for name, experiment in experiments.items() if name.startswith("curve")}
    assert [(name, one.mask and one.mask.sparsity, one.training.batch_size, one.training.steps) for name, one in curve.items()] == [
        ("curve[sparsity=0.5,batch_size=8]", 0.5, 8, 50),
        ("curve[sparsity=0.5,batch_size=16]", 0.5, 16, 50),
        ("curve[sparsity=0.90,batch_size=16]", 0.9, 16, 20),
        ("curve[sparsity=0.99,batch_size=8]", 0.99, 8, 20),
    ]  # fmt: skip


def test_segments_that_several_paths_share_are_written_out() -> None:
    text = SUITE.replace("training.batch_size:", "model.sparsity:")
    assert "curve[mask.sparsity=0.5,model.sparsity=8]" in read(text).suite.experiments


@pytest.mark.parametrize(
    ("path", "written"),
    [
        (("seeds",), "seeds: 2"),
        (("title",), "title:"),
        (("experiments", "imp", "training", "steps"), "training: {steps: 20}"),
        (("experiments", "imp", "training", "batch_size"), "batch_size: 16"),
        (("experiments", "random", "training", "steps"), "training: {steps: 20}"),
        (("experiments", "random", "mask", "op"), "op: reuse"),
        (("experiments", "random", "training"), "training: {steps: 20}"),
        (("experiments", "random", "weights"), "fresh:reinit"),
        (("experiments", "random"), "  random:"),
        (("experiments", "imp"), "  imp:"),
        (("experiments", "random", "nothing", "here"), "  random:"),
        (("experiments", "curve[sparsity=0.90,batch_size=16]", "mask", "sparsity"), "mask.sparsity: [0.5"),
        (("experiments", "curve[sparsity=0.5,batch_size=16]", "training", "steps"), "training.steps: 50"),
        (("claims", "winning", "compare", 0, "arm"), "arm: imp@4"),
        (("claims", "winning", "compare", 7), "compare:"),
    ],
)
def test_a_problem_points_to_the_line_where_the_value_was_written(path: tuple[str | int, ...], written: str) -> None:
    dotted = ".".join(map(str, path))
    assert read().problem(path, "wrong") == f"s.yaml:{line_of(written)}: {dotted}: wrong"


def test_overrides_come_after_the_scale_and_before_extends() -> None:
    loaded = read(SUITE, "small", "experiments.imp.training.steps=7", "seeds=5", "experiments.curve.matrix.mask.sparsity.0=0.4",
                  "experiments.curve.matrix.include.0.mask.sparsity=0.4", "experiments.random.training.ema=0.9")  # fmt: skip
    experiments = loaded.suite.experiments
    assert (loaded.suite.seeds, experiments["random"].training.steps) == (5, 7)
    assert "curve[sparsity=0.4,batch_size=8]" in experiments
    assert (experiments["random"].training.ema, experiments["imp"].training.ema) == (0.9, None)
    assert loaded.problem(("seeds",), "wrong") == "--set seeds=5: seeds: wrong"


@pytest.mark.parametrize(
    ("override", "fault"),
    [
        ("sedes=3", "--set sedes=3: sedes: unknown key 'sedes'; did you mean 'seeds'?"),
        ("seeds", "--set seeds: expected PATH=VALUE"),
        ("seeds=", "--set seeds=: seeds: there is no value; write 'null' for none, '\"\"' for an empty text"),
        ("seeds=[", "--set seeds=[: not valid YAML: while parsing a flow node, expected the node content, but found '<stream end>'"),
        ("seeds=two", "--set seeds=two: seeds: expected a whole number, found 'two' (text)"),
        ("experiments.im.training.steps=1", "--set experiments.im.training.steps=1: experiments.im: unknown experiment 'im'; did you mean 'imp'?"),
        ("experiments.imp.trainng.steps=1", "--set experiments.imp.trainng.steps=1: experiments.imp.trainng: unknown key; did you mean 'training'?"),
        ("experiments.random.levels.2=1", "--set experiments.random.levels.2=1: experiments.random.levels.2: expected a position in the list, 0 to 1, found '2'"),
        ("title.x=1", "--set title.x=1: title.x: there is no such key below 'A tiny suite' (text)"),
        ("small=false", "--set small=false: small: unknown key 'small'; known: budget, claims, experiments, figures, first_seed, notes, paper, seeds, timings, title, top_up"),
    ],
)  # fmt: skip
def test_an_override_that_fits_nothing_is_told(override: str, fault: str) -> None:
    assert faults(SUITE, "small", override) == (fault,)


EDITS = [
    ("key: tiny", "key: Tiny", "key: expected a name of small letters, digits and _, found 'Tiny' (text)"),
    ("title: A tiny suite", "title: 3", "title: expected text, found 3 (a number); quotes make it text"),
    ("seeds: 3", 'seeds: 3\nfirst_seed: "3"', "first_seed: expected a whole number, found '3' (text); without quotes it is a number"),
    ("seeds: 3", "sedes: 3", "sedes: unknown key; did you mean 'seeds'?"),
    ("seeds: 3", "seeds: .inf", "seeds: '.inf' (text) is not a finite number, expected one"),
    ("seeds: 3", "seeds: 99999999999999999999", "seeds: the whole number is too large, expected at most 2^63 - 1"),
    ("seeds: 3", "seeds: !!python/name:os.system x", "seeds: the tag 'python/name:os.system' is not allowed, expected plain YAML"),
    ("seeds: 3", "1: 3", '1: a key must be text, expected quotes around it: "1"'),
    ("seeds: 3", "small: true", "small: unknown key; it belongs into a scale"),
    ("seeds: 3", "title: again", "title: the key was already given in line 3"),
    ("    extends: imp\n    levels", "    extends: ipm\n    levels", "experiments.curve.extends: unknown experiment 'ipm'; did you mean 'imp'?"),
    ("    extends: imp\n    mask", "    extends: 5\n    mask", "experiments.random.extends: expected the name of an experiment, found 5 (a number)"),
    ("    extends: imp\n    mask", "    <<: {}\n    mask", "experiments.random.<<: merge keys are not supported; use 'extends' in an experiment"),
    ("    dataset: {name: digits}", "    extends: curve", "experiments.curve.extends: experiments extend each other: imp -> curve -> imp"),
    ("dataset: {name: digits}", "dataset: digits", "experiments.imp.dataset: expected a mapping, found 'digits' (text)"),
    ("steps: 100", "stps: 100", "experiments.imp.training.stps: unknown key; did you mean 'steps'?"),
    ("      optimizers: {\"*\": {lr: 0.001}}\n", "      optimizers: {}\n", "experiments.imp.training.optimizers: expected at least 1 item, found a mapping"),
    ("{lr: 0.001}", "{lr: 0.001, betas: [.nan, 0.9]}", "experiments.imp.training.optimizers.*.betas.0: '.nan' (text) is not a finite number, expected one"),
    ("fraction: 0.2}", "fraction: .nan}", "experiments.imp.mask.fraction: '.nan' (text) is not a finite number, expected one"),
    ("relative: 0.1, because: about the seed noise}\n    ref", "relative: .inf, because: about the seed noise}\n    ref", "claims.winning.margin.relative: '.inf' (text) is not a finite number, expected one"),
    ("batch_size: 16\n", "batch_size: 0\n", "experiments.imp.training.batch_size: expected greater than or equal to 1, found 0 (a number)"),
    ("op: reuse", "op: rescue", "experiments.random.mask.op: expected 'draw' or 'reuse', found 'rescue' (text); did you mean 'reuse'?"),
    ("from: imp@same", "from: self@same", "experiments.random.mask.from: 'self@same' is the level itself; expected self@previous, self@LEVEL or another experiment"),
    ("from: imp@same", "from: imp@5", "experiments.random.mask.from: unknown level '5' of imp, expected one of 0, 1, 2, 3, 4 or 'previous', 'same'"),
    ("from: imp@same", "from: ipm@same", "experiments.random.mask.from: unknown experiment 'ipm'; did you mean 'imp'?"),
    ("from: imp@same", "from: init", "experiments.random.mask.from: unknown source 'init', expected EXPERIMENT@LEVEL"),
    ("fresh:reinit", "fresh:", "experiments.random.weights.from: unknown source 'fresh:', expected init, fresh:STREAM, EXPERIMENT@LEVEL; did you mean 'fresh:STREAM'?"),
    ("fraction: 0.2}", "fraction: 0.2, sparsity: 0.5}", "experiments.imp.mask: a drawn mask has either 'fraction' (of what remains) or 'sparsity', exactly one"),
    ("imp@0, at: 10", "imp@0, at: soon", "experiments.imp.weights.at: expected a whole number or 'end', found 'soon' (text)"),
    ("{first: 0, last: 4}", "{first: 0, lst: 4}", "experiments.imp.levels.lst: unknown key; did you mean 'last'?"),
    ("{first: 0, last: 4}", "{first: 5, last: 4}", "experiments.imp.levels: 'first' (5) lies above 'last' (4)"),
    ("{first: 0, last: 4}", "{first: 0, last: 9999999}", "experiments.imp.levels: expected levels up to 100, found 9999999"),
    ("levels: [2, 4]", "levels: [2, x]", "experiments.random.levels.1: expected a whole number, found 'x' (text)"),
    ("levels: [2, 4]", "levels: []", "experiments.random.levels: expected one level or more, found an empty list"),
    ("levels: [2, 4]", "levels: 4", "experiments.random.levels: expected a list or a mapping, found 4 (a number)"),
    ("sparsity: [0.5, 0.90]", "sparsity: 0.5", "experiments.curve.matrix.mask.sparsity: expected a list of one value or more, found 0.5 (a number)"),
    ("sparsity: [0.5, 0.90]", "sparsity: [0.5, 0.9, 0.90]", "experiments.curve.matrix.mask.sparsity.2: the value 0.90 is given twice"),
    ("sparsity: [0.5, 0.90]", "sparsity: [0.5, 0.8]", "experiments.curve.matrix.exclude.0: it matches no combination"),
    ("{mask.sparsity: 0.9, training.batch_size: 8}", "{mask.sparsty: 0.9}", "experiments.curve.matrix.exclude.0.mask.sparsty: not a key of this matrix; did you mean 'mask.sparsity'?"),
    ("{mask.sparsity: 0.5, training.steps: 50}", "{mask.sparsity: 0.6, training.steps: 50}", "experiments.curve.matrix.include.0: it matches no combination; a new one names every key of the matrix"),
    ("{mask.sparsity: 0.99, training.batch_size: 8}", "{mask.sparsity: 0.5, training.batch_size: 8}", "experiments.curve.matrix.include.1: the combination exists already, and nothing is added to it"),
    ("{mask.sparsity: 0.9, training.batch_size: 8}\n", "{mask.sparsity: 0.9}\n        - {mask.sparsity: 0.5}\n", "experiments.curve.matrix.exclude: nothing is left of the matrix"),
    ("kind: matches", "kind: mathces", "claims.winning.kind: unknown kind 'mathces'; did you mean 'matches'?"),
    ("    kind: matches\n", "", "claims.winning.kind: is missing; known: beats, differs, equals, found_by, matches, reduces, same, sparsest"),
    ("    margin: {relative: 0.1, because: about the seed noise}\n    ref", "    ref", "claims.winning.margin: is missing"),
    ("relative: 0.1, because: about the seed noise}\n    ref", "because: about the seed noise}\n    ref", "claims.winning.margin: a margin is either 'absolute' or 'relative', exactly one of them"),
    ("arm: imp@4", "arm: imp@5", "claims.winning.compare.0.arm: unknown level '5' of imp, expected one of 0, 1, 2, 3, 4"),
    ("arm: imp@4", "arm: imp", "claims.winning.compare.0.arm: expected EXPERIMENT@LEVEL, found 'imp'; did you mean 'imp@4'?"),
    ("arm: imp@4", "arm: ipm@4", "claims.winning.compare.0.arm: unknown experiment 'ipm'; did you mean 'imp'?"),
    ("arm: imp@4", "arm: imp@0", "claims.winning.compare.0.baseline: 'imp@0' is compared with itself"),
    ("arm: imp,", "arm: imp@4,", "claims.deepest.compare.0.arm: 'sparsest' looks at every level, expected an experiment without @LEVEL, found 'imp@4'"),
    ("arm: imp, baseline: imp@0", "arm: imp, reference: p/n", "claims.deepest.compare.0.reference: 'sparsest' compares two arms, expected 'baseline' instead of 'reference'"),
    ("metric: fid\n    compare:\n", "metric: fdi\n    compare:\n", "claims.winning.metric: no experiment measures 'fdi'; did you mean 'fid'?"),
    ("kalibhat2021/dcgan_cifar10_sparsity", "kalibhat2021", "claims.winning.references.0: expected PAPER/NUMBER, found 'kalibhat2021'"),
    ("seeds: 2", "seeds: 99999", "seeds: expected at most 10000 seeds, found 99999"),
    ("kind: matches", "kind: equals", "claims.winning.compare.0.baseline: 'equals' compares with a printed number, expected 'reference' instead of 'baseline'"),
    ("  curve:\n", "  Curve:\n", "experiments.Curve: expected a name of small letters, digits and _"),
    ("    matrix:\n", "    exclude: [{mask.sparsity: 0.9}]\n    matrix:\n", "experiments.curve.exclude: it belongs into 'matrix', beside the values, as in GitHub Actions"),
    ("training.steps: 50", "model.name.x: 5", "experiments.curve.matrix.model.name.x: there is no such key below 'dcgan' (text)"),
    ("training.batch_size: [8, 16]", "extends: [imp]", "experiments.curve.matrix.extends: 'extends' cannot be varied"),
    ("sparsity: [0.5, 0.90]", "sparsity: [0.5, [0.9]]", "experiments.curve.matrix.mask.sparsity.1: expected a number or a word, which names the experiment, found a list"),
    ("sparsity: [0.5, 0.90]", "sparsity: [0.5, '0.5', 0.90]", "experiments.curve.matrix: two combinations have the name [sparsity=0.5,batch_size=8]"),
    ("only_at: [small]", "only_at: [smal]", "claims.deepest.only_at.0: no scale 'smal'; did you mean 'small'?"),
    ("    seeds: 2", "    seds: 2", "scales.small.seds: unknown key; did you mean 'seeds'?"),
    ("      imp:\n        training", "      ipm:\n        training", "scales.small.experiments.ipm: a scale changes what the suite has, but 'ipm' is not there; did you mean 'imp'?"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "fault"), EDITS)
def test_a_fault_is_told_with_line_key_and_expectation(old: str, new: str, fault: str) -> None:
    assert old in SUITE
    problems = faults(SUITE.replace(old, new, 1))
    assert fault in [problem.partition(": ")[2] for problem in problems]
    assert all(problem.startswith("s.yaml:") and problem.split(":")[1].isdigit() for problem in problems)


def test_a_fault_has_the_line_it_was_written_on() -> None:
    text = SUITE.replace("op: reuse", "op: rescue").replace("title: A tiny suite", "title: 3")
    lines = [int(problem.split(":")[1]) for problem in faults(text)]
    assert lines == [line_of("title"), line_of("op: ")]


def test_all_faults_are_found_in_one_go() -> None:
    text = SUITE.replace("seeds: 3", "sedes: 3").replace("steps: 100", "steps: x").replace("kind: matches", "kind: m")
    assert len(faults(text.replace("    extends: imp\n    levels", "    extends: x\n    levels"), "paper")) == 5


def test_a_misspelt_metric_of_a_claim_is_told_once() -> None:
    text = SUITE.replace("metric: fid\n    compare:\n", "metric: fdi\n    compare:\n", 1)
    assert [fault.split(": ")[1] for fault in faults(text)] == ["claims.winning.metric"]


def test_a_metric_that_only_another_experiment_measures_is_told_at_the_arm() -> None:
    text = SUITE.replace("    extends: imp\n    mask", "    extends: imp\n    metrics: {mse: {name: mse}}\n    mask", 1)
    text = text.replace("metric: fid\n    compare:\n", "metric: mse\n    compare:\n", 1)
    assert any(
        "claims.winning.compare.0.arm: experiment 'imp' does not measure 'mse'" in fault for fault in faults(text)
    )


@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("weights", "weights: {from: imp@0}"),
        ("weights", "weights: {start_step: 3}"),
        ("shrink", "shrink: true"),
        ("training.teacher", "training: {teacher: {from: imp@0, component: generator}}"),
    ],
)
@pytest.mark.parametrize("above", ["mask: {from: ones}", "levels: [1]", ""])
def test_what_level_0_does_not_read_is_told_where_there_is_no_other(key: str, written: str, above: str) -> None:
    plain = SUITE.partition("    mask:")[0].partition("  imp:\n")[2]
    text = SUITE.replace(
        "  random:\n", f"  plain:\n{plain}  alone:\n    extends: plain\n    {written}\n    {above}\n  random:\n"
    )
    if above:
        assert "alone" in read(text).suite.experiments
    else:
        message = f"experiments.alone.{key}: level 0 does not read it, and without 'mask' or 'levels' there is no other"
        assert [fault.partition(": ")[2] for fault in faults(text)] == [message]


def test_a_fault_that_a_matrix_repeats_is_told_once() -> None:
    assert len(faults(SUITE.replace("levels: [1]", "levels: [1, x]"))) == 1


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "s.yaml:1: the file is empty, expected lines of the form 'key: value'"),
        ("- a\n- b\n", "s.yaml:1: the file is not a mapping, expected lines of the form 'key: value'"),
        ("just words", "s.yaml:1: the file is not a mapping, expected lines of the form 'key: value'"),
        ("a: 1\nb:\n\tc: 2\n", "s.yaml:3: not valid YAML: a tab where only spaces may stand, expected spaces as indentation"),
        ("a: 1\n\x00\x07", "s.yaml:2: not valid YAML: a control character, expected text; is this a binary file?"),
        ("[" * 1200, "s.yaml:1: not valid YAML: nested too deeply, expected at most 32 levels"),
        ("a: " + "[" * 40 + "]" * 40, "s.yaml:1: a.0.0.0: nested more than 32 deep, aliases (*name) included"),
        ("a: &x [*x]", "s.yaml:1: a.0.0.0: nested more than 32 deep, aliases (*name) included"),
        ("a: &x 1\nb: &x 2", "s.yaml:1: not valid YAML: an anchor (&name) is defined twice"),
        ("a: 1\n---\nb: 2", "s.yaml:2: not valid YAML: expected a single document in the stream, but found another document"),
        ('a: "\\U7fffffff"', "s.yaml:1: not valid YAML: damaged text (chr() arg not in range(0x110000))"),
    ],
)  # fmt: skip
def test_what_is_no_suite_file_is_one_clear_line(text: str, fault: str) -> None:
    assert faults(text) == (fault,)


def test_aliases_cannot_expand_without_end() -> None:
    text = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 30))
    assert "more than 50000 values" in faults(text)[0]


def test_an_alias_means_what_it_stands_for() -> None:
    text = SUITE.replace("dataset: {name: digits}", "dataset: &data {name: digits}").replace(
        "metrics:\n", "metrics:\n      again: *data\n"
    )
    assert read(text).suite.experiments["imp"].metrics["again"].name == "digits"


def test_a_matrix_cannot_grow_without_end() -> None:
    axes = "".join(f"      model.x{i}: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]\n" for i in range(12))
    assert any(
        "more than 1000 combinations" in fault
        for fault in faults(SUITE.replace("    matrix:\n", "    matrix:\n" + axes))
    )


def test_a_file_that_is_not_text_is_told(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_bytes(b"a: 1\n\xff\xfe")
    with pytest.raises(SuiteError, match=r"s\.yaml:2: not UTF-8 text"):
        read_text(file)
    with pytest.raises(UsageError, match="cannot be read"):
        read_text(tmp_path / "none.yaml")


def test_a_reference_that_the_paper_lacks_is_told() -> None:
    text = "paper: kalibhat2021\nread_from: x\nnumbers:\n  dcgan_cifar10: {value: 1, unit: FID, place: {}, read: text, source: x}\n"
    references = {"kalibhat2021": read_references(text, "r.yaml")}
    with pytest.raises(SuiteError) as caught:
        read().check_references(references)
    assert caught.value.problems == (
        f"s.yaml:{line_of('references:')}: claims.winning.references.0: unknown number 'dcgan_cifar10_sparsity' of "
        "kalibhat2021; did you mean 'dcgan_cifar10'?",
    )


def test_a_number_without_its_origin_is_refused() -> None:
    text = "paper: p\nread_from: x\nnumbers:\n  one: {value: 1.5, unit: FID, place: {}}\n"
    with pytest.raises(SuiteError) as caught:
        read_references(text, "r.yaml")
    assert caught.value.problems == (
        "r.yaml:4: numbers.one: a sourced number has 'value', 'read' (how) and 'source' (where it was read)",
    )


def test_the_published_schemas_are_current_and_accept_what_the_reader_accepts(tmp_path: Path) -> None:
    write_schemas(tmp_path)
    docs = Path(__file__).parent.parent / "docs"
    for name in ("suite.schema.json", "references.schema.json"):
        published = json.loads((docs / name).read_text(encoding="utf-8"))
        assert published == json.loads((tmp_path / name).read_text(encoding="utf-8"))
    for schema in (suite_schema(), references_schema()):
        jsonschema.Draft202012Validator.check_schema(schema)
    written = YAML(typ="safe", pure=True).load(SUITE)
    jsonschema.validate(written, suite_schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**written, "sedes": 3}, suite_schema())
