-- Suppliers in the less punctual half of their region who are the cheapest source of ten parts or more.
with sole_cheapest as (
    select
        supplier_id,
        count(*) as parts_led
    from int_part_offers
    where price_rank = 1
    group by supplier_id
    having count(*) >= 10
)

select
    c.supplier_id,
    c.supplier,
    c.nation,
    c.region,
    c.late_share,
    c.punctuality_rank,
    p.parts_led
from mart_supplier_scorecard as c
join sole_cheapest as p on p.supplier_id = c.supplier_id
where c.punctuality_rank * 2 > (
    select count(*)
    from mart_supplier_scorecard as r
    where r.region = c.region
)
