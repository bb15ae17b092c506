"""The indicators, computed for exactly the years that a load changed: measure."""

from airflow.sdk import DAG, IdentityMapper, Param, PartitionedAssetTimetable

from include.orchestration.assets import any_observations
from include.orchestration.defaults import DEFAULT_ARGS
from include.orchestration.follow_up import measure_agreements
from include.registry.read import registry

DOC = """
## Indikatorer

Woken by each load, once for each year that it changed (the run's *partition key*); nothing changed = nothing runs.
Trigger by hand with a partition key (Advanced options), or with the parameter `year`, to compute a year again.
"""


with DAG(
    dag_id="indicators",
    dag_display_name="Indikatorer",
    description="measure: the indicators of every agreement for one year",
    doc_md=DOC,
    schedule=PartitionedAssetTimetable(assets=any_observations(registry()), default_partition_mapper=IdentityMapper()),
    catchup=False,
    max_active_runs=2,
    default_args=DEFAULT_ARGS,
    params={"year": Param(None, type=["null", "integer"], title="Year", description_md="Only without partition key.")},
    tags=["measure"],
):
    measure_agreements(sorted(registry().agreements))
