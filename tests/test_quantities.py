from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bertsym.errors import Unreadable
from bertsym.quantities import decimal, parse_count, parse_size, percent, rounded


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("110M", 110_000_000),
        ("340e6", 340_000_000),
        ("1.1e8", 110_000_000),
        ("1.1E+8", 110_000_000),
        ("110_000_000", 110_000_000),
        ("109,482,240", 109_482_240),
        ("0.11B", 110_000_000),
        ("1.5T", 1_500_000_000_000),
        ("4.43K", 4430),
        ("1e30", 10**30),
        ("1", 1),
    ],
)
def test_counts_as_people_write_them(text: str, value: int) -> None:
    assert parse_count(text) == value


@pytest.mark.parametrize(
    "text",
    [
        *("", "110 M", "110m", "-5", "nan", "inf", "0.5", "0", "1e-3", "1.23456789e3", "1,00,000", "1__0", "0x10"),
        *("1e99999", "9" * 100, "١١٠", "110MB", "1.5", "M", "1e", "+5", "110M ", "12_", "²"),
    ],
)
def test_what_is_no_count(text: str) -> None:
    with pytest.raises(Unreadable):
        parse_count(text)


@pytest.mark.parametrize(("text", "mended"), [("110 M", "110M"), ("110m", "110M"), ("7g", "7B")])
def test_a_near_miss_is_named(text: str, mended: str) -> None:
    with pytest.raises(Unreadable, match=f"did you mean {mended}"):
        parse_count(text)


@pytest.mark.parametrize(
    ("text", "value"), [("768", 768), ("30,522", 30522), ("2.5", Fraction(5, 2)), ("8/3", Fraction(8, 3)), ("0", 0)]
)
def test_sizes(text: str, value: Fraction) -> None:
    assert parse_size(text) == value


@pytest.mark.parametrize("text", ["", "abc", "-1", "1/0", "1e3", "1.", ".5", "1/2/3", "7" * 61])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(Unreadable):
        parse_size(text)


@given(st.integers(1, 10**40))
def test_grouped_digits_come_back(value: int) -> None:
    assert parse_count(f"{value:,}") == parse_count(str(value)) == value


@given(st.fractions(-(10**6), 10**6), st.integers(0, 6))
def test_decimal_is_within_half_a_unit(value: Fraction, places: int) -> None:
    assert abs(Fraction(decimal(value, places)) - value) <= Fraction(1, 2 * 10**places)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.00K"),
        (109_482_240, "109.48M"),
        (335_141_888, "335.14M"),
        (999_994_999, "999.99M"),
        (999_995_000, "1.00B"),
        (10**12, "1.00T"),
        (10**16, "10000.00T"),
    ],
)
def test_rounded(count: int, text: str) -> None:
    assert rounded(count) == text


def test_percent() -> None:
    assert percent(Fraction(2183, 10000)) == "21.8%"
