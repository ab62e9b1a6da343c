"""Sentences that state relations of several types, each pair with its own. For `patterns.py`."""

MIXED = {
    "mixed": (
        "[D1], given for {poss} [C1], <caused|provoked> [S1] => D1>C1:treats D1>S1:causes",
        "[P1] showed [C1], and [D1] was started for it => P1>C1:diagnoses D1>C1:treats",
        "The [C1], found on [P1], had caused the [S1] => P1>C1:diagnoses C1>S1:causes",
        "[D1] was stopped as it interacted with [D2], taken for [C1] => D1>D2:interacts_with D2>C1:treats",
        "[D1], which interacted with [D2], caused [C1] => D1>D2:interacts_with D1>C1:causes",
        "[D1] raised the level of [D2], and this brought on [S1] => D1>D2:interacts_with D2>S1:causes",
        "[C1] was seen on [P1] and put down to [D1] => P1>C1:diagnoses D1>C1:causes",
        "After [P1] had shown [C1], [T1] was done for it => P1>C1:diagnoses T1>C1:treats",
        "[D1] and [D2] interacted; the former was for [C1] => D1>D2:interacts_with D1>C1:treats",
        "[P1], done because of [S1], showed [C1], the cause of it => P1>C1:diagnoses C1>S1:causes",
        "[P1] confirmed the [C1], {poss} level of [D1] having been raised by [D2]"
        " => P1>C1:diagnoses D1>D2:interacts_with",
        "[D1] and [D2] were known to interact. [P1] now showed [C1] => D1>D2:interacts_with P1>C1:diagnoses",
    ),
}
