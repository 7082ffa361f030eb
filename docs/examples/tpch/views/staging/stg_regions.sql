-- One row per region, under plain names.
select
    r_regionkey as region_id,
    r_name as region
from regions
