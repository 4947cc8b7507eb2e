"""The sensitivity labels of a library's files, as Microsoft Purview has them; read anew when a file has changed."""

from collections.abc import Mapping

from tuning.domain.documents import UNKNOWN_LABEL
from tuning.sources.formats import suffix
from tuning.sources.graph.client import BATCH, Graph
from tuning.sources.graph.grants import Resource
from tuning.sources.graph.ledger import Item, Ledger

LABELLED = frozenset({".docx", ".pptx", ".xlsx", ".pdf"})
"""The files that Microsoft 365 labels."""


async def read_labels(graph: Graph, ledger: Ledger) -> None:
    """Let the ledger know the labels of files that are new or changed; what Graph doesn't tell is unknown, not none."""
    wanted = [item for _, item in ledger.files() if suffix(item.name) in LABELLED and item.labelled != item.version]
    if not wanted:
        return
    names = await graph.label_names()
    for start in range(0, len(wanted), BATCH):
        batch = wanted[start : start + BATCH]
        told = await graph.labels(ledger.drive, [item.id for item in batch])
        for item in batch:
            _take_over(item, told.get(item.id), names, graph.registration.tenant_id)


def _take_over(item: Item, answer: Resource | None, names: Mapping[str, str], tenant_id: str) -> None:
    if answer is None:
        item.label, item.labelled = UNKNOWN_LABEL, ""
        return
    assigned = [one for one in answer.get("labels") or () if one.get("sensitivityLabelId")]
    own = [one for one in assigned if str(one.get("tenantId") or tenant_id).lower() == tenant_id.lower()]
    ids = [str(one["sensitivityLabelId"]).lower() for one in own or assigned]
    item.label = names.get(ids[0], UNKNOWN_LABEL) if ids else ""
    item.labelled = item.version if item.label != UNKNOWN_LABEL else ""
