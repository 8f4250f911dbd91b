"""What an audit found, in sentences; they follow from the summary alone and claim no more than its interval."""

from __future__ import annotations

from mekiki.records.audit import AuditSummary
from mekiki.reports.story import counted


def estimate(summary: AuditSummary) -> str:
    """Say about how many tags are wrong in all."""
    low, high = int(summary.low), -int(-summary.high // 1)
    return (
        f"About {round(summary.wrong):,} of {counted(summary.judged, 'tag')} are wrong (95 % interval {low:,} to "
        f"{high:,}); {counted(summary.suspicious, 'listing')} {'is' if summary.suspicious == 1 else 'are'} suspicious."
    )


def yields(summary: AuditSummary) -> list[str]:
    """Say how many wrong tags one finds who looks through the first k; no lines where none are to be expected."""
    some = [each for each in summary.top if each.listings <= max(2 * summary.suspicious, summary.top[0].listings)]
    if not some or summary.wrong < 1:
        return []
    words = "; ".join(f"{each.listings:,} listings: {each.wrong:.0f}" for each in some)
    return [f"Wrong tags to be expected among the most suspicious {words}."]


def about_not_judged(summary: AuditSummary) -> list[str]:
    """Say which listings were not judged, and which not by the run."""
    lines = [f"Not judged: {counted(count, 'listing')}, {reason}." for reason, count in summary.not_judged.items()]
    if summary.in_training:
        photos = counted(summary.in_training, "photo")
        lines.append(
            f"The run was trained on {photos} of these, or copies: there its own answer does not count, and the other "
            "listings judge by features that the run learnt from these tags, so that some wrong tags may look right."
        )
    return lines
