"""What an audit writes is read back as it was, and a file of something else is refused by name."""

import json
from pathlib import Path

import pytest

from mekiki.errors import DataError, RunError
from mekiki.records.audit import Audit, AuditFinding, AuditListing, AuditSummary, Yield, joined, read_audit, write_audit


def made_audit(root: str = "/photos", run: str = "runs/one") -> Audit:
    """Return an audit of four listings with awkward names."""
    summary = AuditSummary(
        run=run,
        model="ab" * 32,
        catalogue=root,
        root=root,
        listings=4,
        judged=3,
        suspicious=2,
        in_training=1,
        not_judged={"cannot be read": 1},
        wrong=1.9,
        low=0.4,
        high=2.7,
        top=(Yield(listings=1, wrong=0.97), Yield(listings=2, wrong=1.8)),
        seconds=75.2,
        mekiki="0.1.0",
    )
    findings = (
        AuditFinding('a, "b"/<b>1.jpg', "SG", "<i>Jaguar", 0.97, "looks like <i>Jaguar 0.96", "j/1.jpg|j/2.jpg"),
        AuditFinding("sg/2.jpg", "SG", "", 0.83, "is none of the classes; was in training"),
    )
    listings = (
        AuditListing('a, "b"/<b>1.jpg', "SG", "<i>Jaguar", 0.97, "looks like <i>Jaguar 0.96"),
        AuditListing("j/1.jpg", "<i>Jaguar", "SG", 0.001, ""),
        AuditListing("sg/2.jpg", "SG", "", 0.83, "is none of the classes; was in training", "train"),
        AuditListing("sg/3.jpg", "SG", "", None, "cannot be read"),
    )
    return Audit(summary, findings, listings)


def test_an_audit_is_read_as_it_was_written(tmp_path: Path) -> None:
    audit = made_audit()
    write_audit(tmp_path, audit)
    assert read_audit(tmp_path) == audit
    assert audit.findings[0].examples == ("j/1.jpg", "j/2.jpg") and audit.findings[1].examples == ()
    header, *rows = (tmp_path / "findings.csv").read_text(encoding="utf-8").splitlines()
    assert header == "path,label,suggested,score,reason,nearest" and len(rows) == 2


def test_a_path_that_holds_the_separator_is_no_example() -> None:
    assert joined(["a.jpg", "b|c.jpg", "d.jpg"]) == "a.jpg|d.jpg"


def test_what_is_no_audit_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"audit\.json"):
        read_audit(tmp_path)
    write_audit(tmp_path, made_audit())
    (tmp_path / "findings.csv").write_text("path,label\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"findings\.csv has no column 'suggested'"):
        read_audit(tmp_path)
    content = json.loads((tmp_path / "audit.json").read_text(encoding="utf-8"))
    (tmp_path / "audit.json").write_text(json.dumps(content | {"wrong": "many"}), encoding="utf-8")
    with pytest.raises(RunError, match=r"audit\.json: wrong"):
        read_audit(tmp_path)
