-- Orders worth more than twice the mean order of their own customer (a correlated subquery).
select
    o.order_id,
    o.customer_id,
    c.segment,
    c.nation,
    o.order_date,
    o.line_count,
    o.net_price
from int_orders_totalled as o
join int_customers_located as c on c.customer_id = o.customer_id
where cast(o.net_price as double) > (
    select 2 * cast(sum(p.net_price) as double) / cast(count(*) as double)
    from int_orders_totalled as p
    where p.customer_id = o.customer_id
)
