"""The studio looks only where it was told to, and never through a link."""

from pathlib import Path

import pytest

from mekiki.doors.studio.workspace import Workspace, open_workspace, plain_name
from mekiki.errors import DataError


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "photos").mkdir()
    return open_workspace(tmp_path / "home", (tmp_path / "photos",))


def test_what_lies_in_a_root_may_be_seen(workspace: Workspace, tmp_path: Path) -> None:
    for path in (tmp_path / "photos", tmp_path / "photos/a/b.jpg", workspace.home, workspace.runs / "first"):
        assert workspace.inside(str(path)) == path


@pytest.mark.parametrize(
    "named", ["/etc/passwd", "..", "photos", "", "/", "{root}/photos/../secret", "{root}/photos-of-others", "{root}"]
)
def test_what_lies_elsewhere_is_refused(workspace: Workspace, tmp_path: Path, named: str) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "photos-of-others").mkdir()
    with pytest.raises(DataError, match="none of the folders that this studio may look into") as refused:
        workspace.inside(named.format(root=tmp_path))
    assert "mekiki studio" in refused.value.hint


def test_links_are_refused_wherever_they_lead(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "photos/inside").mkdir()
    (tmp_path / "photos/link").symlink_to(tmp_path / "secret")
    (tmp_path / "photos/loop").symlink_to(tmp_path / "photos/inside")
    (tmp_path / "photos/inside/deep").symlink_to("/etc")
    for name in ("link", "link/file.jpg", "loop", "inside/deep/passwd"):
        with pytest.raises(DataError, match="links are not followed"):
            workspace.inside(tmp_path / "photos" / name)


def test_a_link_to_a_root_itself_was_the_persons_choice(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    workspace = open_workspace(tmp_path / "home", (tmp_path / "link",))
    assert workspace.inside(tmp_path / "real/photo.jpg")


def test_a_root_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no folder"):
        open_workspace(tmp_path / "home", (tmp_path / "nothing",))


def test_a_new_name_never_meets_what_is_there(workspace: Workspace) -> None:
    names = []
    for _ in range(3):
        path = workspace.new(workspace.runs, "first try")
        path.mkdir()
        names.append(path.name)
    assert names == ["first-try", "first-try-2", "first-try-3"]


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("../../etc", "etc"),
        ("a/b\\c:d", "a-b-c-d"),
        ("", "unnamed"),
        (" .. ", "unnamed"),
        ("<img src=x>", "img-src=x"),
        ("レスポール", "レスポール"),
        ("x" * 500, "x" * 80),
        ("a\0\nb", "a-b"),
    ],
)
def test_a_name_becomes_one_that_a_folder_can_have(name: str, plain: str) -> None:
    assert plain_name(name) == plain


def test_runs_are_found_below_the_roots_but_not_through_links(workspace: Workspace, tmp_path: Path) -> None:
    for place in (workspace.runs / "one", tmp_path / "photos/runs/two", tmp_path / "elsewhere/three"):
        place.mkdir(parents=True)
        (place / "status.json").write_text("{}")
    (tmp_path / "photos/link").symlink_to(tmp_path / "elsewhere")
    assert {path.name for path in workspace.find_runs()} == {"one", "two"}
