"""Merging pip requirements: what comes out, which pairs conflict, and that order never matters."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from jvbundler.app.model import PipRequirement, Wish
from jvbundler.app.pip.requirements import leading_name, merged_requirements, plain_requirement
from jvbundler.app.pip.versions import satisfiable, specifier_text
from jvbundler.values.problem import Place


def wishes(*texts: str) -> list[Wish]:
    return [Wish(text, f"acme/a{n}", Place(f"a{n}/info.yaml", n, 9)) for n, text in enumerate(texts, 1)]


def specs(*texts: str) -> list[str]:
    merged, problems = merged_requirements(wishes(*texts))
    assert not problems
    return [one.spec for one in merged]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["httpx", "httpx>=0.24.0", "HTTPX>=0.28.0"], ["httpx>=0.28.0"]),
        (["Typing_Extensions", "typing.extensions"], ["typing-extensions"]),
        (["mcp<2,>=1.0", "mcp>=1.5"], ["mcp>=1.5,<2"]),
        (["a[y]>=1", "a[X,y]<3"], ["a[x,y]>=1,<3"]),
        (["a~=1.4", "a!=1.4.2", "a<=1.9"], ["a~=1.4,!=1.4.2,<=1.9"]),
        (["a==1.2", "a>=1"], ["a==1.2,>=1"]),
        (["a>=2.0a1", "a>=1"], ["a>=1,>=2.0a1"]),
        (['a>=1; python_version < "3.12"', "a>=2"], ["a>=2", 'a>=1; python_version < "3.12"']),
        (["a @ https://files.example/a-1.tar.gz", "a>=1"], ["a>=1", "a @ https://files.example/a-1.tar.gz"]),
        (["b", "a"], ["a", "b"]),
    ],
)
def test_one_line_a_package_and_marker(texts: list[str], expected: list[str]) -> None:
    assert sorted(specs(*texts)) == sorted(expected)
    assert [Requirement(spec).name for spec in specs(*texts)] == [Requirement(spec).name for spec in expected]


def test_who_wants_a_package_and_where_it_was_written_first() -> None:
    merged, _ = merged_requirements(reversed(wishes("a>=1", "a>=2")))
    assert merged == (PipRequirement("a>=2", "a", ("acme/a1", "acme/a2"), Place("a1/info.yaml", 1, 9)),)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a<2", "a>=2"),
        ("a==1.0", "a==1.1"),
        ("a~=1.4", "a>=2"),
        ("a==1.*", "a>2"),
        ("a>1.0", "a<=1.0"),
        ("a>=1.0,!=1.0", "a<=1.0"),
        ("a @ https://files.example/a-1.zip", "a @ https://files.example/a-2.zip"),
    ],
)
def test_a_conflict_names_both_sides(one: str, other: str) -> None:
    _, (problem,) = merged_requirements(wishes(one, "b>=1", other))
    assert problem.rule == "JVB203"
    assert problem.is_error
    assert (problem.place, problem.related) == (Place("a1/info.yaml", 1, 9), (Place("a3/info.yaml", 3, 9),))
    for part in (one, other, "acme/a1", "acme/a3", "a1/info.yaml:1:9", "a3/info.yaml:3:9"):
        assert part in problem.message


def test_three_that_agree_two_by_two_and_not_together() -> None:
    _, (problem,) = merged_requirements(wishes("a>=1", "a<=1.0", "a!=1.0"))
    assert problem.rule == "JVB203"
    assert len(problem.related) == 2


@pytest.mark.parametrize(
    "text",
    ["", "a b", "-r other.txt", "git+https://git.example/a", "./a", "a>=x", "é", "a>=" + 5000 * "1"],
    ids=range(8),
)
def test_what_is_no_requirement(text: str) -> None:
    _, (problem,) = merged_requirements(wishes(text))
    assert (problem.rule, problem.place) == ("JVB204", Place("a1/info.yaml", 1, 9))
    assert problem.hint


def test_a_password_in_an_address_is_not_repeated() -> None:
    _, (problem,) = merged_requirements(wishes("a @ https://me:hunter2@files.example/a.zip"))
    assert problem.rule == "JVB204"
    assert "hunter2" not in problem.message + problem.hint


INSTALLED = [("jvagent", "==0.1.7"), ("jvspatial", "==0.0.17")]


def test_the_framework_itself_is_installed_anyway() -> None:
    merged, problems = merged_requirements(
        wishes("jvagent>=0.1", "jvspatial", "jvspatial[lambda]"), INSTALLED
    )
    assert not problems
    assert [one.spec for one in merged] == ["jvspatial[lambda]"]


def test_a_wish_for_another_framework_is_a_conflict() -> None:
    _, (problem,) = merged_requirements(wishes("jvagent<0.1.5"), INSTALLED)
    assert problem.rule == "JVB203"
    assert "jvagent==0.1.7" in problem.message


NUMBERS = st.lists(st.integers(0, 3), min_size=1, max_size=3).map(lambda n: ".".join(map(str, n)))
BOUNDS = st.one_of(
    st.tuples(st.sampled_from([">=", ">", "<=", "<", "==", "!="]), NUMBERS).map("".join),
    st.tuples(st.sampled_from(["==", "!="]), NUMBERS).map(lambda b: f"{b[0]}{b[1]}.*"),
    NUMBERS.filter(lambda n: "." in n).map("~={}".format),
)
SETS = st.lists(BOUNDS, max_size=4).map(",".join)
TEXTS = st.tuples(
    st.sampled_from(["a", "A", "b-c", "B_C"]),
    st.sampled_from(["", "[x]", "[y,X]"]),
    SETS,
    st.sampled_from(["", '; python_version < "3.12"', '; sys_platform == "linux"']),
).map("".join)


@settings(deadline=None)
@given(st.lists(TEXTS, max_size=6).flatmap(lambda texts: st.tuples(st.just(texts), st.permutations(texts))))
def test_any_order_gives_the_same_lines_and_each_parses_again(drawn: tuple[list[str], list[str]]) -> None:
    texts, shuffled = drawn
    by_text = {wish.text: wish for wish in wishes(*texts)}
    first = merged_requirements([by_text[text] for text in texts])
    assert first == merged_requirements([by_text[text] for text in shuffled])
    for one in first[0]:
        assert leading_name(str(Requirement(one.spec))) == one.name
    again, _ = merged_requirements(Wish(one.spec, "x", one.place) for one in first[0])
    assert sorted(one.spec for one in again) == sorted(one.spec for one in first[0])


ENDS = ("", ".0.1", ".1", ".dev1", "a1", "a1.post1", "a2", "rc1", ".post1", ".post2")
EVERY_VERSION = [f"{a}.{b}.{c}{end}" for a in range(5) for b in range(4) for c in range(4) for end in ENDS]
ODD_BOUNDS = st.tuples(
    st.sampled_from([">=", ">", "<=", "<", "==", "!="]),
    NUMBERS,
    st.sampled_from(["a1", "rc1", ".post1", ".dev1"]),
).map("".join)


@settings(deadline=None)
@given(st.lists(st.one_of(BOUNDS, ODD_BOUNDS), max_size=4).map(",".join))
def test_what_some_version_satisfies_is_satisfiable(text: str) -> None:
    specifiers = SpecifierSet(text)
    if any(specifiers.contains(version, prereleases=True) for version in EVERY_VERSION):
        assert satisfiable(specifiers)


@settings(deadline=None)
@given(SETS)
def test_the_short_spelling_permits_the_same_versions(text: str) -> None:
    short = SpecifierSet(specifier_text(SpecifierSet(text)))
    assert [v in short for v in EVERY_VERSION] == [v in SpecifierSet(text) for v in EVERY_VERSION]


PLAIN = st.lists(
    st.one_of(
        NUMBERS.map(">={}".format),
        NUMBERS.map("<{}".format),
        st.tuples(NUMBERS, NUMBERS).map(lambda b: f">={b[0]},<{b[1]}"),
        st.sampled_from(["", ">=1<2", ">=1,", ",<2", " >= 1", "==1"]),
    ).map("Some_Name{}".format),
    min_size=1,
    max_size=4,
)


@settings(deadline=None)
@given(PLAIN)
def test_the_quick_way_gives_what_packaging_gives(texts: list[str]) -> None:
    group = wishes(*texts)
    quick = plain_requirement("some-name", group)
    if quick is not None:
        # a marker that always holds keeps them off the quick way
        marked = [Wish(f'{w.text}; python_version >= "3"', w.by, w.place) for w in group]
        (slow,), problems = merged_requirements(marked)
        assert not problems
        assert slow.spec.partition(";")[0] == quick.spec
        assert (slow.wanted_by, slow.place) == (quick.wanted_by, quick.place)
