"""When Dagster may run an asset by itself: only what takes seconds and no GPU."""

import dagster as dg

# An edited recipe shows as unsynced and waits for a person: it is not what the adapter was trained by.
_FILES = dg.AssetSelection.assets("version_files", "dataset_files")
# `eager()` would also wait for every upstream partition, and a version without an adapter never has one.
WHEN_INPUTS_CHANGE = (
    dg.AutomationCondition.any_deps_updated().ignore(_FILES).since_last_handled()
    & ~dg.AutomationCondition.any_deps_in_progress().ignore(_FILES)
    & ~dg.AutomationCondition.in_progress()
).with_label("when an input changes")
