-- The orders that were paid and kept, with exact amounts and the month they fall into.
select
    order_id,
    customer_id,
    cast(date_trunc('month', ordered_on) as date) as order_month,
    cast(amount as decimal(10, 2)) as amount
from orders
where status = 'paid'
