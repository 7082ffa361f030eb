-- One row per part with its size class, its number of offers and the stock over all suppliers.
with offers as (
    select
        part_id,
        count(*) as offer_count,
        cast(sum(stock) as bigint) as stock,
        min(unit_cost) as cheapest_cost
    from int_part_offers
    group by part_id
)

select
    p.part_id,
    p.part,
    p.manufacturer,
    p.brand,
    p.metal,
    case
        when p.part_size <= 15 then 'small'
        when p.part_size <= 35 then 'medium'
        else 'large'
    end as size_class,
    p.retail_price,
    o.offer_count,
    o.stock,
    o.cheapest_cost
from stg_parts as p
join offers as o on o.part_id = p.part_id
