"""Who a text is about and how its fields read. One `Style` a document, so that pronouns and numbers agree."""

from random import Random

from medner_assets.corpus.synthetic.draws import between, pick

_PEOPLE = (
    ("woman", "she", "her", "her"),
    ("man", "he", "his", "him"),
    ("lady", "she", "her", "her"),
    ("gentleman", "he", "his", "him"),
    ("girl", "she", "her", "her"),
    ("boy", "he", "his", "him"),
)
_CHILDREN = ("girl", "boy")
LAST_YEAR = 2024
_RELATIVES = ("mother", "father", "sister", "brother", "aunt", "uncle", "grandmother", "cousin")
_WHEN = (
    "last night", "this morning", "in the spring", "before the weekend", "as an emergency",
    "from another hospital", "at the request of the general practitioner", "on the ward round",
    "at the team meeting",
)  # fmt: skip
_UNITS = ("days", "weeks", "months")
_RHYTHMS = ("daily", "twice daily", "every other day", "at night", "weekly", "every eight hours")


class Style:
    """The fields of one document."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        noun, self._pronoun, self._possessive, self._object = pick(rng, _PEOPLE)
        age = between(rng, 4, 15) if noun in _CHILDREN else between(rng, 19, 88)
        article = "an" if age in (8, 11, 18) or 80 <= age <= 89 else "a"
        self.child = noun in _CHILDREN
        """Whether the text is about a child, of whom not everything can be said."""
        self._first_year = max(1996, LAST_YEAR - age)
        hyphen = f"{age}-year-old {noun}"
        self._introduction = f"{article} {hyphen}" if rng.random() < 0.8 else f"this {hyphen}"
        self._named = "the patient" if rng.random() < 0.5 else f"the {noun}"

    def field(self, name: str) -> str:
        """Return the wording of a field of a pattern; capitalised fields are for the start of a sentence."""
        lower = name.lower()
        text = self._lower_case(lower)
        return text[0].upper() + text[1:] if name != lower else text

    def _lower_case(self, name: str) -> str:
        rng = self._rng
        if name == "patient":
            return self._pronoun if rng.random() < 0.6 else self._named
        if name == "poss":
            return self._possessive
        if name == "them":
            return self._object
        if name == "age":
            return self._introduction
        if name == "days":
            return f"{between(rng, 2, 11)} {pick(rng, _UNITS)}"
        if name == "number":
            return str(between(rng, 2, 28))
        if name == "year":
            return str(between(rng, self._first_year, LAST_YEAR - 1))
        if name == "dose":
            return (
                f"{pick(rng, (5, 10, 20, 25, 40, 50, 75, 100, 150, 250, 400, 500))} mg {pick(rng, _RHYTHMS)}"
            )
        if name == "relative":
            return pick(rng, _RELATIVES)
        if name == "when":
            return pick(rng, _WHEN)
        if name == "pressure":
            return f"{between(rng, 104, 168)}/{between(rng, 58, 96)}"
        if name == "pulse":
            return str(between(rng, 54, 108))
        if name == "weight":
            return (
                str(between(rng, 17, 96))
                if self._introduction.endswith(_CHILDREN)
                else str(between(rng, 46, 118))
            )
        raise KeyError(name)
