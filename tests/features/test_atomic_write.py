"""A file is there whole, or as it was."""

from pathlib import Path

import pytest

from features.atomic_write import replacing, write_whole


@pytest.mark.parametrize("durable", [False, True])
def test_a_file_is_replaced_in_one_step(tmp_path: Path, durable: bool) -> None:
    file = tmp_path / "plan.csv"
    assert write_whole(file, "één\n", durable) == file
    with replacing(file, durable) as scratch:
        scratch.write_text("half")
        assert file.read_text(encoding="utf-8") == "één\n"
        assert not scratch.match("*.csv"), "who looks for files of that kind finds only whole ones"
        scratch.write_bytes(b"whole")
    assert file.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [file]


def test_what_breaks_off_leaves_the_file_as_it_was_and_nothing_beside_it(tmp_path: Path) -> None:
    file = write_whole(tmp_path / "plan.csv", b"before")
    with pytest.raises(KeyboardInterrupt):
        _break_off(file)
    with pytest.raises(FileNotFoundError), replacing(file):
        pass
    assert file.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [file]


def _break_off(file: Path) -> None:
    with replacing(file) as scratch:
        scratch.write_text("half")
        raise KeyboardInterrupt
