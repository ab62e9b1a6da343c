"""All patterns, parsed once, and the words that they are made of."""

import re

from medner_assets.corpus.synthetic.patterns import Pattern, parse_all
from medner_assets.corpus.synthetic.sentences.asides import (
    ADULT_ASIDES,
    ASIDES,
    CHILD_ASIDES,
    LEADS,
    MENTIONS,
    OPENINGS,
)
from medner_assets.corpus.synthetic.sentences.causes import CAUSES
from medner_assets.corpus.synthetic.sentences.diagnoses import DIAGNOSES
from medner_assets.corpus.synthetic.sentences.interacts import INTERACTS
from medner_assets.corpus.synthetic.sentences.mixed import MIXED
from medner_assets.corpus.synthetic.sentences.refusals import REFUSALS
from medner_assets.corpus.synthetic.sentences.treats import TREATS

Inventory = dict[str, tuple[Pattern, ...]]

STATED: dict[str, Inventory] = {
    "treats": parse_all(TREATS, "treats"),
    "causes": parse_all(CAUSES, "causes"),
    "diagnoses": parse_all(DIAGNOSES, "diagnoses"),
    "interacts_with": parse_all(INTERACTS, "interacts_with"),
}
"""Patterns that state one type of relation, by type and device."""

MIXED_PATTERNS = parse_all(MIXED)["mixed"]
REFUSED: Inventory = parse_all(REFUSALS)
MENTIONED: Inventory = parse_all(MENTIONS)
OPENING_PATTERNS = parse_all({"opening": OPENINGS})["opening"]
ADULT_ASIDE_PATTERNS = parse_all({"aside": (*ASIDES, *ADULT_ASIDES)})["aside"]
CHILD_ASIDE_PATTERNS = parse_all({"aside": (*ASIDES, *CHILD_ASIDES)})["aside"]


def _words() -> frozenset[str]:
    sources = [*OPENINGS, *ASIDES, *ADULT_ASIDES, *CHILD_ASIDES, *LEADS]
    for group in (TREATS, CAUSES, DIAGNOSES, INTERACTS, MIXED, REFUSALS, MENTIONS):
        sources.extend(source.partition(" => ")[0] for each in group.values() for source in each)
    written = re.sub(r"\[\w+\]|\{\w+\}", " ", " ".join(sources))
    return frozenset(re.findall(r"[a-z]+", written.lower())) | frozenset(
        ("he", "she", "her", "his", "him", "an")
    )


ORDINARY_WORDS = _words()
"""Every word of the sentences, in lower case: no abbreviation may look like one."""
