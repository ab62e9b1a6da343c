"""Sentences that name related-looking things and state no relation. Data in the language of `patterns.py`.

Negated, questioned or merely considered relations do not hold.
"""

REFUSALS = {
    "negated": (
        "[D1] did not <relieve|improve|affect> the [S1]",
        "[D1] had no effect on the [C1]",
        "The [C1] was not <controlled|improved> by [D1]",
        "[D1] did not cause [S1]",
        "The [S1] was not <due to|caused by> [D1]",
        "There was no evidence that [D1] had caused the [C1]",
        "The [C1] was unrelated to [D1]",
        "[P1] showed no <sign|evidence> of [C1]",
        "[P1] <ruled out|excluded> [C1]",
        "[C1] was not confirmed by [P1]",
        "[C1] was not seen on [P1]",
        "[D1] did not interact with [D2]",
        "No interaction between [D1] and [D2] was <seen|found>",
        "[D1] did not raise the level of [D2]",
        "{Patient} had never received [D1] for {poss} [C1]",
        "The [C1] did not lead to [C2]",
        "[S1] did not recur on [D1]",
        "{Poss} {relative} had never taken [D1] for [C1]",
        "Neither [D1] nor [D2] relieved the [S1]",
        "In {year} [D1] had not caused [S1]",
    ),
    "questioned": (
        "Whether [D1] had caused the [S1] <remained|was> unclear",
        "A role of [D1] in the [C1] could not be judged",
        "[D1] was considered for the [C1] but not given",
        "[P1] was requested to look for [C1]; the report is awaited",
        "It is not known whether [D1] interacts with [D2]",
        "If the [C1] worsens, [D1] may be tried",
        "The question of whether the [C1] explained the [S1] was left open",
        "[T1] for the [C1] was discussed and <declined|deferred>",
        "{Patient} asked whether [D1] would help {poss} [S1]",
        "Should [P1] show [C1], we would think again",
        "A level of [D1] was taken to see if [D2] had raised it; the result is pending",
    ),
    "side_by_side": (
        "[P1] was normal, and the [C1] stayed stable",
        "[P1] has been booked; the [C1] is under review elsewhere",
        "[D1] was stopped on the day when [S1] was gone already",
        "[D1] and [D2] were both continued, and levels stayed the same",
        "{Patient} has [C1] and is allergic to [D1]",
    ),
}
