-- One row per order with the sums of its lines, its margin, and how many lines came late.
with money as (
    select
        order_id,
        count(*) as line_count,
        cast(sum(net_price) as decimal(18, 4)) as net_price,
        cast(sum(margin) as decimal(18, 4)) as margin,
        sum(case when is_returned then 1 else 0 end) as returned_lines
    from int_lines_costed
    group by order_id
),

deliveries as (
    select
        order_id,
        sum(case when is_late then 1 else 0 end) as late_lines,
        max(days_to_receive) as days_to_complete
    from int_line_deliveries
    group by order_id
)

select
    o.order_id,
    o.customer_id,
    o.order_status,
    o.order_date,
    o.order_month,
    o.order_year,
    o.priority,
    o.clerk,
    m.line_count,
    m.net_price,
    m.margin,
    cast(m.returned_lines as bigint) as returned_lines,
    cast(d.late_lines as bigint) as late_lines,
    d.days_to_complete
from stg_orders as o
join money as m on m.order_id = o.order_id
join deliveries as d on d.order_id = o.order_id
