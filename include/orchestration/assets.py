"""The assets through which the DAGs wake each other: one per source, and the years are its partitions."""

from airflow.sdk import Asset

from include.registry.models import Registry, Source


def observations_asset(source: Source) -> Asset:
    """Return the asset that a load of the source updates, once for each year that it changed."""
    return Asset(name=f"observations_{source.id}", uri=f"x-followup://warehouse/observations/{source.id}")


def all_observations(registry: Registry) -> list[Asset]:
    """Return the assets of all sources, in the order of their ids."""
    return [observations_asset(registry.sources[source_id]) for source_id in sorted(registry.sources)]
