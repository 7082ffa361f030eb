-- Metals and size classes: lines sold, lines returned, and the money that went back with them.
select
    metal,
    size_class,
    count(*) as line_count,
    cast(sum(case when is_returned then 1 else 0 end) as bigint) as returned_lines,
    cast(sum(case when is_returned then net_price else 0 end) as decimal(18, 4)) as refunded,
    cast(sum(case when is_returned then 1 else 0 end) as double)
        / cast(count(*) as double) as return_share
from int_sales
group by metal, size_class
