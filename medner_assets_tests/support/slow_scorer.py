"""An independent implementation of the scores and error classes with Python sets and loops, one document at
a time.

It shares no code with `medner_assets.scoring`; the tests hold the two against each other.
"""

import unicodedata
from itertools import product


def norm(string):
    folded = unicodedata.normalize("NFC", string).casefold()
    return " ".join(unicodedata.normalize("NFC", folded).split())


class SlowDocument:
    """One document. gold: dicts with id, type, text, start, end, concepts; relations: dicts as the gold
    table's rows. predicted: dicts as the predicted tables' rows, in the order of their ordinals.
    """

    def __init__(
        self, text, level, directed, symmetric, gold, gold_relations, predicted, predicted_relations
    ):
        self.text = norm(text)
        self.concept = level == "concept"
        self.directed, self.symmetric_types = directed, symmetric
        self.gold, self.gold_relations = gold, gold_relations
        self.predicted, self.predicted_relations = predicted, predicted_relations
        self.entity_duplicates = self._entity_duplicates()
        self.relation_duplicates = self._relation_duplicates()

    # duplicates

    def _entity_duplicates(self):
        seen, result = set(), []
        for e in self.predicted:
            key = (e["type"], norm(e["text"]), e["start"], e["end"])
            result.append(key in seen)
            seen.add(key)
        return result

    def _relation_duplicates(self):
        seen, result = set(), []
        for r in self.predicted_relations:
            head, tail = (r["head_text"], r["head_type"]), (r["tail_text"], r["tail_type"])
            key = (r["type"], *self._ends(head, tail, self.symmetric(r)))
            result.append(key in seen)
            seen.add(key)
        return result

    def symmetric(self, relation):
        return not self.directed or relation["type"] in self.symmetric_types

    @staticmethod
    def _ends(head, tail, symmetric):
        return (frozenset([head, tail]),) if symmetric else (head, tail)

    # items

    def overlap(self, count_duplicates):
        """Pair spans one to one: exact ones first, then the longest overlap."""
        gold = sorted({(g["type"], g["start"], g["end"]) for g in self.gold})
        said = {
            (e["type"], e["start"], e["end"])
            for e, repeat in zip(self.predicted, self.entity_duplicates, strict=True)
            if e["start"] is not None and e["grounding"] != "fuzzy" and not repeat
        }
        adrift = {
            (e["type"], norm(e["text"]))
            for e, repeat in zip(self.predicted, self.entity_duplicates, strict=True)
            if (e["start"] is None or e["grounding"] == "fuzzy") and not repeat
        }
        edges = sorted(
            (p != g, -common, p[2] - p[1] + g[2] - g[1], p[1], g[1], p, g)
            for p, g in product(said, gold)
            for common in [min(p[2], g[2]) - max(p[1], g[1])]
            if p[0] == g[0] and common > 0
        )
        found, taken = set(), set()
        for *_, p, g in edges:
            if p not in found and g not in taken:
                found.add(p)
                taken.add(g)
        extra = sum(self.entity_duplicates) if count_duplicates else 0
        return len(found), len(said) + len(adrift) - len(found) + extra, len(gold) - len(taken)

    def gold_items(self, scheme):
        if scheme == "text":
            return [(g["type"], norm(g["text"])) for g in self.gold]
        if scheme == "span":
            return [(g["type"], g["start"], g["end"]) for g in self.gold]
        return [self._gold_relation(r, scheme == "strict") for r in self.gold_relations]

    def _gold_relation(self, r, typed):
        ends = []
        for side in ("head", "tail"):
            if self.concept:
                ends.append(("concept", r[f"{side}_concept"]))
            else:
                ends.append((norm(r[f"{side}_text"]), r[f"{side}_type"] if typed else "any"))
        return (r["type"], *self._ends(*ends, self.symmetric(r)))

    def predicted_items(self, scheme):
        """One list of items for each predicted row."""
        if scheme == "text":
            return [[(e["type"], norm(e["text"]))] for e in self.predicted]
        if scheme == "span":
            return [
                [(e["type"], e["start"], e["end"])]
                if e["start"] is not None and e["grounding"] != "fuzzy"
                else [("not placed", e["type"], norm(e["text"]))]
                for e in self.predicted
            ]
        typed = scheme == "strict"
        return [
            [
                (r["type"], *self._ends(head, tail, self.symmetric(r)))
                for head, tail in product(*(self.nodes(r, side, typed) for side in ("head", "tail")))
            ]
            for r in self.predicted_relations
        ]

    def nodes(self, r, side, typed):
        string, kind = norm(r[f"{side}_text"]), r[f"{side}_type"] if typed else "any"
        if self.concept:
            concepts = {
                concept
                for g in self.gold
                if norm(g["text"]) == string and (not typed or g["type"] == kind)
                for concept in g["concepts"]
            }
            if concepts:
                return sorted(("concept", concept) for concept in concepts)
        return [(string, kind)]

    # scores

    def score(self, scheme, count_duplicates):
        if scheme == "overlap":
            return self.overlap(count_duplicates)
        repeated = self.entity_duplicates if scheme in ("text", "span") else self.relation_duplicates
        gold = set(self.gold_items(scheme))
        said = {
            item
            for items, repeat in zip(self.predicted_items(scheme), repeated, strict=True)
            if not repeat
            for item in items
        }
        extra = sum(repeated) if count_duplicates else 0
        return len(gold & said), len(said - gold) + extra, len(gold - said)

    # error classes, as (class of the prediction, number) by item

    def entity_errors(self, count_duplicates):
        """Return {class: [tp, fp, fn]}."""
        totals = {}
        gold = set(self.gold_items("text"))
        rows = [e for e, repeat in zip(self.predicted, self.entity_duplicates, strict=True) if not repeat]
        said = {(e["type"], norm(e["text"])) for e in rows}
        placed = {norm(e["text"]) for e in self.predicted if e["start"] is not None}
        _add(totals, "correct", tp=len(gold & said))
        if count_duplicates:
            _add(totals, "duplicate", fp=sum(self.entity_duplicates))
        wrong, missed = said - gold, gold - said
        ungrounded = {item for item in wrong if item[1] not in placed}
        _add(totals, "ungrounded", fp=len(ungrounded))
        wrong -= ungrounded
        for string in {s for _, s in wrong}:
            both = [sorted(item for item in side if item[1] == string) for side in (wrong, missed)]
            pairs = list(zip(*both, strict=False))
            _add(totals, "type", fp=len(pairs), fn=len(pairs))
            wrong -= {p for p, _ in pairs}
            missed -= {g for _, g in pairs}
        for error, same in (("boundary", True), ("type_boundary", False)):
            edges = []
            for e in rows:
                for g in self.gold:
                    p_item, g_item = (e["type"], norm(e["text"])), (g["type"], norm(g["text"]))
                    if p_item not in wrong or g_item not in missed or (e["type"] == g["type"]) != same:
                        continue
                    if e["start"] is None or g["start"] is None:
                        continue
                    common = min(e["end"], g["end"]) - max(e["start"], g["start"])
                    if common > 0:
                        lengths = e["end"] - e["start"] + g["end"] - g["start"]
                        place = (e["start"], g["start"], e["type"], g["type"], e["ordinal"], _gold_place(g))
                        edges.append(((-common, lengths, *place), p_item, g_item))
            for _, p_item, g_item in sorted(edges):
                if p_item in wrong and g_item in missed:
                    _add(totals, error, fp=1, fn=1)
                    wrong.discard(p_item)
                    missed.discard(g_item)
        _add(totals, "spurious", fp=len(wrong))
        _add(totals, "missing", fn=len(missed))
        return totals

    def relation_errors(self, count_duplicates):
        """Return {class: [tp, fp, fn]}."""
        totals = {}
        gold = set(self.gold_items("strict"))
        lines = [
            (r, items)
            for r, items, repeat in zip(
                self.predicted_relations,
                self.predicted_items("strict"),
                self.relation_duplicates,
                strict=True,
            )
            if not repeat
        ]
        said = {item for _, items in lines for item in items}
        _add(totals, "correct", tp=len(gold & said))
        if count_duplicates:
            _add(totals, "duplicate", fp=sum(self.relation_duplicates))
        wrong, missed = said - gold, gold - said
        ungrounded = {
            item
            for r, items in lines
            for item in items
            if item in wrong and any(not self.in_text(norm(r[side])) for side in ("head_text", "tail_text"))
        }
        _add(totals, "ungrounded", fp=len(ungrounded))
        wrong -= ungrounded
        edges = []
        for r, _ in lines:
            for head, tail in product(*(self.nodes(r, side, True) for side in ("head", "tail"))):
                p_item = (r["type"], *self._ends(head, tail, self.symmetric(r)))
                for g in self.gold_relations:
                    g_item = self._gold_relation(g, True)
                    if p_item in wrong and g_item in missed:
                        edges += [
                            (
                                _ORDER.index(error),
                                cost,
                                r["ordinal"],
                                head,
                                tail,
                                g["relation_id"],
                                p_item,
                                g_item,
                            )
                            for error, cost in self._explanations(r, head, tail, g)
                        ]
        taken = sorted(edges, key=lambda e: (e[:3], str(e[3]), str(e[4]), e[5]))
        for code, *_, p_item, g_item in taken:
            if p_item in wrong and g_item in missed:
                _add(totals, _ORDER[code], fp=1, fn=1)
                wrong.discard(p_item)
                missed.discard(g_item)
        _add(totals, "spurious", fp=len(wrong))
        _add(totals, "missing", fn=len(missed))
        return totals

    def in_text(self, string):
        return (
            any(norm(e["text"]) == string and e["start"] is not None for e in self.predicted)
            or any(norm(g["text"]) == string for g in self.gold)
            or string in self.text
        )

    def _explanations(self, r, head, tail, g):
        same_type = r["type"] == g["type"]
        loose = self.symmetric(r) or self.symmetric(g)
        for turned in (False, True):
            sides = ("tail", "head") if turned else ("head", "tail")
            agreements = (
                self._agreement(r, "head", head, g, sides[0]),
                self._agreement(r, "tail", tail, g, sides[1]),
            )
            if None in agreements:
                continue
            worst, cost = max(agreements), sum(agreements)
            if turned and not loose:
                if worst == 0 and same_type:
                    yield "direction", cost
            elif worst == 0 and not same_type:
                yield "type", cost
            elif worst == 1:
                yield ("boundary" if same_type else "type_boundary"), cost
            elif worst > 1 and same_type:
                yield "cascaded", cost

    def _agreement(self, r, side, node, g, gold_side):
        """0: the same node, 1: overlap, 2: same string of another type, 3: overlap of another type, None."""
        string, kind = norm(r[f"{side}_text"]), r[f"{side}_type"]
        if self.concept:
            target = ("concept", g[f"{gold_side}_concept"])
            mentions = [m for m in self.gold if g[f"{gold_side}_concept"] in m["concepts"]]
        else:
            target = (norm(g[f"{gold_side}_text"]), g[f"{gold_side}_type"])
            mentions = [m for m in self.gold if (norm(m["text"]), m["type"]) == target]
        if node == target:
            return 0
        spans = [
            (e["start"], e["end"])
            for e in self.predicted
            if norm(e["text"]) == string and e["start"] is not None
        ]
        found = []
        for m in mentions:
            if norm(m["text"]) == string:
                if m["type"] != kind:
                    found.append(2)
            elif m["start"] is not None and any(min(e, m["end"]) > max(s, m["start"]) for s, e in spans):
                found.append(1 if m["type"] == kind else 3)
        return min(found, default=None)


_ORDER = ("type", "boundary", "type_boundary", "direction", "cascaded")


def _gold_place(g):
    return (g["start"], g["end"], g["type"], g["id"])


def _add(totals, error, tp=0, fp=0, fn=0):
    if tp or fp or fn:
        row = totals.setdefault(error, [0, 0, 0])
        for i, count in enumerate((tp, fp, fn)):
            row[i] += count
