-- Revenue from each supplier's region to each customer's region by year; a region to itself is domestic.
select
    order_year,
    supplier_region as from_region,
    customer_region as to_region,
    supplier_region = customer_region as is_domestic,
    count(*) as line_count,
    cast(sum(net_price) as decimal(18, 4)) as revenue,
    cast(sum(margin) as decimal(18, 4)) as margin
from int_sales
group by order_year, supplier_region, customer_region
