-- One row per line with the days from order to shipping and to receipt, and whether it came late.
select
    l.order_id,
    l.line_number,
    l.supplier_id,
    l.ship_mode,
    o.priority,
    o.order_month,
    l.ship_date - o.order_date as days_to_ship,
    l.receipt_date - o.order_date as days_to_receive,
    l.receipt_date > l.commit_date as is_late,
    case
        when l.receipt_date > l.commit_date then l.receipt_date - l.commit_date
        else 0
    end as days_late
from stg_line_items as l
join stg_orders as o on o.order_id = l.order_id
