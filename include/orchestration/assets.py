"""The assets through which the DAGs wake each other: one per source, and the years are its partitions."""

from functools import reduce
from operator import or_

from airflow.sdk import Asset
from airflow.sdk.definitions.asset import BaseAsset

from include.registry.models import Registry, Source


def observations_asset(source: Source) -> Asset:
    """Return the asset that a load of the source updates, once for each year that it changed."""
    return Asset(name=f"observations_{source.id}", uri=f"x-followup://warehouse/observations/{source.id}")


def any_observations(registry: Registry) -> BaseAsset:
    """Return the condition that some source's observations have changed."""
    assets: list[BaseAsset] = [observations_asset(source) for _, source in sorted(registry.sources.items())]
    return reduce(or_, assets)
