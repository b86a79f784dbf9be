"""Analytics in the dialects of others: the Sigma rules that mean the same as their outputs.

A bound program is a union of events of log sources with what is asked of them (`streams`); what is asked becomes a
detection (`conditions`, `texts`) by the names that sensors have (`fields`), and with what is known of the analytic a
rule (`detection`, `rules`). What a rule cannot say is refused at its place. Other dialects are made of the rules by
pySigma's backends, which are in `sigma`.
"""

from typing import TYPE_CHECKING

from carlang.exports import hand_on

if TYPE_CHECKING:
    from carlang.outgoing.exporting import SIGMA, Exported, ExportedOutput, Exporter, ExportError
    from carlang.outgoing.rules import Outgoing, OutgoingRule, outgoing
else:
    __getattr__ = hand_on(
        __name__,
        {
            "outgoing.exporting": "SIGMA Exported Exporter ExportError ExportedOutput",
            "outgoing.rules": "Outgoing OutgoingRule outgoing()",
        },
    )

__all__ = ["SIGMA", "ExportError", "Exported", "ExportedOutput", "Exporter", "Outgoing", "OutgoingRule", "outgoing"]
