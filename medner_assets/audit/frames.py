"""An audit as rows of table `audits`."""

import polars as pl

from medner_assets.audit.audit import Audit
from medner_assets.tables import TABLES


def audit_frame(audit: Audit, dataset_version: str = "") -> pl.DataFrame:
    """Return one row a figure; the verdict, its reasons and the lead's sentence are rows of probe `verdict`.

    dataset_version: hash of the dataset's content, repeated in every row.
    """
    words = [
        ("verdict", audit.verdict.value),
        ("lead_sentence", audit.lead_sentence),
        *(("reason", reason) for reason in audit.reasons),
    ]
    rows: list[tuple[str, str, str, float | None, float | None, float | None, str, str]] = [
        ("verdict", figure, "", None, None, None, text, dataset_version) for figure, text in words
    ]
    for each in audit.figures:
        value = None if each.value is None else float(each.value)
        rows.append(
            (each.probe, each.figure, each.setting, value, each.low, each.high, each.detail, dataset_version)
        )
    return pl.DataFrame(rows, schema=TABLES["audits"].schema, orient="row")
