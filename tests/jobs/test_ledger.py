"""The ledger: what is in it counts, whatever byte a kill came at."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidstyle.errors import TargetError
from vidstyle.jobs.ledger import Entry, Ledger


def entry(shot: str, event: str = "begun", **more: object) -> Entry:
    return Entry(event=event, shot=shot, version=1, target=f"{shot}.mov", **more)


def test_what_was_added_is_read_again(tmp_path: Path):
    with Ledger(tmp_path) as ledger:
        ledger.add(entry("a", facts={"style": "ink"}))
        ledger.add(entry("a", "done", frames=9, sha256="x"))
        ledger.add(entry("b", "failed", message="no", exit_code=65))
    again = Ledger.look(tmp_path)
    assert [each.event for each in again.of("a")] == ["begun", "done"]
    assert again.of("a")[0].facts == {"style": "ink"}
    assert again.of("b")[0].exit_code == 65
    assert again.of("c") == []
    assert again.of("a")[0].at == ledger.of("a")[0].at


@given(st.integers(0, 2000))
def test_a_kill_at_any_byte_costs_only_the_line_that_was_being_written(
    tmp_path_factory: pytest.TempPathFactory, cut: int
):
    folder = tmp_path_factory.mktemp("ledger")
    with Ledger(folder) as ledger:
        for number in range(5):
            ledger.add(entry(f"shot{number}"))
    raw = ledger.path.read_bytes()
    cut = min(cut, len(raw))
    ledger.path.write_bytes(raw[:cut])
    whole = sum(cut >= end for end, byte in enumerate(raw) if byte == ord("\n"))
    with Ledger(folder) as again:
        assert len(again.all()) == whole
        again.add(entry("later"))
    after = Ledger.look(folder)
    assert len(after.all()) == whole + 1
    assert after.of("later")


def test_lines_of_others_are_passed_over_and_told(tmp_path: Path):
    (tmp_path / "ledger.jsonl").write_text('{"event": "begun"}\nnot json\n' + entry("a").model_dump_json() + "\n")
    ledger = Ledger.look(tmp_path)
    assert list(ledger.all()) == ["a"]
    assert len(ledger.warnings) == 2


def test_two_batches_can_not_share_a_folder(tmp_path: Path):
    with Ledger(tmp_path), pytest.raises(TargetError, match="another batch"), Ledger(tmp_path):
        pass
    with Ledger(tmp_path):
        pass
