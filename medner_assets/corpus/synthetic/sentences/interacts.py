"""Sentences that state `interacts_with`, by device. Data in the language of `patterns.py`.

Symmetric: one drug changes the level or the effect of another. The first mention is written first.
"""

INTERACTS = {
    "active": (
        "[D1] <interacted|clashed> with [D2] => D1>D2",
        "[D1] <raised|doubled|lowered> the <plasma|serum> level of [D2] => D1>D2",
        "[D1] <potentiated|weakened|prolonged> the <effect|action> of [D2] => D1>D2",
        "[D1] <blocked|slowed> the clearance of [D2] => D1>D2",
        "We <saw|noted> an interaction between [D1] and [D2] => D1>D2",
        "[D1] made [D2] last longer => D1>D2",
        "[D1] displaced [D2] from its binding => D1>D2",
    ),
    "passive": (
        "The <effect|action> of [D1] was <potentiated|weakened> by [D2] => D1>D2",
        "The clearance of [D1] was <slowed|blocked> by [D2] => D1>D2",
        "An interaction of [D1] with [D2] was <noted|documented|seen> => D1>D2",
        "[D1] levels were <raised|halved|doubled> by [D2] => D1>D2",
        "[D1] was broken down faster under [D2] => D1>D2",
    ),
    "terse": (
        "Interaction: [D1] with [D2] => D1>D2",
        "[D1]/[D2] interaction, levels checked => D1>D2",
        "Drug interaction of [D1] and [D2] => D1>D2",
        "[D1] level up on [D2], dose halved => D1>D2",
    ),
    "history": (
        "In {year} [D1] had interacted with [D2] => D1>D2",
        "An interaction between [D1] and [D2] had been recorded in {year} => D1>D2",
        "[D1] had once doubled the level of [D2] => D1>D2",
    ),
    "family": (
        "In {poss} {relative}, [D1] had interacted with [D2] => D1>D2",
        "{Poss} {relative} had come to harm when [D1] interacted with [D2] => D1>D2",
    ),
    "probable": (
        "[D1] <probably|very likely> interacted with [D2] => D1>D2",
        "A probable interaction between [D1] and [D2] was recorded => D1>D2",
        "[D1] seems to have raised the level of [D2] => D1>D2",
    ),
    "coordination": (
        "[D1] interacted with [D2] and with [D3] => D1>D2 D1>D3",
        "Both [D1] and [D2] <raised|lowered> the level of [D3] => D1>D3 D2>D3",
        "[D1] interacted with [D2], and [D3] with [D4] => D1>D2 D3>D4",
        "The effect of [D1] was weakened by [D2] and [D3] => D1>D2 D1>D3",
    ),
    "cross_sentence": (
        "[D1] was <added|started> on day {number}. <It|This> <raised|doubled> the level of [D2] => D1>D2",
        "{Patient} <took|was on> [D1]. Its level <rose|fell> once [D2] was given => D1>D2",
        "The dose of [D1] had to be halved. It had interacted with [D2] => D1>D2",
        "{Patient} received [D1]. This blocked the clearance of [D2] => D1>D2",
        "{Patient} took [D1], [D2] and [D3]. The first two interacted => D1>D2",
        "{Patient} took [D1], [D2] and [D3]. The last two interacted => D2>D3",
    ),
    "contrast": (
        "[D1] interacted with [D2] but not with [D3] => D1>D2",
        "[D1] did not interact with [D2] but did with [D3] => D1>D3",
        "[D1], unlike [D3], <raised|lowered> the level of [D2] => D1>D2",
        "While on [D3], {patient} suffered an interaction between [D1] and [D2] => D1>D2",
        "[D1] interacted with [D2]; [D3] was not involved => D1>D2",
        "Not [D1] but [D2] raised the level of [D3] => D2>D3",
        "It was [D1] and not [D2] that raised the level of [D3] => D1>D3",
        "The level of [D1] was raised by [D2] and not by [D3] => D1>D2",
    ),
}
