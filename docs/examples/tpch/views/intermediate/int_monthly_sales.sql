-- One row per month, region of the customer and segment, with orders, revenue and margin.
select
    order_month,
    customer_region as region,
    segment,
    count(distinct order_id) as order_count,
    cast(sum(net_price) as decimal(18, 4)) as revenue,
    cast(sum(margin) as decimal(18, 4)) as margin
from int_sales
group by order_month, customer_region, segment
