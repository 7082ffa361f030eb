-- One row per nation, under plain names.
select
    n_nationkey as nation_id,
    n_name as nation,
    n_regionkey as region_id
from nations
