-- One row per order of a customer, in sequence, with the days since the one before and the running spend.
select
    o.customer_id,
    o.order_id,
    o.order_date,
    o.net_price,
    cast(
        row_number() over (partition by o.customer_id order by o.order_date, o.order_id) as bigint
    ) as order_number,
    o.order_date - lag(o.order_date) over (
        partition by o.customer_id order by o.order_date, o.order_id
    ) as days_since_previous,
    cast(
        sum(o.net_price) over (
            partition by o.customer_id order by o.order_date, o.order_id
            rows between unbounded preceding and current row
        ) as decimal(18, 4)
    ) as running_spend
from int_orders_totalled as o
