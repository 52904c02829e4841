"""Which protocol fields keep two numbers apart."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.comparability import differences, reference_differences, used_assumptions
from benchmark.schema.protocol import Protocol

MEASURED = Protocol(metric="fid", version=1, dataset="cifar10", generated=50_000, extractor="inception")
FIELDS = sorted(Protocol.model_fields)
TEXT = [name for name in FIELDS if name not in {"version", "generated", "real", "weights"}]

protocols = st.builds(Protocol, **{name: st.none() | st.sampled_from(["a", "b"]) for name in TEXT})


def test_equal_measurements_compare() -> None:
    assert differences([MEASURED, MEASURED, MEASURED]) == ()
    assert differences([]) == ()


def test_every_field_blocks_between_measurements_even_the_version() -> None:
    other = MEASURED.model_copy(update={"version": 2, "generated": 10_000, "split": "test"})
    assert differences([MEASURED, other]) == ("version", "split", "generated")


def test_a_field_unknown_in_the_reference_counts_as_differing() -> None:
    reference = MEASURED.model_copy(update={"generated": None})
    assert reference_differences(MEASURED, reference) == ("generated",)


def test_an_assumption_justifies_an_unknown_field_but_no_stated_difference() -> None:
    unknown = MEASURED.model_copy(update={"generated": None})
    stated = MEASURED.model_copy(update={"generated": 10_000})
    assert reference_differences(MEASURED, unknown, {"generated"}) == ()
    assert reference_differences(MEASURED, stated, {"generated"}) == ("generated",)


def test_a_field_that_only_the_reference_states_counts_as_differing() -> None:
    reference = MEASURED.model_copy(update={"resizer": "legacy_tensorflow"})
    assert reference_differences(MEASURED, reference) == ("resizer",)


def test_informative_fields_do_not_block_a_printed_number() -> None:
    assert reference_differences(MEASURED, MEASURED.model_copy(update={"version": None})) == ()


def test_only_assumptions_that_carry_the_comparison_are_used() -> None:
    reference = MEASURED.model_copy(update={"generated": None, "dataset": "celeba"})
    assert used_assumptions(MEASURED, reference, ["dataset", "generated", "split"]) == ("generated",)


@given(protocols, protocols)
@settings(deadline=None)
def test_differences_are_symmetric_and_name_exactly_the_unequal_fields(one: Protocol, other: Protocol) -> None:
    assert differences([one, other]) == differences([other, one])
    assert set(differences([one, other])) == {name for name in FIELDS if getattr(one, name) != getattr(other, name)}


@given(protocols, protocols, st.sets(st.sampled_from(FIELDS)))
@settings(deadline=None)
def test_assumptions_never_add_a_difference(measured: Protocol, reference: Protocol, assumed: set[str]) -> None:
    without, with_ = reference_differences(measured, reference), reference_differences(measured, reference, assumed)
    assert set(with_) <= set(without)
    assert set(without) - set(with_) == set(used_assumptions(measured, reference, assumed))


@given(protocols)
@settings(deadline=None)
def test_a_reference_measured_alike_compares(measured: Protocol) -> None:
    assert reference_differences(measured, measured) == ()
