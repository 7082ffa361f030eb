-- Orders and revenue per month.
select
    order_month,
    count(*) as order_count,
    sum(amount) as revenue
from paid_orders
group by order_month
