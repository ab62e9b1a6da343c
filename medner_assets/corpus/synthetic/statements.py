"""Sentences that state a relation, by relation type and device. Data in the language of `patterns.py`.

A relation holds where the text asserts it, be it in the past, of a relative, or as probable; `refusals.py` has what
does not count. `treats` is said of a drug or procedure that was given for, or acted on, a condition or symptom.
"""

TREATS = {
    "active": (
        "[D1] <relieved|eased|improved|settled> the [S1] within {days} => D1>S1",
        "[D1] <controlled|cleared|arrested> the [C1] => D1>C1",
        "{patient} <took|received|used> [D1] for [C1] => D1>C1",
        "{patient} received [D1], {dose}, for {poss} [C1] => D1>C1",
        "[T1] <cured|corrected|relieved> the [C1] => T1>C1",
        "We <gave|used> [D1] <against|to treat> [C1] => D1>C1",
        "The [C1] <responded|yielded> to [D1] after {days} => D1>C1",
    ),
    "passive": (
        "[D1] was <started|begun|prescribed> for [C1] => D1>C1",
        "The [S1] was <relieved|eased|controlled> by [D1] => D1>S1",
        "The [C1] was <managed|treated> with [D1], {dose} => D1>C1",
        "[S1] was treated <empirically|at home|overnight> with [D1] => D1>S1",
        "[T1] was <performed|carried out|undertaken> for [C1] => T1>C1",
        "For the [C1], [D1] was <added|given|chosen> => D1>C1",
    ),
    "terse": (
        "[D1] {dose} for [C1] => D1>C1",
        "Plan: [D1] for the [S1], review in {days} => D1>S1",
        "[C1]: on [D1] => D1>C1",
        "Treatment of [C1] with [D1] => D1>C1",
    ),
    "history": (
        "In {year} {patient} had received [D1] for [C1] => D1>C1",
        "{Poss} [C1] had been cured by [T1] in {year} => T1>C1",
        "Previous [C1] <was|had been> treated with [D1] until {year} => D1>C1",
    ),
    "family": (
        "{Poss} {relative} had taken [D1] for [C1] => D1>C1",
        "A {relative} was given [D1] for [S1] => D1>S1",
        "{Poss} {relative} had undergone [T1] for [C1] => T1>C1",
    ),
    "probable": (
        "[D1] <probably|most likely> <relieved|improved> the [S1] => D1>S1",
        "It was probably [D1] that brought the [C1] under control => D1>C1",
    ),
    "coordination": (
        "[D1] and [D2] were started for [C1] and [C2], respectively => D1>C1 D2>C2",
        "[D1] was given for [C1] and [D2] for [C2] => D1>C1 D2>C2",
        "[D1] <relieved|improved> both the [S1] and the [C1] => D1>S1 D1>C1",
        "[C1] was treated with [D1] plus [D2] => D1>C1 D2>C1",
        "[D1], [D2] and [T1] were used for [C1], [S1] and [C2], in that order => D1>C1 D2>S1 T1>C2",
    ),
    "cross_sentence": (
        "[D1] was <started|begun|added> on day {number}. <This|It> <relieved|improved|settled> the [S1] => D1>S1",
        "[C1] was <confirmed|evident> by then. <For this|Against it>, {patient} received [D1] => D1>C1",
        "{Patient} <developed|reported> [S1]. <It|This> <responded|yielded> to [D1] within {days} => D1>S1",
        "{Patient} was <listed|prepared> for [T1]. The <aim|reason> was to treat {poss} [C1] => T1>C1",
        "We chose [D1], {dose}. After {days} of <this drug|this treatment> the [C1] had resolved => D1>C1",
    ),
    "contrast": (
        "[D1], but not [D2], <relieved|improved> the [S1] => D1>S1",
        "Despite {poss} [C2], {patient} received [D1] for [C1] => D1>C1",
        "[D1] was given for the [C1], while the [S1] was left alone => D1>C1",
        "After [D2] was stopped, [D1] was used to treat the [C1] => D1>C1",
    ),
}

CAUSES = {
    "active": (
        "[D1] <caused|induced|provoked|triggered> [S1] => D1>S1",
        "[D1] <caused|induced|precipitated> [C1] after {days} => D1>C1",
        "The [C1] <caused|produced> [S1] => C1>S1",
        "[C1] <led to|gave rise to|resulted in> [C2] => C1>C2",
        "{Patient} developed [S1] <from|because of> [D1] => D1>S1",
        "[T1] <led to|was complicated by> [S1] => T1>S1",
    ),
    "passive": (
        "[S1] was <caused|induced|provoked|brought on> by [D1] => D1>S1",
        "The [S1] was <attributed|put down|ascribed> to [D1] => D1>S1",
        "The [C1] was <induced|triggered|caused> by [D1], {dose} => D1>C1",
        "The [C2] was secondary to [C1] => C1>C2",
        "The [S1] was <explained by|due to> the [C1] => C1>S1",
    ),
    "terse": (
        "[D1]-induced [C1] => D1>C1",
        "[S1] <from|due to> [D1], dose reduced => D1>S1",
        "[S1], side effect of [D1] => D1>S1",
        "Adverse reaction: [S1] on [D1] => D1>S1",
    ),
    "history": (
        "In {year} [D1] had caused [S1] => D1>S1",
        "{Patient} had developed [C1] from [D1] in {year} => D1>C1",
        "[D1] had been stopped in {year} because it caused [S1] => D1>S1",
    ),
    "family": (
        "{Poss} {relative} had developed [C1] from [D1] => D1>C1",
        "In a {relative}, [D1] had caused [S1] => D1>S1",
    ),
    "probable": (
        "The [S1] was <probably|very likely> <caused by|due to> [D1] => D1>S1",
        "[D1] was the <probable|most likely> cause of the [C1] => D1>C1",
    ),
    "coordination": (
        "[D1] caused [S1] and [S2] => D1>S1 D1>S2",
        "[D1] and [D2] caused [S1] and [C1], respectively => D1>S1 D2>C1",
        "[S1] was caused by [D1] and [S2] by [D2] => D1>S1 D2>S2",
        "The [C1] caused [S1] and, later, [C2] => C1>S1 C1>C2",
        "[S1], [S2] and [C1] were all <attributed to|caused by> [D1] => D1>S1 D1>S2 D1>C1",
    ),
    "cross_sentence": (
        "{Patient} took [D1] for {days}. <This|It> <caused|provoked|brought on> [S1] => D1>S1",
        "[D1] was stopped after {days}. <It had|The drug had> <caused|induced> [C1] => D1>C1",
        "[S1] <began|appeared> on day {number}. The <cause|culprit> was [D1] => D1>S1",
        "[C1] had gone unnoticed. Its <result|consequence> was [C2] => C1>C2",
        "{Patient} <complained of|reported> [S1]. <This|It> was a side effect of [D1] => D1>S1",
    ),
    "contrast": (
        "[D1], rather than [D2], caused the [S1] => D1>S1",
        "The [S1] came from [D1] and not from the [C1] => D1>S1",
        "[D1] caused [S1], although [D2] was continued => D1>S1",
        "While on [D2], {patient} developed [C1] because of [D1] => D1>C1",
    ),
}

DIAGNOSES = {
    "active": (
        "[P1] <showed|revealed|confirmed|demonstrated> [C1] => P1>C1",
        "[P1] <was diagnostic of|proved> [C1] => P1>C1",
        "On day {number} [P1] <disclosed|identified> [C1] => P1>C1",
        "{Patient} underwent [P1], which <showed|revealed> [C1] => P1>C1",
        "We <made|reached> the diagnosis of [C1] by [P1] => P1>C1",
    ),
    "passive": (
        "[C1] was <diagnosed|confirmed|detected|found> <by|on> [P1] => P1>C1",
        "The diagnosis of [C1] was <established|made> by [P1] => P1>C1",
        "[C1] was <seen|visible> on [P1] => P1>C1",
        "On [P1] [C1] was <noted|evident> => P1>C1",
    ),
    "terse": (
        "[P1]: [C1] => P1>C1",
        "[C1] on [P1] => P1>C1",
        "[P1] positive for [C1] => P1>C1",
        "Findings of [P1]: [C1], no mass => P1>C1",
    ),
    "history": (
        "[P1] in {year} had shown [C1] => P1>C1",
        "[C1] had been diagnosed by [P1] in {year} => P1>C1",
        "In {year} {patient} was found to have [C1] on [P1] => P1>C1",
    ),
    "family": (
        "In {poss} {relative}, [P1] had revealed [C1] => P1>C1",
        "{Poss} {relative} was found by [P1] to have [C1] => P1>C1",
    ),
    "probable": (
        "[P1] showed <probable|likely> [C1] => P1>C1",
        "[P1] was <highly suggestive of|most in keeping with> [C1] => P1>C1",
    ),
    "coordination": (
        "[P1] showed [C1] and [C2] => P1>C1 P1>C2",
        "[P1] and [P2] confirmed [C1] and [C2], respectively => P1>C1 P2>C2",
        "[C1] was diagnosed by [P1] and [C2] by [P2] => P1>C1 P2>C2",
        "Both [P1] and [P2] <showed|revealed> [C1] => P1>C1 P2>C1",
        "[P1] revealed [C1], [C2] and [C3] => P1>C1 P1>C2 P1>C3",
    ),
    "cross_sentence": (
        "[P1] was <done|performed> on day {number}. <It|This> <showed|revealed|confirmed> [C1] => P1>C1",
        "{Patient} was found to have [C1]. The finding came from [P1] => P1>C1",
        "{Patient} <underwent|had> [P1]. The <result|report> was [C1] => P1>C1",
        "The final diagnosis was [C1]. It rested on [P1] => P1>C1",
        "We <requested|repeated> [P1]. By <this|it>, [C1] was <confirmed|detected> => P1>C1",
    ),
    "contrast": (
        "[P1], but not [P2], <showed|revealed> [C1] => P1>C1",
        "[P1] revealed [C1] instead of the expected [C2] => P1>C1",
        "Although [P2] was normal, [P1] <showed|confirmed> [C1] => P1>C1",
        "[P1], done for the [S1], showed [C1] => P1>C1",
    ),
}

INTERACTS = {
    "active": (
        "[D1] <interacted|clashed> with [D2] => D1>D2",
        "[D1] <raised|doubled|lowered> the <plasma|serum> level of [D2] => D1>D2",
        "[D1] <potentiated|weakened|prolonged> the <effect|action> of [D2] => D1>D2",
        "[D1] <blocked|slowed> the clearance of [D2] => D1>D2",
        "We <saw|noted> an interaction between [D1] and [D2] => D1>D2",
    ),
    "passive": (
        "The <effect|action> of [D1] was <potentiated|weakened> by [D2] => D1>D2",
        "The clearance of [D1] was <slowed|blocked> by [D2] => D1>D2",
        "An interaction of [D1] with [D2] was <noted|documented|seen> => D1>D2",
        "[D1] levels were <raised|halved|doubled> by [D2] => D1>D2",
    ),
    "terse": (
        "Interaction: [D1] with [D2] => D1>D2",
        "[D1]/[D2] interaction, levels checked => D1>D2",
        "Drug interaction of [D1] and [D2] => D1>D2",
    ),
    "history": (
        "In {year} [D1] had interacted with [D2] => D1>D2",
        "An interaction between [D1] and [D2] had been recorded in {year} => D1>D2",
    ),
    "family": (
        "In {poss} {relative}, [D1] had interacted with [D2] => D1>D2",
        "{Poss} {relative} had come to harm when [D1] interacted with [D2] => D1>D2",
    ),
    "probable": (
        "[D1] <probably|very likely> interacted with [D2] => D1>D2",
        "A probable interaction between [D1] and [D2] was recorded => D1>D2",
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
    ),
    "contrast": (
        "[D1] interacted with [D2] but not with [D3] => D1>D2",
        "[D1], unlike [D3], <raised|lowered> the level of [D2] => D1>D2",
        "While on [D3], {patient} suffered an interaction between [D1] and [D2] => D1>D2",
    ),
}

STATEMENTS = {"treats": TREATS, "causes": CAUSES, "diagnoses": DIAGNOSES, "interacts_with": INTERACTS}
