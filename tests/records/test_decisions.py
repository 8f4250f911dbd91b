import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mekiki.errors import DataError
from mekiki.records.decisions import (
    ACTION_MEANINGS,
    Decision,
    append_decisions,
    in_force,
    plain_path,
    read_decisions,
    remove_decision,
    write_decisions,
)
from mekiki.records.findings import FINDING_MEANINGS

words = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=8).map(str.strip)
names = words.filter(bool)
made = st.one_of(
    st.builds(Decision, path=names, action=st.just("exclude"), value=words, reason=words),
    st.builds(Decision, path=names, action=st.just("relabel"), value=names, reason=words),
    st.builds(Decision, path=names, action=st.just("group"), value=names),
    st.builds(
        Decision, path=names, action=st.just("keep"), value=st.sampled_from(["", *FINDING_MEANINGS]), other=words
    ),
)


@given(st.lists(made))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read(tmp_path: Path, decisions: list[Decision]) -> None:
    write_decisions(tmp_path / "decisions.csv", decisions)
    assert read_decisions(tmp_path / "decisions.csv") == decisions


@given(st.lists(st.lists(made, max_size=6), max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_added_piece_by_piece_the_same_decisions_hold(tmp_path: Path, pieces: list[list[Decision]]) -> None:
    file = tmp_path / "decisions.csv"
    file.unlink(missing_ok=True)
    for piece in pieces:
        before = read_decisions(file) if file.exists() else []
        added = append_decisions(file, piece)
        assert (read_decisions(file) if file.exists() else []) == before + added
        assert append_decisions(file, added[-1:]) == []
    everything = [decision for piece in pieces for decision in piece]

    def said(decisions: list[Decision]) -> set[tuple[object, ...]]:
        return {
            (
                decision.action,
                decision.value if decision.action != "exclude" else "",
                frozenset((plain_path(decision.path), plain_path(decision.other) or plain_path(decision.path))),
            )
            for decision in in_force(decisions)
        }

    assert said(read_decisions(file) if file.exists() else []) == said(everything)


def test_a_file_by_hand_is_read(tmp_path: Path) -> None:
    (tmp_path / "decisions.csv").write_bytes(
        "\ufeffpath,action,value,note\r\n"
        "SG\\1.jpg, Exclude\r\n"
        "\r\n"
        ",,,\r\n"
        " SG/2.jpg,RELABEL, Les Paul ,looks like one\r\n"
        "SG/3.jpg,keep,Near_Duplicate,\r\n"
        "SG/4.jpg,group,listing 7,\r\n".encode()
    )
    assert read_decisions(tmp_path / "decisions.csv") == [
        Decision("SG\\1.jpg", "exclude"),
        Decision("SG/2.jpg", "relabel", "Les Paul"),
        Decision("SG/3.jpg", "keep", "near_duplicate"),
        Decision("SG/4.jpg", "group", "listing 7"),
    ]


def test_a_file_with_semicolons_is_read_and_continued(tmp_path: Path) -> None:
    file = tmp_path / "decisions.csv"
    file.write_text("path;action;value\nSG/1, red.jpg;relabel;Les Paul\n")
    assert read_decisions(file) == [Decision("SG/1, red.jpg", "relabel", "Les Paul")]
    append_decisions(file, [Decision("SG/2.jpg", "exclude", reason="dark")])
    assert file.read_text() == (
        "path;action;value;other;reason\nSG/1, red.jpg;relabel;Les Paul\nSG/2.jpg;exclude;;;dark\n"
    )


def test_added_lines_leave_the_others_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / "decisions.csv"
    by_hand = "\ufeffaction,note,path\r\nexclude,my own words,SG/1.jpg\r\n\r\nexclude,,SG/2.jpg\r\n"
    file.write_bytes(by_hand.encode())
    added = append_decisions(file, [Decision("SG/2.jpg", "exclude"), Decision("SG/3.jpg", "relabel", "SG", reason="x")])
    assert added == [Decision("SG/3.jpg", "relabel", "SG", reason="x")]
    assert file.read_bytes().decode() == (
        by_hand.replace("note,path", "note,path,value,other,reason") + "relabel,,SG/3.jpg,SG,,x\r\n"
    )


def test_a_file_without_an_end_of_line_is_continued_on_a_line_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "decisions.csv"
    file.write_text("path,action\na.jpg,exclude")
    append_decisions(file, [Decision("b.jpg", "exclude")])
    assert [decision.path for decision in read_decisions(file)] == ["a.jpg", "b.jpg"]


def test_nothing_is_written_where_nothing_is_new(tmp_path: Path) -> None:
    file = tmp_path / "decisions.csv"
    file.write_text("path,action,extra\n\n\na.jpg,exclude,'\n")
    before = file.read_bytes(), file.stat().st_mtime_ns
    assert append_decisions(file, [Decision("a.jpg", "exclude", "other words")]) == []
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before


def test_no_file_is_made_for_nothing(tmp_path: Path) -> None:
    assert append_decisions(tmp_path / "decisions.csv", []) == []
    assert not list(tmp_path.iterdir())


def test_spaces_around_the_names_of_columns_do_not_count(tmp_path: Path) -> None:
    file = tmp_path / "decisions.csv"
    file.write_text("path, action ,value\na.jpg, exclude\n")
    assert read_decisions(file) == [Decision("a.jpg", "exclude")]
    append_decisions(file, [Decision("b.jpg", "relabel", "SG")])
    assert file.read_text() == "path, action ,value,other,reason\na.jpg, exclude\nb.jpg,relabel,SG,,\n"


def test_one_pair_is_kept_once_whichever_photo_is_named_first(tmp_path: Path) -> None:
    kept = Decision("Cafe\u0301\\a.jpg", "keep", "near_duplicate", "b.jpg")
    again = Decision("b.jpg", "keep", "near_duplicate", "Caf\u00e9/a.jpg", "for sure")
    other = Decision("b.jpg", "keep", "exact_duplicate", "Caf\u00e9/a.jpg")
    assert append_decisions(tmp_path / "decisions.csv", [kept, again, other]) == [kept, other]


def test_a_changed_mind_is_added_and_the_later_line_holds(tmp_path: Path) -> None:
    file = tmp_path / "decisions.csv"
    turns = [Decision("a", "relabel", "SG"), Decision("a", "relabel", "V"), Decision("a", "relabel", "SG")]
    for turn in turns:
        assert append_decisions(file, [turn]) == [turn]
    assert read_decisions(file) == turns
    assert in_force(turns) == [Decision("a", "relabel", "SG")]


def test_excluding_and_keeping_contradict_only_where_keep_means_everything() -> None:
    out, back = Decision("a", "exclude"), Decision("a", "keep")
    assert in_force([out, back]) == [back]
    assert in_force([back, out]) == [out]
    one_kind = Decision("a", "keep", "blurred")
    assert in_force([out, one_kind]) == [out, one_kind]
    assert in_force([out, Decision(unicodedata.normalize("NFD", "a"), "keep", "", "b")]) == [
        out,
        Decision("a", "keep", "", "b"),
    ]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a.jpg,exlude", r"row 2: there is no action 'exlude'\nhint: did you mean exclude\? known: exclude, keep, relabel, group$"),
        ("a.jpg,zzz", r"row 2: there is no action 'zzz'\nhint: known: exclude, keep, relabel, group$"),
        ("a.jpg,", r"row 2: there is no action ''\nhint: known: exclude, "),
        (",exclude", r"row 2 has no path\nhint: name the photo as findings.csv does"),
        ("a.jpg,relabel", r"row 2: relabel needs the class in the column 'value'\nhint: a.jpg,relabel,…"),
        ("a.jpg,group, ", r"row 2: group needs the group's name in the column 'value'"),
        ("\na.jpg,keep,near_duplicates", r"row 3: there is no kind of finding 'near_duplicates'\nhint: did you mean near_duplicate\? known: .*, near_duplicate, "),
        ('a.jpg,exclude\n"b.jpg,exclude', r"row 3 is no valid CSV"),
        ("SG, red.jpg,exclude,x", r"row 2 has 4 values, but there are 3 columns\nhint: put quotation marks round"),
    ],
)  # fmt: skip
def test_messages_name_the_row(tmp_path: Path, row: str, message: str) -> None:
    file = tmp_path / "decisions.csv"
    file.write_text("path,action,value\n" + row + "\n")
    before = file.read_bytes()
    with pytest.raises(DataError, match=r"decisions.csv, " + message):
        read_decisions(file)
    with pytest.raises(DataError):
        append_decisions(file, [Decision("b.jpg", "exclude")])
    assert file.read_bytes() == before


def test_a_file_without_its_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "decisions.csv").write_text("path,decision\na.jpg,exclude\n")
    with pytest.raises(
        DataError,
        match=r"has no column 'action'; its columns are path, decision\nhint: the first line must name the columns path,action; it may name value,other,reason$",
    ):
        read_decisions(tmp_path / "decisions.csv")


def test_every_action_has_a_meaning() -> None:
    assert set(ACTION_MEANINGS) == {"exclude", "keep", "relabel", "group"}


@given(st.lists(made, min_size=1, max_size=6), st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_removed_line_is_gone_and_no_other(tmp_path: Path, decisions: list[Decision], data: st.DataObject) -> None:
    file = tmp_path / "decisions.csv"
    write_decisions(file, decisions)
    gone = data.draw(st.sampled_from(decisions))
    assert remove_decision(file, gone)
    last = len(decisions) - 1 - decisions[::-1].index(gone)
    assert read_decisions(file) == decisions[:last] + decisions[last + 1 :]


def test_removing_a_relabel_restores_the_class_before_it(tmp_path: Path) -> None:
    file = tmp_path / "decisions.csv"
    first, second = Decision("a", "relabel", "SG"), Decision("a", "relabel", "V", reason="on second thoughts")
    for turn in (first, second):
        append_decisions(file, [turn])
    before = file.read_bytes()
    assert in_force(read_decisions(file)) == [second]
    assert remove_decision(file, second)
    assert in_force(read_decisions(file)) == [first]
    append_decisions(file, [second])
    assert file.read_bytes() == before


FOREIGN = (
    "\ufeffaction; note ;path;value\r\n"
    'exclude;\'my own, "words";SG/1.jpg;\r\n'
    "\r\n"
    'relabel;"over\r\ntwo lines; and ""more""";SG/2.jpg; LP \r\n'
    ";;;\r\n"
    "exclude;;SG/1.jpg;\n"
    "Exclude;again;SG/1.jpg\r\n"
    "exclude;last;SG/3.jpg"
)


@pytest.mark.parametrize(
    ("gone", "line"),
    [
        (Decision("SG/1.jpg", "exclude"), "Exclude;again;SG/1.jpg\r\n"),
        (Decision("SG/2.jpg", "relabel", "LP"), 'relabel;"over\r\ntwo lines; and ""more""";SG/2.jpg; LP \r\n'),
        (Decision("SG/3.jpg ", "exclude"), "exclude;last;SG/3.jpg"),
    ],
)
def test_removing_leaves_all_else_to_the_byte(tmp_path: Path, gone: Decision, line: str) -> None:
    file = tmp_path / "decisions.csv"
    file.write_bytes(FOREIGN.encode())
    assert remove_decision(file, gone)
    assert file.read_bytes().decode() == FOREIGN.replace(line, "")


def test_the_header_stays_when_the_last_line_goes(tmp_path: Path) -> None:
    file = tmp_path / "decisions.csv"
    file.write_bytes(b"path,action,note\r\na,exclude,x\r\n")
    assert remove_decision(file, Decision("a", "exclude"))
    assert file.read_bytes() == b"path,action,note\r\n"
    assert not remove_decision(file, Decision("a", "exclude"))
    assert append_decisions(file, [Decision("a", "exclude")])


def test_what_is_not_there_is_not_removed_and_nothing_is_written(tmp_path: Path) -> None:
    file = tmp_path / "decisions.csv"
    assert not remove_decision(file, Decision("a", "exclude"))
    assert not list(tmp_path.iterdir())
    write_decisions(file, [Decision("a", "exclude", reason="dark")])
    before = file.read_bytes(), file.stat().st_mtime_ns
    assert not remove_decision(file, Decision("a", "exclude"))
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before


def test_a_file_that_cannot_be_read_is_not_touched(tmp_path: Path) -> None:
    file = tmp_path / "decisions.csv"
    file.write_text("path,action\na,exlude\n")
    with pytest.raises(DataError, match=r"row 2: there is no action 'exlude'"):
        remove_decision(file, Decision("a", "exclude"))
    assert file.read_text() == "path,action\na,exlude\n"
