-- One row per line with what the goods cost and what is left of the net price.
with costed as (
    select
        l.order_id,
        l.line_number,
        l.part_id,
        l.supplier_id,
        l.quantity,
        l.net_price,
        l.is_returned,
        cast(l.quantity * o.unit_cost as decimal(18, 4)) as cost
    from stg_line_items as l
    join stg_part_suppliers as o
        on o.part_id = l.part_id
        and o.supplier_id = l.supplier_id
)

select
    order_id,
    line_number,
    part_id,
    supplier_id,
    quantity,
    net_price,
    cost,
    cast(net_price - cost as decimal(18, 4)) as margin,
    is_returned
from costed
