"""Sentences that state `causes`, by device. Data in the language of `patterns.py`.

The head brings the tail about: a drug, procedure or condition leads to a symptom or condition.
"""

CAUSES = {
    "active": (
        "[D1] <caused|induced|provoked|triggered> [S1] => D1>S1",
        "[D1] <caused|induced|precipitated> [C1] after {days} => D1>C1",
        "The [C1] <caused|produced> [S1] => C1>S1",
        "[C1] <led to|gave rise to|resulted in> [C2] => C1>C2",
        "{Patient} developed [S1] <from|because of> [D1] => D1>S1",
        "[T1] <led to|was complicated by> [S1] => T1>S1",
        "Taking [D1] brought {them} [S1] => D1>S1",
        "[C1] arose from [C2] => C2>C1",
        "[C1] followed from long-standing [C2] => C2>C1",
    ),
    "passive": (
        "[S1] was <caused|induced|provoked|brought on> by [D1] => D1>S1",
        "The [S1] was <attributed|put down|ascribed> to [D1] => D1>S1",
        "The [C1] was <induced|triggered|caused> by [D1], {dose} => D1>C1",
        "The [C2] was secondary to [C1] => C1>C2",
        "The [S1] was <explained by|due to> the [C1] => C1>S1",
        "[D1] was found to be the cause of the [C1] => D1>C1",
        "[S1] had been set off by [C1] => C1>S1",
    ),
    "terse": (
        "[D1]-induced [C1] => D1>C1",
        "[S1] <from|due to> [D1], dose reduced => D1>S1",
        "[S1], side effect of [D1] => D1>S1",
        "Adverse reaction: [S1] on [D1] => D1>S1",
        "[C1] due to [C2] => C2>C1",
        "[D1] stopped: [S1] => D1>S1",
    ),
    "history": (
        "In {year} [D1] had caused [S1] => D1>S1",
        "{Patient} had developed [C1] from [D1] in {year} => D1>C1",
        "[D1] had been stopped in {year} because it caused [S1] => D1>S1",
        "Years earlier [C1] had led to [C2] => C1>C2",
    ),
    "family": (
        "{Poss} {relative} had developed [C1] from [D1] => D1>C1",
        "In a {relative}, [D1] had caused [S1] => D1>S1",
        "{Poss} {relative} had had [S1] because of [C1] => C1>S1",
    ),
    "probable": (
        "The [S1] was <probably|very likely> <caused by|due to> [D1] => D1>S1",
        "[D1] was the <probable|most likely> cause of the [C1] => D1>C1",
        "The [C1] seems to have been brought about by [C2] => C2>C1",
    ),
    "coordination": (
        "[D1] caused [S1] and [S2] => D1>S1 D1>S2",
        "[D1] and [D2] caused [S1] and [C1], respectively => D1>S1 D2>C1",
        "[S1] was caused by [D1] and [S2] by [D2] => D1>S1 D2>S2",
        "The [C1] caused [S1] and, later, [C2] => C1>S1 C1>C2",
        "[S1] and [S2] were due to [D1] and [D2], respectively => D1>S1 D2>S2",
        "[S1], [S2] and [C1] were all <attributed to|caused by> [D1] => D1>S1 D1>S2 D1>C1",
    ),
    "cross_sentence": (
        "{Patient} took [D1] for {days}. <This|It> <caused|provoked|brought on> [S1] => D1>S1",
        "[D1] was stopped after {days}. <It had|The drug had> <caused|induced> [C1] => D1>C1",
        "[S1] <began|appeared> on day {number}. The <cause|culprit> was [D1] => D1>S1",
        "[C1] had gone unnoticed. Its <result|consequence> was [C2] => C1>C2",
        "{Patient} <complained of|reported> [S1]. <This|It> was a side effect of [D1] => D1>S1",
        "{Patient} was on [D1] and [D2]. The former caused [S1], the latter [C1] => D1>S1 D2>C1",
        "[C1] was the main problem. It explained the [S1] => C1>S1",
        "The [C1] needed an explanation. It came from [D1] => D1>C1",
    ),
    "contrast": (
        "[D1], rather than [D2], caused the [S1] => D1>S1",
        "The [S1] came from [D1] and not from the [C1] => D1>S1",
        "The [S1] came from the [C1] and not from [D1] => C1>S1",
        "[D1] caused [S1], although [D2] was continued => D1>S1",
        "While on [D2], {patient} developed [C1] because of [D1] => D1>C1",
        "It was not [D2] but [D1] that caused the [S1] => D1>S1",
        "It was [D1] and not [D2] that caused the [S1] => D1>S1",
        "[D1] did not cause the [S1], but [D2] did => D2>S1",
        "[D1] caused the [S1] but had no part in the [C1] => D1>S1",
        "The [C1] caused the [S1], and [D1] was blamed in error => C1>S1",
        "[D1] was blamed for the [S1] and [D2] was not; in truth it was [D2] => D2>S1",
    ),
}
