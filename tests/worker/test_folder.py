"""A run's private folder: counted without being fooled, and gone afterwards whatever a program left in it."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from components.worker.folder import Bound, Usage, free_bytes, make_base, remove, usage
from tests.worker.helpers import IS_ROOT, NOBODY, needs_root

MUCH = Bound(1 << 40, 1 << 40)


def nest(folder: Path, deep: int) -> None:
    """Make folders in each other, past what a path can say, with a file in the last."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(deep):
        os.mkdir("x" * 50, dir_fd=here)
        inner = os.open("x" * 50, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)


def test_what_lies_on_the_disk_is_counted(tmp_path: Path) -> None:
    (tmp_path / "inner" / "more").mkdir(parents=True)
    (tmp_path / "a").write_bytes(b"x" * 100_000)
    (tmp_path / "inner" / "more" / "b").write_bytes(b"x" * 100_000)
    with open(tmp_path / "sparse", "wb") as file:
        file.truncate(1 << 30)
    found = usage(str(tmp_path), MUCH)
    assert found.files == 5
    assert 200_000 <= found.bytes < 1 << 20
    assert found.over(MUCH) is None


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * 1_000_000)
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "file").symlink_to(tmp_path / "large")
    (folder / "up").symlink_to(tmp_path)
    (folder / "self").symlink_to(folder)
    found = usage(str(folder), MUCH)
    assert (found.files, found.bytes < 100_000) == (3, True)
    assert usage(str(folder / "up"), MUCH) == Usage(0, 0)


def test_counting_stops_at_the_bound(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"{number}").mkdir()
        for name in range(10):
            (tmp_path / f"{number}" / f"{name}").touch()
    assert usage(str(tmp_path), Bound(1 << 40, 25)).files == 30
    assert usage(str(tmp_path), Bound(1 << 40, 25), slack=2.0).files == 60
    assert usage(str(tmp_path), MUCH).files == 220


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (Usage(2 << 20, 10), None),
        (Usage((2 << 20) + 1, 10), "The program wrote more than 2 MiB into its folder and was stopped."),
        (Usage(0, 11), "The program made more than 10 files and folders and was stopped."),
        (Usage(0, 0, too_deep=True), "The program nested folders too deeply and was stopped."),
    ],
)
def test_what_is_too_much_is_said(found: Usage, says: str | None) -> None:
    assert found.over(Bound(2 << 20, 10)) == says


def test_slack_lets_more_pass_and_says_the_bound_itself() -> None:
    bound = Bound(2 << 20, 1_000)
    assert Usage(2 << 20, 1_250).over(bound, 1.25) is None
    assert Usage(0, 1_251).over(bound, 1.25) == "The program made more than 1,000 files and folders and was stopped."


def test_folders_nested_past_any_path_are_too_deep_and_do_not_use_up_descriptors(tmp_path: Path) -> None:
    nest(tmp_path, 300)
    found = usage(str(tmp_path), MUCH)
    assert found.too_deep
    assert found.files < 100


def test_a_folder_that_is_gone_holds_nothing(tmp_path: Path) -> None:
    assert usage(str(tmp_path / "gone"), MUCH) == Usage(0, 0)
    assert usage(__file__, MUCH) == Usage(0, 0)
    remove(str(tmp_path / "gone"))


def test_a_folder_goes_however_deep_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    nest(folder, 300)
    (folder / ".raised-1").mkdir()
    (folder / ".raised-1" / "file").touch()
    remove(str(folder))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_goes_with_many_files_of_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    for name in ("a", "b"):
        (folder / name).mkdir(parents=True)
        for number in range(3_000):
            (folder / name / f"{number}").touch()
    for odd in (b"new\nline", b"\xff\xfe", b" ", b"-rf", b"x" * 255):
        with open(os.path.join(os.fsencode(folder), odd), "wb"):
            pass
    remove(str(folder))
    assert not folder.exists()


def test_what_links_lead_to_stays(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("text")
    folder = tmp_path / "run"
    (folder / "inner").mkdir(parents=True)
    for place in (folder, folder / "inner"):
        (place / "folder").symlink_to(kept)
        (place / "file").symlink_to(kept / "file")
        (place / "nowhere").symlink_to("/no/such/place")
        os.link(kept / "file", place / "hard")
    remove(str(folder))
    assert not folder.exists()
    assert (kept / "file").read_text() == "text"
    (tmp_path / "run").symlink_to(kept)
    remove(str(tmp_path / "run"))
    assert (kept / "file").read_text() == "text"


def test_few_descriptors_suffice(tmp_path: Path) -> None:
    for number in range(100):
        (tmp_path / "run" / f"{number}" / "a" / "b").mkdir(parents=True)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = max(map(int, os.listdir("/dev/fd")))
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 20, hard))
    try:
        assert usage(str(tmp_path / "run"), MUCH).files == 300
        remove(str(tmp_path / "run"))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(IS_ROOT, reason="root reads everything")
def test_folders_that_their_owner_closed_go_too(tmp_path: Path) -> None:
    (tmp_path / "run" / "inner" / "more").mkdir(parents=True)
    (tmp_path / "run" / "inner" / "more" / "file").touch()
    for name in ("inner/more", "inner"):
        (tmp_path / "run" / name).chmod(0)
    remove(str(tmp_path / "run"))
    assert not (tmp_path / "run").exists()


@needs_root
def test_closed_folders_of_a_plain_user_go_too(tmp_path_factory: pytest.TempPathFactory) -> None:
    base = Path(make_base(NOBODY))
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            (base / "run" / "inner" / "more").mkdir(parents=True)
            (base / "run" / "inner" / "more" / "file").touch()
            for name in ("inner/more", "inner"):
                (base / "run" / name).chmod(0)
            remove(str(base / "run"))
        finally:
            os._exit(len(os.listdir(base)))
    _, status = os.waitpid(child, 0)
    left = list(base.iterdir())
    remove(str(base))
    assert (status, left) == (0, [])


def test_the_base_is_its_users_alone() -> None:
    base = make_base()
    try:
        assert os.stat(base).st_mode & 0o777 == 0o700
        assert os.stat(base).st_uid == os.getuid()
    finally:
        remove(base)


def test_room_on_the_disk(tmp_path: Path) -> None:
    assert 0 < free_bytes(str(tmp_path)) < 1 << 60
    assert free_bytes(str(tmp_path / "gone")) > 1 << 60  # no reason to stop anything
