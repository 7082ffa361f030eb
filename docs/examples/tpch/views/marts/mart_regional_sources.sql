-- For each part and region the cheapest supplier there, and what staying in the region costs more.
with regional as (
    select
        part_id,
        supplier_region,
        supplier_id,
        unit_cost,
        above_cheapest,
        stock,
        row_number() over (
            partition by part_id, supplier_region order by unit_cost, supplier_id
        ) as regional_rank
    from int_part_offers
)

select
    p.part_id,
    p.part,
    p.brand,
    r.supplier_region,
    s.supplier,
    r.unit_cost,
    r.above_cheapest as extra_cost,
    r.stock
from regional as r
join int_part_catalogue as p on p.part_id = r.part_id
join int_suppliers_located as s on s.supplier_id = r.supplier_id
where r.regional_rank = 1
