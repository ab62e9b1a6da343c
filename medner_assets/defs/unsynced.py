"""What the UI's graph says of partitions: an asset is unsynced when any partition of it is.

Dagster looks at one partition at a time and calls a partitioned asset as a whole fresh, so that its graph
would show an edited recipe nowhere. The web server of `medner ui` asks this resolver instead, and notes the
files of versions and datasets (`recipe_files.py`) whenever definitions are loaded.
"""

from collections.abc import Sequence
from functools import cached_property

import dagster as dg
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleCause, StaleStatus
from dagster._core.workspace.context import WorkspaceProcessContext, WorkspaceRequestContext

from medner_assets.defs.recipe_files import note_all


class OfPartitions(CachingStaleStatusResolver):
    """Dagster's resolver, which also answers for a partitioned asset as a whole."""

    def get_status(self, key: dg.AssetKey, partition_key: str | None = None) -> StaleStatus:
        """Return STALE for a partitioned asset of which any materialised partition is."""
        if partition_key is None and self._is_whole(key) and self.get_stale_root_causes(key):
            return StaleStatus.STALE
        return super().get_status(key, partition_key)

    def get_stale_root_causes(
        self, key: dg.AssetKey, partition_key: str | None = None
    ) -> Sequence[StaleCause]:
        """Return why; of a partitioned asset as a whole each reason once, with its partitions."""
        if partition_key is not None or not self._is_whole(key):
            return super().get_stale_root_causes(key, partition_key)
        found: dict[tuple[dg.AssetKey, str], tuple[StaleCause, list[str]]] = {}
        for partition in self._made(key):
            for cause in super().get_stale_root_causes(key, partition):
                _, partitions = found.setdefault((cause.asset_key, cause.reason), (cause, []))
                partitions.append(partition)
        return [
            StaleCause(cause.key, cause.category, f"{cause.reason}: {', '.join(each)}", cause.dependency)
            for cause, each in found.values()
        ]

    def _is_whole(self, key: dg.AssetKey) -> bool:
        asset = self.asset_graph.get(key)
        return asset.is_partitioned and not asset.is_external

    def _made(self, key: dg.AssetKey) -> list[str]:
        partitions = self.asset_graph.get(key).partitions_def
        present = set(partitions.get_partition_keys()) if partitions is not None else set()
        return sorted(present & set(self._instance.get_materialized_partitions(key)))


class Request(WorkspaceRequestContext):
    """What answers one request of a page."""

    @cached_property
    def stale_status_loader(self) -> CachingStaleStatusResolver:
        """Return the resolver that this module is about."""
        return OfPartitions(self.instance, asset_graph=lambda: self.asset_graph, loading_context=self)


class Workspace(WorkspaceProcessContext):
    """The definitions as the web server has them; files are noted whenever these are loaded anew."""

    def create_request_context(self, source: object | None = None) -> Request:
        """Return what answers one request."""
        return Request(
            instance=self.instance,
            current_workspace=self.get_current_workspace(),
            process_context=self,
            version=self.version,
            source=source,
            read_only=self.read_only,
        )

    def reload_code_location(self, name: str) -> None:
        """Load definitions anew, as "Reload definitions" does."""
        super().reload_code_location(name)
        self.note()

    def reload_workspace(self) -> None:
        """Load all definitions anew, as "Reload all" does."""
        super().reload_workspace()
        self.note()

    def note(self) -> None:
        """Note what the files say now; a server that may only read notes nothing."""
        if not self.read_only:
            note_all(self.instance)
