-- Every customer, best first: orders, revenue and rank; those who bought nothing come last.
select
    c.customer_id,
    c.name,
    c.town,
    count(p.order_id) as order_count,
    coalesce(sum(p.amount), 0) as revenue,
    cast(
        rank() over (order by coalesce(sum(p.amount), 0) desc, c.customer_id) as bigint
    ) as place
from customers as c
left join paid_orders as p on p.customer_id = c.customer_id
group by c.customer_id, c.name, c.town
order by place
