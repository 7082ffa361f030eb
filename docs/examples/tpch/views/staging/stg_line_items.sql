-- One row per line of an order; net is after the discount, gross adds the tax.
select
    l_orderkey as order_id,
    l_linenumber as line_number,
    l_partkey as part_id,
    l_suppkey as supplier_id,
    l_quantity as quantity,
    l_extendedprice as list_price,
    cast(l_extendedprice * (1 - l_discount) as decimal(18, 4)) as net_price,
    cast(l_extendedprice * (1 - l_discount) * (1 + l_tax) as decimal(18, 6)) as gross_price,
    l_discount as discount,
    l_returnflag = 'R' as is_returned,
    l_shipdate as ship_date,
    l_commitdate as commit_date,
    l_receiptdate as receipt_date,
    lower(l_shipmode) as ship_mode
from line_items
