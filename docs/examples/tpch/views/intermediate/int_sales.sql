-- One row per line with everything a report asks for: who bought, who sold, what, when, for how much.
select
    l.order_id,
    l.line_number,
    o.order_month,
    o.order_year,
    c.customer_id,
    c.segment,
    c.nation as customer_nation,
    c.region as customer_region,
    s.supplier_id,
    s.nation as supplier_nation,
    s.region as supplier_region,
    p.part_id,
    p.brand,
    p.metal,
    p.size_class,
    l.quantity,
    l.net_price,
    l.cost,
    l.margin,
    l.is_returned
from int_lines_costed as l
join int_orders_totalled as o on o.order_id = l.order_id
join int_customers_located as c on c.customer_id = o.customer_id
join int_suppliers_located as s on s.supplier_id = l.supplier_id
join int_part_catalogue as p on p.part_id = l.part_id
