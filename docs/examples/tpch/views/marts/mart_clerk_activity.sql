-- Clerks with more orders than the mean clerk, with the share of their orders still open.
with clerks as (
    select
        clerk,
        count(*) as order_count,
        sum(case when order_status = 'open' then 1 else 0 end) as open_orders,
        cast(sum(net_price) as decimal(18, 4)) as revenue
    from int_orders_totalled
    group by clerk
)

select
    clerk,
    order_count,
    cast(open_orders as double) / cast(order_count as double) as open_share,
    revenue
from clerks
where order_count > (
    select cast(sum(order_count) as double) / cast(count(*) as double)
    from clerks
)
