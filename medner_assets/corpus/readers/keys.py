"""Under which keys tools put their annotations: how a record of another tool is recognised. Pure."""

from collections.abc import Collection, Mapping

_TOOLS: dict[str, str] = {
    "label": "doccano",
    "labels": "doccano",
    "annotations": "doccano before 1.3, Label Studio or BioC",
    "completions": "Label Studio before 1.0",
    "spans": "Prodigy",
    "entities": "doccano, spaCy or medner's own JSON lines",
    "denotations": "PubAnnotation",
    "passages": "BioC or BigBIO",
    "ner": "DyGIE++",
    "ner_tags": "Hugging Face",
    "tokens": "SpERT, DyGIE++ or Hugging Face",
    "result": "Label Studio",
    "sentences": "DyGIE++",
}


def foreign_keys(record: object, known: Collection[str]) -> str | None:
    """Return what to say of a record whose annotations stand under keys that its format does not have.

    None if it has one of the `known` keys, or none that any tool uses: then it has no annotations.
    """
    if not isinstance(record, Mapping) or any(key in record for key in known):
        return None
    found = [key for key in _TOOLS if record.get(key)]
    if not found:
        return None
    return (
        f"no annotation under a known key ({', '.join(known)}), but there is {found[0]!r}, as "
        f"{_TOOLS[found[0]]} writes it: record left out; import it in that format, or rename the key"
    )
