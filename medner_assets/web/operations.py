"""What a GraphQL document does: whether it only asks."""

from graphql import GraphQLError, OperationDefinitionNode, OperationType, parse

MAX_TOKENS = 20_000
"""The longest document of Dagster's UI has fewer than 4,000."""


def reason_not_to_ask(document: str, allowed: frozenset[OperationType]) -> str | None:
    """Return why a document may not be executed where only `allowed` operations may; None where it may.

    Every operation counts, whichever the request names: what cannot be parsed is not guessed at.
    """
    try:
        parsed = parse(document, no_location=True, max_tokens=MAX_TOKENS)
    except GraphQLError as error:
        return f"not a GraphQL document: {error.message}"
    except RecursionError:
        return "not a GraphQL document: nested too deeply"
    kinds = {each.operation for each in parsed.definitions if isinstance(each, OperationDefinitionNode)}
    if not kinds:
        return "no operation"
    refused = sorted(kind.value for kind in kinds - allowed)
    return f"a {refused[0]}" if refused else None
