-- One row per nation with the name of its region.
select
    n.nation_id,
    n.nation,
    r.region
from stg_nations as n
join stg_regions as r on r.region_id = n.region_id
