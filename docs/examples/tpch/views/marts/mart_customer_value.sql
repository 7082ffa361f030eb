-- One row per buying customer: orders, spend, margin, first and last order, rank within the nation.
with bought as (
    select
        customer_id,
        count(*) as order_count,
        cast(sum(net_price) as decimal(18, 4)) as spend,
        cast(sum(margin) as decimal(18, 4)) as margin,
        min(order_date) as first_order_date,
        max(order_date) as last_order_date
    from int_orders_totalled
    group by customer_id
)

select
    c.customer_id,
    c.customer,
    c.segment,
    c.balance_band,
    c.nation,
    c.region,
    b.order_count,
    b.spend,
    b.margin,
    b.first_order_date,
    b.last_order_date,
    cast(
        rank() over (partition by c.nation order by b.spend desc, c.customer_id) as bigint
    ) as rank_in_nation
from int_customers_located as c
join bought as b on b.customer_id = c.customer_id
