-- Urgent and high orders, month by month: how many had a line that came more than thirty days late.
select
    o.order_month,
    count(*) as order_count,
    cast(sum(o.late_lines) as bigint) as late_lines,
    max(o.days_to_complete) as slowest_days
from int_orders_totalled as o
where o.priority in ('urgent', 'high')
    and exists (
        select 1
        from int_line_deliveries as d
        where d.order_id = o.order_id
            and d.days_late > 30
    )
group by o.order_month
