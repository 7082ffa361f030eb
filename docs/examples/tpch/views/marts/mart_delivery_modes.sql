-- Each mode of shipping by order priority: lines, late share, mean days to receipt.
select
    ship_mode,
    priority,
    count(*) as line_count,
    cast(sum(case when is_late then 1 else 0 end) as double)
        / cast(count(*) as double) as late_share,
    cast(sum(days_to_ship) as double) / cast(count(*) as double) as mean_days_to_ship,
    cast(sum(days_to_receive) as double) / cast(count(*) as double) as mean_days_to_receive
from int_line_deliveries
group by ship_mode, priority
