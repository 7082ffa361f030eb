-- One row per supplier with nation and region.
select
    s.supplier_id,
    s.supplier,
    s.balance,
    g.nation,
    g.region
from stg_suppliers as s
join int_geography as g on g.nation_id = s.nation_id
