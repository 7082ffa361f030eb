-- One row per order, its priority split into rank and word, its date into month and year.
select
    o_orderkey as order_id,
    o_custkey as customer_id,
    case o_orderstatus
        when 'F' then 'filled'
        when 'O' then 'open'
        else 'partial'
    end as order_status,
    o_totalprice as total_price,
    o_orderdate as order_date,
    cast(date_trunc('month', o_orderdate) as date) as order_month,
    cast(extract(year from o_orderdate) as int) as order_year,
    cast(split_part(o_orderpriority, '-', 1) as int) as priority_rank,
    lower(split_part(o_orderpriority, '-', 2)) as priority,
    o_clerk as clerk
from orders
