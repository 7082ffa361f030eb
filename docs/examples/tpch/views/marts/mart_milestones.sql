-- The order with which each customer's spend first passed one million, and how many orders it took.
with passed as (
    select
        customer_id,
        order_id,
        order_date,
        order_number,
        running_spend,
        row_number() over (partition by customer_id order by order_number) as passing
    from int_customer_journeys
    where running_spend >= 1000000
)

select
    p.customer_id,
    v.customer,
    v.nation,
    p.order_id,
    p.order_date,
    p.order_number as orders_needed,
    p.order_date - v.first_order_date as days_needed,
    p.running_spend
from passed as p
join mart_customer_value as v on v.customer_id = p.customer_id
where p.passing = 1
