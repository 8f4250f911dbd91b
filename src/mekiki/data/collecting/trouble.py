"""What can go wrong with one address: it becomes the status and reason of its row, and never stops the others."""

from __future__ import annotations

from mekiki.records.collected import CollectedStatus


class Trouble(Exception):
    """One address brings no photo.

    Args:
        status: The status of its row.
        reason: One line in words, without the address.
        again: Whether another try in the same run is worth while.
        unreachable: Whether the host gave no answer at all.
    """

    def __init__(
        self,
        status: CollectedStatus,
        reason: str,
        *,
        again: bool = False,
        unreachable: bool = False,
    ) -> None:
        super().__init__(reason)
        self.status: CollectedStatus = status
        self.reason = reason
        self.again = again
        self.unreachable = unreachable


def refused(reason: str) -> Trouble:
    """Return the trouble of an address that is against a rule of ours."""
    return Trouble("refused", reason)
