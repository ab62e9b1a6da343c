"""Sentences around the statements: openings, things merely mentioned, asides; for `patterns.py`.

None of them relates anything. Asides name nothing of a kind that is annotated. Leads may stand before a
sentence that begins with a name.
"""

MENTIONS = {
    "listed": (
        "Past history included [C1] and [C2]",
        "Past history: [C1]",
        "Other drugs were [D1] and [D2]",
        "Regular drugs: [D1], [D2]",
        "[D1] was <continued|left> unchanged",
        "[D1] was already being taken",
        "{Patient} also <reported|mentioned> [S1]",
        "{Patient} denied [S1]",
        "There was no [S1]",
        "[P1] was <normal|unremarkable>",
        "[P1] is planned for next week",
        "[C1] had been known since {year}",
        "[T1] had been performed in {year}",
        "{Poss} {relative} had [C1]",
        "A {relative} had died of [C1]",
        "No family history of [C1]",
        "Allergic to [D1]",
        "Comorbidities were [C1] and [C2]",
    ),
    "repeated": (
        "The dose of [D1] was left as it was",
        "[D1] will be reviewed in {days}",
        "The [C1] is checked once a year",
        "The [S1] was noted in the chart on day {number}",
        "[P1] will be repeated in {days}",
        "{Patient} had read about [C1]",
        "{Patient} asked about [D1]",
    ),
}

OPENINGS = (
    "{Age} presented with [S1]",
    "{Age} was <admitted|referred> with [S1] and [C1]",
    "{Age} with [C1] was <seen|reviewed> in clinic",
    "{Age} was seen <for follow-up|on the ward|in the outpatient clinic> {when}",
    "{Age} was <admitted|transferred> {when}",
    "{Age} came back after {days}, sent by {poss} general practitioner",
    "We report on {age} who was seen <at a teaching hospital|in a district hospital|in our unit> in {year}",
    "{Age} attended the clinic {when}, accompanied by {poss} {relative}",
    "Thank you for asking me to see {age}, whom I reviewed {when}",
    "{Age}, <a twin|an only child|a keen swimmer>, was seen {when}",
)

ASIDES = (
    "Blood pressure was {pressure} and pulse {pulse} at the time of the visit",
    "Follow-up after {days} was uneventful and the records were closed",
    "{Patient} was discharged on day {number} with a letter for the general practitioner",
    "The next review will be in {days}, or sooner if anything changes",
    "Blood tests taken on day {number} were within the normal limits of our laboratory",
    "{Patient} weighs {weight} kg, and {poss} observations were stable throughout the stay",
    "The case was discussed {when}, and no further change was made",
    "{Patient} gave written consent to the publication of this report",
    "{Patient} felt well at the last visit and had gone back to {poss} usual routine",
    "We will see {them} again in {days} and have asked for the old notes",
    "{Patient} lives with {poss} {relative} on the second floor and manages the stairs without help",
    "{Poss} {relative} was present and helped to fill in the gaps of the story",
    "The family had moved here in {year} and the older records were not available",
    "On examination {patient} was comfortable, with a pulse of {pulse} and a pressure of {pressure}",
    "The rest of the examination added nothing of note",
    "The physiotherapists saw {them} twice and were content with {poss} progress",
    "I have explained all of this to {them} and answered {poss} questions",
    "A copy of this letter goes to the family and to the district nurse",
    "Appetite and sleep were described as good when {patient} was asked about them",
    "The pharmacist went through the chart with {them} on day {number}",
    "{Patient} had last been seen here in {year}, for an unrelated matter",
)

ADULT_ASIDES = (
    "{Patient} does not smoke and drinks alcohol on special occasions only",
    "{Patient} has gone back to work and drives {poss} own car",
    "{Patient} retired early and looks after the garden of a neighbour",
    "{Patient} is married and works part-time in an office",
)

CHILD_ASIDES = (
    "{Patient} goes to school and takes part in sports",
    "The vaccinations are complete, and growth follows the usual curve",
    "The school has been told and a plan was agreed with the teachers",
)

LEADS = (
    "On review, ",
    "After admission, ",
    "According to the notes, ",
    "In the end, ",
    "To our surprise, ",
    "As it turned out, ",
    "During the first week, ",
    "On the ward, ",
    "As far as we know, ",
    "At home, ",
    "By then, ",
    "In this case, ",
)
