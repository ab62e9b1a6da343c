"""When Dagster may run an asset by itself: only what takes seconds and no GPU."""

import dagster as dg

# `eager()` would also wait for every upstream partition, and a version without an adapter never has one.
WHEN_INPUTS_CHANGE = (
    dg.AutomationCondition.any_deps_updated().since_last_handled()
    & ~dg.AutomationCondition.any_deps_in_progress()
    & ~dg.AutomationCondition.in_progress()
).with_label("when an input changes")
