-- One row per offer, ranked by price among the offers for the same part.
select
    o.part_id,
    o.supplier_id,
    s.region as supplier_region,
    o.stock,
    o.unit_cost,
    cast(
        row_number() over (partition by o.part_id order by o.unit_cost, o.supplier_id) as bigint
    ) as price_rank,
    o.unit_cost - min(o.unit_cost) over (partition by o.part_id) as above_cheapest
from stg_part_suppliers as o
join int_suppliers_located as s on s.supplier_id = o.supplier_id
