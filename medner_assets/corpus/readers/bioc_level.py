"""At which level the relations of a BioC file hold, mentions or concepts: searched for, not parsed."""

import re

from medner_assets.corpus.readers.sources import Source
from medner_assets.schema import Level

CONCEPTS = (
    "identifier", "Identifier", "MESH", "mesh", "NCBI Gene", "NCBIGene", "NCBI Homologene", "NCBI Taxonomy",
    "OMIM", "UMLS", "cui", "CUI", "RSID", "concept_id", "conceptid", "normalized_id",
)  # fmt: skip
"""Names of the infons under which tools put concepts."""
_CONCEPT_RELATION = re.compile(
    rb"""key\s*=\s*["'](?:entity1|relation)["']|"(?:entity1|role1)"\s*:|"relation"\s*:\s*"[^"]*"\s*,\s*"[A-Z]"""
)
_RELATION = re.compile(rb"""<relation[\s>]|"relations"\s*:\s*\[\s*\{""")
_CONCEPT = re.compile(
    rb"""(?:key\s*=\s*["']|")(?:%b)["'](?:\s*:|\s*>)""" % "|".join(map(re.escape, CONCEPTS)).encode()
)


def level_of(source: Source) -> Level:
    """Return the level that the relations and mentions of a file show, without parsing it."""
    related = concepts = False
    with source.stream() as stream:
        tail = b""
        while chunk := stream.read(2**20):
            content = tail + chunk
            if _CONCEPT_RELATION.search(content):
                return Level.CONCEPT
            related = related or _RELATION.search(content) is not None
            concepts = concepts or _CONCEPT.search(content) is not None
            tail = content[-200:]
    return Level.CONCEPT if concepts and not related else Level.MENTION
