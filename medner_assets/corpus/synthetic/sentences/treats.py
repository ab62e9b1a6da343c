"""Sentences that state `treats`, by device. Data in the language of `patterns.py`.

Said of a drug or procedure that was given for, or acted on, a condition or symptom, be it in the past, in
a relative or probably.
"""

TREATS = {
    "active": (
        "[D1] <relieved|eased|improved|settled> the [S1] within {days} => D1>S1",
        "[D1] <controlled|cleared|arrested> the [C1] => D1>C1",
        "{Patient} <took|received|used> [D1] for [C1] => D1>C1",
        "{Patient} received [D1], {dose}, for {poss} [C1] => D1>C1",
        "[T1] <cured|corrected|relieved> the [C1] => T1>C1",
        "We <gave|used> [D1] <against|to treat> [C1] => D1>C1",
        "The [C1] <responded|yielded> to [D1] after {days} => D1>C1",
        "[D1] kept the [C1] at bay for {days} => D1>C1",
        "The team <chose|settled on> [D1] as treatment of the [C1] => D1>C1",
        "[S1] went away on [D1], {dose} => D1>S1",
    ),
    "passive": (
        "[D1] was <started|begun|prescribed> for [C1] => D1>C1",
        "The [S1] was <relieved|eased|controlled> by [D1] => D1>S1",
        "The [C1] was <managed|treated> with [D1], {dose} => D1>C1",
        "[S1] was treated <empirically|at home|overnight> with [D1] => D1>S1",
        "[T1] was <performed|carried out|undertaken> for [C1] => T1>C1",
        "For the [C1], [D1] was <added|given|chosen> => D1>C1",
        "[D1] is <taken|given> for [C1] => D1>C1",
        "The [C1] has been kept under control by [D1] since {year} => D1>C1",
    ),
    "terse": (
        "[D1] {dose} for [C1] => D1>C1",
        "Plan: [D1] for the [S1], review in {days} => D1>S1",
        "[C1]: on [D1] => D1>C1",
        "Treatment of [C1] with [D1] => D1>C1",
        "[S1], better on [D1] => D1>S1",
        "[T1] for [C1], day {number} => T1>C1",
    ),
    "history": (
        "In {year} {patient} had received [D1] for [C1] => D1>C1",
        "{Poss} [C1] had been cured by [T1] in {year} => T1>C1",
        "Previous [C1] <was|had been> treated with [D1] until {year} => D1>C1",
        "[D1] had already helped with [S1] in {year} => D1>S1",
    ),
    "family": (
        "{Poss} {relative} had taken [D1] for [C1] => D1>C1",
        "A {relative} was given [D1] for [S1] => D1>S1",
        "{Poss} {relative} had undergone [T1] for [C1] => T1>C1",
    ),
    "probable": (
        "[D1] <probably|most likely> <relieved|improved> the [S1] => D1>S1",
        "It was probably [D1] that brought the [C1] under control => D1>C1",
        "The [S1] seems to have <settled|improved> because of [D1] => D1>S1",
    ),
    "coordination": (
        "[D1] and [D2] were started for [C1] and [C2], respectively => D1>C1 D2>C2",
        "[D1] was given for [C1] and [D2] for [C2] => D1>C1 D2>C2",
        "[D1] <relieved|improved> both the [S1] and the [C1] => D1>S1 D1>C1",
        "[C1] was treated with [D1] plus [D2] => D1>C1 D2>C1",
        "[S1] and [S2] were relieved by [D1] and [D2], respectively => D1>S1 D2>S2",
        "[D1], [D2] and [T1] were used for [C1], [S1] and [C2], in that order => D1>C1 D2>S1 T1>C2",
    ),
    "cross_sentence": (
        "[D1] was <started|added> on day {number}. <This|It> <relieved|improved|settled> the [S1] => D1>S1",
        "[C1] was <confirmed|evident> by then. <For this|Against it>, {patient} received [D1] => D1>C1",
        "{Patient} <developed|reported> [S1]. <It|This> <responded|yielded> to [D1] within {days} => D1>S1",
        "{Patient} was <listed|prepared> for [T1]. The <aim|reason> was to treat {poss} [C1] => T1>C1",
        "We chose [D1], {dose}. After {days} of <this drug|it> the [C1] had resolved => D1>C1",
        "[D1] and [D2] were prescribed. The former was for [C1], the latter for [S1] => D1>C1 D2>S1",
        "The [C1] had to be treated. We used [D1] => D1>C1",
        "[S1] kept {them} awake. Only [D1] brought relief => D1>S1",
    ),
    "contrast": (
        "[D1], but not [D2], <relieved|improved> the [S1] => D1>S1",
        "Despite {poss} [C2], {patient} received [D1] for [C1] => D1>C1",
        "[D1] was given for the [C1], while the [S1] was left alone => D1>C1",
        "After [D2] was stopped, [D1] was used to treat the [C1] => D1>C1",
        "[D2] did not relieve the [S1], but [D1] did => D1>S1",
        "[D1] did relieve the [S1], but [D2] did not => D1>S1",
        "It was not [D2] but [D1] that controlled the [C1] => D1>C1",
        "It was [D1] and not [D2] that controlled the [C1] => D1>C1",
        "[D1] relieved the [S1] but not the [S2] => D1>S1",
        "[D1] was given for [C1] and not for [C2] => D1>C1",
        "Neither [D2] nor [D3] relieved the [S1], but [D1] did => D1>S1",
        "[D1] relieved the [S1] after [D2] had failed to => D1>S1",
    ),
}
