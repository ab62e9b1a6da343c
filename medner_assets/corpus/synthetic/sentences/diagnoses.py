"""Sentences that state `diagnoses`, by device. Data in the language of `patterns.py`.

A procedure shows, confirms or makes probable a condition; one that excludes it or only looks for it does not.
"""

DIAGNOSES = {
    "active": (
        "[P1] <showed|revealed|confirmed|demonstrated> [C1] => P1>C1",
        "[P1] <was diagnostic of|proved> [C1] => P1>C1",
        "On day {number} [P1] <disclosed|identified> [C1] => P1>C1",
        "{Patient} underwent [P1], which <showed|revealed> [C1] => P1>C1",
        "We <made|reached> the diagnosis of [C1] by [P1] => P1>C1",
        "[P1] brought the [C1] to light => P1>C1",
        "[P1] left no doubt about the [C1] => P1>C1",
    ),
    "passive": (
        "[C1] was <diagnosed|confirmed|detected|found> <by|on> [P1] => P1>C1",
        "The diagnosis of [C1] was <established|made> by [P1] => P1>C1",
        "[C1] was <seen|visible> on [P1] => P1>C1",
        "On [P1] [C1] was <noted|evident> => P1>C1",
        "[C1] was picked up by [P1] during the stay => P1>C1",
        "By [P1], [C1] could be recognised => P1>C1",
    ),
    "terse": (
        "[P1]: [C1] => P1>C1",
        "[C1] on [P1] => P1>C1",
        "[P1] positive for [C1] => P1>C1",
        "Findings of [P1]: [C1], no mass => P1>C1",
        "[C1], proven by [P1] => P1>C1",
    ),
    "history": (
        "[P1] in {year} had shown [C1] => P1>C1",
        "[C1] had been diagnosed by [P1] in {year} => P1>C1",
        "In {year} {patient} was found to have [C1] on [P1] => P1>C1",
        "An earlier [P1] had already shown [C1] => P1>C1",
    ),
    "family": (
        "In {poss} {relative}, [P1] had revealed [C1] => P1>C1",
        "{Poss} {relative} was found by [P1] to have [C1] => P1>C1",
    ),
    "probable": (
        "[P1] showed <probable|likely> [C1] => P1>C1",
        "[P1] was <highly suggestive of|most in keeping with> [C1] => P1>C1",
        "On [P1] the picture was very likely that of [C1] => P1>C1",
    ),
    "coordination": (
        "[P1] showed [C1] and [C2] => P1>C1 P1>C2",
        "[P1] and [P2] confirmed [C1] and [C2], respectively => P1>C1 P2>C2",
        "[C1] was diagnosed by [P1] and [C2] by [P2] => P1>C1 P2>C2",
        "Both [P1] and [P2] <showed|revealed> [C1] => P1>C1 P2>C1",
        "[C1] and [C2] were found by [P1] and [P2], respectively => P1>C1 P2>C2",
        "[P1] revealed [C1], [C2] and [C3] => P1>C1 P1>C2 P1>C3",
    ),
    "cross_sentence": (
        "[P1] was <done|performed> on day {number}. <It|This> <showed|revealed|confirmed> [C1] => P1>C1",
        "{Patient} was found to have [C1]. The finding came from [P1] => P1>C1",
        "{Patient} <underwent|had> [P1]. The <result|report> was [C1] => P1>C1",
        "The final diagnosis was [C1]. It rested on [P1] => P1>C1",
        "We <requested|repeated> [P1]. By <this|it>, [C1] was <confirmed|detected> => P1>C1",
        "[P1] and [P2] were done. The former showed [C1], the latter [C2] => P1>C1 P2>C2",
        "[C1] had long been missed. Only [P1] showed it => P1>C1",
    ),
    "contrast": (
        "[P1], but not [P2], <showed|revealed> [C1] => P1>C1",
        "[P1] revealed [C1] instead of the expected [C2] => P1>C1",
        "Although [P2] was normal, [P1] <showed|confirmed> [C1] => P1>C1",
        "[P1], done for the [S1], showed [C1] => P1>C1",
        "[P2] missed the [C1] that [P1] showed => P1>C1",
        "[P1] showed the [C1] that [P2] had missed => P1>C1",
        "[P1] showed [C1] but no [C2] => P1>C1",
        "[P1] excluded [C2] and showed [C1] => P1>C1",
        "Not [P2] but [P1] revealed the [C1] => P1>C1",
        "[P1] revealed the [C1]; [P2] did not => P1>C1",
    ),
}
