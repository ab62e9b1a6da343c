"""The one exception that a user's mistake becomes: one line that says what, where, why and what to do."""


class MednerError(Exception):
    """A mistake that the user can fix.

    The message is one line: the offender, the rule it breaks, the remedy. The command line prints it and
    exits with 1; an asset fails with it. It never carries clinical text.
    """
